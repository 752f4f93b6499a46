// SPDX-License-Identifier: Apache-2.0

/// How pages look: the frame, text, tables and forms. Colours are chosen for a contrast of 4.5 at least, light and dark; none says
/// something that a sign or a word beside it does not say.
enum Stylesheet {
    static let text = """
        :root {
          --page: #f6f7f9; --panel: #fff; --raised: #f0f2f5; --line: #dde1e7; --line-strong: #c3c9d2;
          --ink: #1a1f27; --soft: #566070; --link: #1f5fc4; --focus: #2f6fde;
          --ok: #17703a; --ok-ground: #e3f4e8; --bad: #b3261e; --bad-ground: #fce8e6; --warn: #805300;
          --warn-ground: #fdf1d8; --live: #1f5fc4; --live-ground: #e3edfc; --quiet: #566070; --quiet-ground: #eceff3;
          --bar-ok: #4aa769; --bar-bad: #d9574e; --bar-other: #8795a8; --bar-plain: #5b8bdb;
          --mono: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
          --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
          color-scheme: light dark;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #0f1318; --panel: #161b22; --raised: #1e252e; --line: #29313c; --line-strong: #3d4857;
            --ink: #e4e8ee; --soft: #98a3b3; --link: #79aef7; --focus: #79aef7;
            --ok: #6fd08f; --ok-ground: #14301e; --bad: #ff9a92; --bad-ground: #3d1a18; --warn: #edc069;
            --warn-ground: #37290d; --live: #8bb8fa; --live-ground: #152a4a; --quiet: #a3adbc; --quiet-ground: #232b35;
            --bar-ok: #43995f; --bar-bad: #d0564e; --bar-other: #667487; --bar-plain: #4f7fce;
          }
        }
        * { box-sizing: border-box; }
        html { font: 14px/1.5 var(--sans); background: var(--page); color: var(--ink); }
        body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; }
        h1, h2, h3, p, dl, dd, ol, ul { margin: 0; padding: 0; }
        ol, ul { list-style: none; }
        h1 { font-size: 20px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; overflow-wrap: anywhere; }
        h2 { font-size: 14px; line-height: 1.4; font-weight: 650; }
        h3 { font-size: 14px; font-weight: 600; }
        a { color: var(--link); text-decoration: none; }
        a:hover { text-decoration: underline; }
        :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
        main:focus { outline: none; }
        [hidden] { display: none !important; }
        code, .code, kbd { font-family: var(--mono); font-size: 12.5px; }
        .code { overflow-wrap: anywhere; }
        kbd { border: 1px solid var(--line-strong); border-bottom-width: 2px; border-radius: 4px; padding: 0 4px;
          font-size: 11px; background: var(--panel); }
        .sub { color: var(--soft); font-size: 13px; font-weight: 400; }
        .hide { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
        .skip { position: absolute; left: 8px; top: -60px; background: var(--panel); padding: 8px 12px; z-index: 9;
          border: 1px solid var(--line-strong); border-radius: 6px; }
        .skip:focus { top: 8px; }

        .top { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 20px; padding: 0 24px; min-height: 48px;
          background: var(--panel); border-bottom: 1px solid var(--line); }
        .brand { display: inline-flex; align-items: center; gap: 8px; font-weight: 700; color: var(--ink); padding: 8px 0; }
        .brand:hover { text-decoration: none; }
        .top nav { display: flex; gap: 4px; align-self: stretch; }
        .top nav a { display: flex; align-items: center; padding: 0 10px; color: var(--soft); font-weight: 500;
          border-bottom: 2px solid transparent; border-top: 2px solid transparent; min-height: 44px; }
        .top nav a:hover { color: var(--ink); text-decoration: none; }
        .top nav a[aria-current] { color: var(--ink); border-bottom-color: var(--focus); }
        .who { margin-left: auto; display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; color: var(--soft);
          font-size: 13px; }
        .who .limits { background: var(--quiet-ground); color: var(--quiet); border-radius: 10px; padding: 1px 9px; }
        .reader, .limits { overflow-wrap: anywhere; }
        main { flex: 1; width: 100%; max-width: 1480px; margin: 0 auto; padding: 20px 24px 40px; }
        .bottom { display: flex; flex-wrap: wrap; gap: 4px 24px; justify-content: space-between; color: var(--soft);
          font-size: 12px; padding: 10px 24px; border-top: 1px solid var(--line); }

        input, select, button, .button { font: inherit; color: inherit; border: 1px solid var(--line-strong);
          border-radius: 6px; background: var(--panel); padding: 4px 9px; min-height: 32px; }
        input, select { width: 100%; }
        input::placeholder { color: var(--soft); opacity: .8; }
        button, .button { cursor: pointer; font-weight: 550; display: inline-block; width: auto; color: var(--ink); }
        button:hover, .button:hover { background: var(--raised); text-decoration: none; }
        .filters button, .signin button { background: #2561c0; border-color: #2561c0; color: #fff; }
        .filters button:hover, .signin button:hover { background: #1d51a5; }
        button.quiet { min-height: 26px; padding: 1px 9px; font-size: 13px; font-weight: 500; }
        label { display: block; font-size: 12px; color: var(--soft); font-weight: 500; }
        label input, label select { color: var(--ink); font-size: 14px; font-weight: 400; margin-top: 2px; }

        .filters { margin: 12px 0 14px; }
        .fields { display: flex; flex-wrap: wrap; gap: 8px 10px; align-items: flex-end; }
        .fields label { flex: 1 1 130px; max-width: 220px; min-width: 0; }
        .fields label.wide { flex: 3 1 230px; max-width: 480px; }
        .fields label.short { flex: 0 1 90px; } .fields label.time { flex-basis: 190px; }
        .more summary { cursor: pointer; color: var(--soft); font-size: 13px; padding: 6px 0; width: fit-content; }
        .more[open] summary { padding-bottom: 4px; }
        .chips { display: flex; flex-wrap: wrap; gap: 6px 8px; align-items: center; padding-top: 8px; font-size: 13px; }
        .chips .label { color: var(--soft); }
        .chip { display: inline-flex; gap: 6px; background: var(--live-ground); color: var(--live); border-radius: 12px;
          padding: 2px 10px; max-width: 100%; overflow-wrap: anywhere; }
        .chip .name { opacity: .85; }

        .listbar { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 16px; color: var(--soft);
          font-size: 13px; padding: 4px 0 6px; }
        .state .pulse { color: var(--ok); }
        .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); }
        table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
        th { text-align: left; font-size: 12px; font-weight: 600; color: var(--soft); padding: 7px 10px;
          background: var(--raised); border-bottom: 1px solid var(--line); white-space: nowrap; }
        td { padding: 5px 10px; border-bottom: 1px solid var(--line); vertical-align: baseline; }
        tbody tr:last-child td { border-bottom: 0; }
        tbody tr:hover, .lanes li:hover { background: color-mix(in srgb, var(--raised) 60%, transparent); }
        tr:has(a.main:focus-visible), li:has(a.main:focus-visible) { background: var(--live-ground); }
        .num { text-align: right; white-space: nowrap; }
        td.bad { color: var(--bad); font-weight: 650; }
        td.value { overflow-wrap: anywhere; }
        time { white-space: nowrap; font-variant-numeric: tabular-nums; }
        .day { color: var(--soft); }

        .outcome { display: inline-block; font-size: 12.5px; font-weight: 600; border-radius: 10px; padding: 0 9px 0 7px;
          line-height: 20px; white-space: nowrap; background: var(--quiet-ground); color: var(--quiet); }
        .outcome .sign { display: inline-block; min-width: 1em; text-align: center; }
        .outcome.ok { background: var(--ok-ground); color: var(--ok); }
        .outcome.fail { background: var(--bad-ground); color: var(--bad); }
        .outcome.running { background: var(--live-ground); color: var(--live); }
        .outcome.unknown { background: var(--warn-ground); color: var(--warn); }
        .weak { display: inline-block; font-size: 11.5px; font-weight: 600; color: var(--warn); background: var(--warn-ground);
          border-radius: 4px; padding: 0 5px; white-space: nowrap; line-height: 18px; }
        .alert { border: 1px solid var(--line); border-left: 3px solid var(--quiet); border-radius: 6px; padding: 7px 12px;
          margin: 8px 0; background: var(--panel); overflow-wrap: anywhere; }
        .alert.warn { border-left-color: var(--warn); background: var(--warn-ground); }
        .alert.bad { border-left-color: var(--bad); background: var(--bad-ground); }
        .alert.info { border-left-color: var(--live); }
        .empty, .notice { background: var(--panel); border: 1px dashed var(--line-strong); border-radius: 8px;
          padding: 36px 24px; text-align: center; color: var(--soft); }
        .empty h2, .empty h3, .notice h1 { color: var(--ink); margin-bottom: 6px; }
        .empty p, .notice p { max-width: 62ch; margin: 0 auto 6px; overflow-wrap: anywhere; }
        .notice { border-style: solid; margin-top: 40px; }
        .notice .code { font-size: 32px; color: var(--soft); font-weight: 300; }
        .notice .links { margin-top: 16px; display: flex; gap: 16px; justify-content: center; align-items: center; }
        .pager { display: flex; gap: 14px; justify-content: flex-end; align-items: center; padding-top: 12px; }
        .signin { max-width: 420px; margin: 8vh auto 0; background: var(--panel); border: 1px solid var(--line);
          border-radius: 10px; padding: 26px 28px; }
        .signin form { margin: 16px 0; display: grid; gap: 12px; }
        .signin input { font-family: var(--mono); min-height: 38px; }
        .signin button { min-height: 38px; }
        .none { color: var(--soft); }

        """
}
