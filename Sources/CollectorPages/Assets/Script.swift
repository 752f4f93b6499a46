// SPDX-License-Identifier: Apache-2.0

/// What pages can do beyond links and forms. Without it they lack nothing but comfort.
enum Script {
    static let text = #"""
        "use strict";
        (() => {
          const find = (selector, within = document) => within.querySelector(selector);
          const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

          for (const hint of all(".keys")) hint.hidden = false;

          // Keys. None of them while somebody writes.
          const writes = (element) => element && /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName);
          const move = (step) => {
            const links = all("[data-row] a.main");
            if (links.length === 0) return;
            const at = links.indexOf(document.activeElement);
            const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
            links[next].focus();
            links[next].scrollIntoView({ block: "nearest" });
          };
          document.addEventListener("keydown", (event) => {
            if (event.ctrlKey || event.metaKey || event.altKey) return;
            if (event.key === "Escape" && writes(document.activeElement)) { document.activeElement.blur(); return; }
            if (writes(document.activeElement)) return;
            if (event.key === "/") {
              const search = find("#search");
              if (!search) return;
              event.preventDefault();
              search.focus();
              search.select();
            } else if (event.key === "j") { move(1); } else if (event.key === "k") { move(-1); }
          });

          // Filters that say nothing stay out of the address.
          document.addEventListener("formdata", (event) => {
            if (!event.target.matches("form[data-sparse]")) return;
            for (const [name, value] of Array.from(event.formData)) if (value === "") event.formData.delete(name);
          });

          // The reader's own time, where it is pointed at.
          document.addEventListener("mouseover", (event) => {
            const time = event.target.closest && event.target.closest("time[datetime]");
            if (!time || time.dataset.local) return;
            time.dataset.local = "yes";
            const local = new Date(time.dateTime);
            if (!isNaN(local)) time.title = time.dateTime + "\n" + local.toLocaleString() + " here";
          });

          const copying = () => {
            for (const button of all("[data-copy]")) {
              if (!navigator.clipboard) continue;
              button.hidden = false;
              button.addEventListener("click", async () => {
                const lines = all("#transcript .text").map((line) => {
                  const end = find(".on", line);
                  return end ? line.textContent.slice(0, -end.textContent.length) : line.textContent + "\n";
                });
                try {
                  await navigator.clipboard.writeText(lines.join(""));
                  button.textContent = "Copied";
                } catch {
                  button.textContent = "Not copied";
                }
                setTimeout(() => { button.textContent = "Copy"; }, 1500);
              });
            }
          };
          copying();

          // What changes is asked for again and again, while somebody looks.
          const live = find("#live[data-live]");
          if (!live) return;
          let mark = live.dataset.mark;
          let wait = 3000;
          const say = (text, isWell) => {
            const place = find("[data-state]", live) || find("[data-state]");
            if (!place) return;
            place.replaceChildren();
            const sign = document.createElement("span");
            sign.textContent = isWell ? "● " : "○ ";
            if (isWell) sign.className = "pulse";
            place.append(sign, text);
            if (isWell) return;
            const link = document.createElement("a");
            link.href = location.href;
            link.textContent = "Reload";
            place.append(" ", link);
          };
          const replace = (html) => {
            const focused = live.contains(document.activeElement) && document.activeElement.getAttribute("href");
            const known = new Set(all("[data-row] a.main", live).map((link) => link.getAttribute("href")));
            const open = all("details[open]", live).length > 0;
            if (open || (getSelection && !getSelection().isCollapsed && live.contains(getSelection().anchorNode))) return false;
            live.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
            for (const link of all("[data-row] a.main", live)) {
              if (!known.has(link.getAttribute("href"))) link.closest("[data-row]").classList.add("fresh");
              if (focused && link.getAttribute("href") === focused) link.focus();
            }
            copying();
            return true;
          };
          const ask = async () => {
            if (document.hidden) return;
            try {
              const url = new URL(live.dataset.live, location.href);
              url.searchParams.set("mark", mark);
              const answer = await fetch(url, { credentials: "same-origin", redirect: "error", cache: "no-store" });
              if (answer.status === 401 || answer.status === 403 || answer.status === 404) {
                say(answer.status === 404 ? "It is gone." : "You are signed out.", false);
                wait = 0;
                return;
              }
              if (!answer.ok) throw new Error(String(answer.status));
              const next = answer.headers.get("Lastword-Mark");
              if (answer.status === 204 || replace(await answer.text())) mark = next || mark;
              say("Live", true);
              wait = 3000;
            } catch {
              say("The collector does not answer.", false);
              wait = Math.min(wait * 2, 60000);
            }
          };
          const turn = async () => {
            await ask();
            if (wait > 0) setTimeout(turn, wait);
          };
          say("Live", true);
          setTimeout(turn, wait);
          document.addEventListener("visibilitychange", () => { if (!document.hidden && wait > 0) ask(); });
        })();

        """#
}
