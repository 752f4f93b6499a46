// SPDX-License-Identifier: Apache-2.0

extension Stylesheet {
    /// How each page's own parts look, and what changes on a narrow screen.
    static let parts = """
        table.sessions { table-layout: fixed; min-width: 1120px; }
        .sessions td { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; padding-left: 8px; padding-right: 8px; }
        .sessions th { padding-left: 8px; padding-right: 8px; }
        .sessions th:nth-child(1) { width: 160px; } .sessions th:nth-child(2) { width: 124px; }
        .sessions th:nth-child(3) { width: 78px; } .sessions th:nth-child(4) { width: 9%; }
        .sessions th:nth-child(5) { width: 17%; } .sessions th:nth-child(7) { width: 11%; }
        .sessions th:nth-child(8) { width: 188px; } .sessions th:nth-child(9) { width: 64px; }
        .c-pod a.main { font-weight: 550; }
        .c-took, .c-size, .c-namespace { color: var(--soft); }

        .headline { margin-bottom: 12px; }
        .headline h1 { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px; }
        .headline .outcome { font-size: 13.5px; line-height: 24px; border-radius: 12px; padding: 0 11px 0 9px; letter-spacing: 0; }
        .crumbs { color: var(--soft); font-size: 13px; margin-bottom: 2px; overflow-wrap: anywhere; }
        .meaning { color: var(--soft); margin-top: 3px; }
        .strip { display: flex; flex-wrap: wrap; gap: 10px 32px; padding: 10px 0 12px; border-top: 1px solid var(--line); }
        .strip div { min-width: 0; }
        dt { font-size: 12px; color: var(--soft); }
        .strip dd { font-weight: 550; overflow-wrap: anywhere; }
        .command { background: var(--raised); border-radius: 6px; padding: 7px 12px; margin-bottom: 16px;
          max-height: 9.5em; overflow: auto; overflow-wrap: anywhere; }
        .command .prompt { color: var(--soft); font-family: var(--mono); user-select: none; }
        main section { margin-top: 22px; }
        main section > h2, .bar h2 { margin-bottom: 6px; }
        .columns { display: grid; grid-template-columns: minmax(0, 1fr) 330px; gap: 0 28px; align-items: start; }
        .columns section:first-child { margin-top: 0; }
        .facts div { display: grid; grid-template-columns: 118px minmax(0, 1fr); gap: 10px; padding: 3px 0; }
        .facts dd { overflow-wrap: anywhere; font-size: 13px; }
        .facts dd.code { font-size: 12px; }
        .timeline li { position: relative; padding: 0 0 9px 18px; font-size: 13px; display: grid;
          grid-template-columns: 1fr auto; gap: 0 8px; border-left: 2px solid var(--line-strong); margin-left: 5px; }
        .timeline li:last-child { border-left-color: transparent; padding-bottom: 4px; }
        .timeline li::before { content: ""; position: absolute; left: -6px; top: 5px; width: 8px; height: 8px; border-radius: 50%;
          background: var(--page); border: 2px solid var(--soft); box-sizing: content-box; width: 6px; height: 6px; }
        .timeline li.start::before, .timeline li.end::before { background: var(--soft); }
        .timeline .what { font-weight: 550; }
        .timeline time { color: var(--soft); }
        .timeline .offset { grid-column: 2; color: var(--soft); text-align: right; font-size: 12px; }
        .timeline .note { grid-column: 1; grid-row: 2; color: var(--soft); font-size: 12px; overflow-wrap: anywhere; }
        .timeline .offset:empty { display: none; }
        .evidence td { font-size: 13px; }
        .disputed td { background: var(--warn-ground); }
        .tag { color: var(--warn); font-size: 12px; font-weight: 600; white-space: nowrap; }

        .bar { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; margin-bottom: 6px; }
        .bar h2 { margin: 0; }
        .tools { margin-left: auto; display: flex; gap: 14px; align-items: baseline; font-size: 13px; }
        .parts { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; padding: 4px 0; color: var(--soft); }
        .parts span { margin-right: auto; }
        .transcript { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 8px 0;
          font: 12.5px/1.55 var(--mono); overflow: hidden; }
        .line { display: grid; grid-template-columns: 5ch 12.5ch 4ch minmax(0, 1fr); gap: 0 1ch; padding: 0 12px 0 4px;
          border-left: 3px solid transparent; }
        .line:hover { background: var(--raised); }
        .line:target { background: var(--live-ground); border-left-color: var(--focus); }
        .line.err { border-left-color: var(--bar-bad); }
        .line .no { text-align: right; color: var(--soft); opacity: .75; }
        .line .at, .line .stream { color: var(--soft); opacity: .85; }
        .line.err .stream { color: var(--bad); opacity: 1; font-weight: 600; }
        .line .no, .line .at, .line .stream, .line .on { user-select: none; }
        .line .text { white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 8; unicode-bidi: isolate; min-width: 0; }
        .seq { color: var(--soft); opacity: .7; font-size: .85em; }
        .mark { color: var(--warn); background: var(--warn-ground); border-radius: 3px; }
        .on { color: var(--soft); }

        .uid { font-weight: 550; overflow-wrap: anywhere; }
        .axis { display: flex; justify-content: space-between; gap: 10px; color: var(--soft); font-size: 12px;
          margin: 4px 0 4px 300px; padding: 0 172px 0 0; }
        .lanes { border: 1px solid var(--line); border-radius: 8px; background: var(--panel); }
        .lanes li { display: grid; grid-template-columns: 288px minmax(0, 1fr) 160px; gap: 2px 12px; align-items: center;
          padding: 7px 12px; border-bottom: 1px solid var(--line); }
        .lanes li:last-child { border-bottom: 0; }
        .lanes .who { margin: 0; justify-content: flex-start; font-size: 14px; color: var(--ink); overflow-wrap: anywhere; }
        .lanes .when { font-size: 12.5px; }
        .lane { width: 100%; height: 16px; display: block; }
        .lane .ground { fill: var(--line); }
        .lane rect { fill: var(--bar-other); }
        .lane .ok, .chart .ok, .counts .ok { fill: var(--bar-ok); }
        .lane .fail, .chart .fail, .counts .fail { fill: var(--bar-bad); }
        .lane .running, .counts .plain { fill: var(--bar-plain); }
        .lane .unknown { fill: var(--warn); }
        .chart .other, .counts .other { fill: var(--bar-other); }
        .lane .deleted { fill: var(--ink); }

        .nodes td { white-space: nowrap; }
        .legend { display: grid; gap: 2px; color: var(--soft); font-size: 12.5px; padding-top: 12px; }
        .legend div { display: grid; grid-template-columns: 84px 1fr; }
        .titlebar { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 8px 20px; align-items: center; }
        .segments { display: inline-flex; border: 1px solid var(--line-strong); border-radius: 7px; overflow: hidden; }
        .segments a { padding: 4px 13px; color: var(--soft); background: var(--panel); border-left: 1px solid var(--line); }
        .segments a:first-child { border-left: 0; }
        .segments a[aria-current] { background: var(--live-ground); color: var(--live); font-weight: 600; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-top: 14px; }
        .tiles div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 9px 14px 10px; }
        .tiles dd { font-size: 22px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
        .key { display: flex; flex-wrap: wrap; gap: 2px 16px; margin-left: auto; font-size: 12.5px; }
        .key .ok { color: var(--ok); } .key .fail { color: var(--bad); } .key .other { color: var(--soft); }
        .chart { position: relative; background: var(--panel); border: 1px solid var(--line); border-radius: 8px;
          padding: 22px 14px 6px; }
        .chart svg { display: block; width: 100%; height: 170px; }
        .chart .top { position: absolute; left: 14px; top: 3px; min-height: 0; padding: 0; border: 0; font-size: 11.5px;
          color: var(--soft); background: none; }
        .chart .grid { stroke: var(--line); fill: none; vector-effect: non-scaling-stroke; }
        .chart .hit { fill: transparent; }
        .chart g:hover .hit { fill: var(--ink); fill-opacity: .07; }
        .ticks { display: flex; justify-content: space-between; color: var(--soft); font-size: 11.5px; padding-top: 4px; }
        details > summary { cursor: pointer; }
        section > details { margin-top: 6px; font-size: 13px; } section > details > summary { color: var(--soft); }
        .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 0 28px; }
        .counts th { background: none; padding: 2px 8px; } .counts td { padding: 3px 8px; }
        .counts th:first-child, .counts td:first-child { padding-left: 0; width: 44%; }
        .counts .share { width: 42%; }
        .counts .share svg { display: block; width: 100%; height: 9px; }

        @media (max-width: 1080px) {
          .columns { grid-template-columns: minmax(0, 1fr); }
          .columns > aside > section:first-child { margin-top: 22px; }
        }
        @media (max-width: 760px) {
          .top, .bottom { padding-left: 14px; padding-right: 14px; }
          main { padding: 14px 14px 32px; }
          .keys { display: none; }
          .who { margin-left: 0; padding-bottom: 8px; }
          .top nav { order: 3; width: 100%; margin: 0 -10px; }
          .fields label, .fields label.wide, .fields label.short { max-width: none; flex: 1 1 40%; }
          .fields label.wide { flex-basis: 100%; }
          .filters button { flex: 1 1 100%; }
          input, select, button, .button { min-height: 40px; } button.quiet { min-height: 32px; }
          table.sessions, .sessions tbody, .nodes, .nodes tbody { display: block; min-width: 0; }
          .sessions thead, .nodes thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
          .sessions tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 1px 10px; padding: 9px 12px;
            border-bottom: 1px solid var(--line); }
          .sessions td { display: block; padding: 0; border: 0; white-space: normal; overflow-wrap: anywhere; }
          .c-pod { grid-row: 1; } .c-outcome { grid-row: 1; grid-column: 2; justify-self: end; }
          .c-namespace { grid-row: 2; }
          .sessions .c-container { grid-row: 3; grid-column: 1 / -1; } .c-took { grid-row: 2; grid-column: 2; }
          .c-began, .c-image, .c-node, .c-size { font-size: 12.5px; color: var(--soft); }
          .c-began { grid-row: 4; } .c-size { grid-row: 4; grid-column: 2; } .sessions .c-image { grid-row: 5; }
          .sessions .c-node { grid-row: 6; grid-column: 1 / -1; }
          .nodes tr { display: block; padding: 9px 12px; border-bottom: 1px solid var(--line); }
          .nodes td { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 12px; padding: 1px 0; border: 0;
            text-align: left; white-space: normal; }
          .nodes td::before { content: attr(data-label); color: var(--soft); font-size: 12.5px; }
          .nodes .c-name { justify-content: flex-start; font-weight: 600; } .nodes .c-name::before { content: none; }
          .line { grid-template-columns: 4ch 4ch minmax(0, 1fr); padding-right: 8px; } .line .at { display: none; }
          .axis { margin-left: 0; padding-right: 0; flex-wrap: wrap; }
          .lanes li { grid-template-columns: minmax(0, 1fr); }
          .strip { gap: 8px 22px; }
          .tiles { grid-template-columns: repeat(2, 1fr); gap: 8px; }
          .ticks span:nth-child(2), .ticks span:nth-child(3) { display: none; }
          .segments { width: 100%; } .segments a { flex: 1; text-align: center; padding: 6px 4px; }
          .key { margin-left: 0; }
        }
        @media (prefers-reduced-motion: no-preference) {
          .fresh { animation: fresh 1.8s ease-out; }
          @keyframes fresh { from { background: var(--live-ground); } }
        }
        @media print {
          .top nav, .who, .filters, .tools, .parts, .pager, .bottom, .state { display: none; }
          .columns { display: block; }
        }

        """
}
