// SPDX-License-Identifier: Apache-2.0
import BrowserSupport
import CollectorStore
import SessionRecords
import TestSupport
import Testing

@testable import CollectorPages
@testable import CollectorSupport

@Suite(
    "Pages in a real browser", .serialized,
    .enabled(if: Browser.obstacle == nil, "chromium is not installed: dev/setup.sh does"))
struct PageBrowserTests {
    private func base(_ collector: RunningCollector) -> String { "http://127.0.0.1:\(collector.port)" }

    @Test("sign in, be refused, filter, search, open, go on by keys, sign out; and nothing is complained about")
    func reads() async throws {
        var ledger = MadeLedger()
        for number in 1...6 {
            ledger.addSession(number, namespace: number % 2 == 0 ? "shop" : "web", exitCode: number == 4 ? 137 : 0)
        }
        ledger.addSession(7, output: "the needle in the haystack\n")
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let token = try await collector.token(.reader)
            try await Browser.with { browser in
                let page = try await browser.page()
                try await page.open(base(collector) + "/sessions?namespace=shop")
                #expect(try await page.path().hasPrefix("/sign-in?next="))
                try await page.write("lwt_wrong", into: "#token")
                try await page.loading { try await page.press("Enter") }
                #expect(try await page.text("[role=alert]").contains("Not signed in"))
                // That an attempt failed is what the browser complains about, and all of it.
                #expect(page.complaints.allSatisfy { $0.contains("401") }, "\(page.complaints)")
                let complaints = page.complaints.count
                try await page.write(token, into: "#token")
                try await page.loading { try await page.click(".signin button") }
                #expect(try await page.path() == "/sessions?namespace=shop")
                #expect(try await page.count("tbody tr") == 3)
                #expect(try await page.value("document.cookie") == "", "no script can read it")

                try await page.write("137", into: "[name=exitCode]")
                try await page.loading { try await page.click(".filters button") }
                #expect(try await page.path() == "/sessions?namespace=shop&exitCode=137")
                #expect(try await page.text("tbody .outcome").contains("exit 137 KILL"))
                try await page.loading { try await page.click(".chip") }
                #expect(try await page.path() == "/sessions?exitCode=137")
                try await page.open(base(collector) + "/sessions")
                #expect(try await page.count("tbody tr") == 7)
                try await page.press("/")
                _ = try await page.value("document.activeElement.id")
                try await page.write("haystack NEEDLE", into: "#search")
                try await page.loading { try await page.press("Enter") }
                #expect(try await page.count("tbody tr") == 1)
                #expect(try await page.text("tbody .main") == "web-7")

                try await page.open(base(collector) + "/sessions")
                for _ in 0..<3 { try await page.press("j") }
                try await page.press("k")
                #expect(try await page.value("document.activeElement.innerText") == "web-6")
                try await page.press("/")
                #expect(try await page.value("document.activeElement.id") == "search")
                try await page.press("Escape")
                try await page.press("j")
                try await page.loading { try await page.press("Enter") }
                #expect(try await page.text("h1").contains("debugger-7"))
                #expect(try await page.text(".transcript").contains("the needle in the haystack"))
                try await page.loading { try await page.click(".who button") }
                #expect(try await page.path() == "/sign-in")
                try await page.open(base(collector) + "/nodes")
                #expect(try await page.path() == "/sign-in?next=%2Fnodes")
                #expect(page.complaints.count == complaints, "\(page.complaints)")
            }
        }
    }

    @Test("a list that somebody looks at shows a new session, and a session's page shows its end and its output")
    func live() async throws {
        var ledger = MadeLedger()
        ledger.addSession(1)
        let (ended, output) = MadeLedger.session(
            2, node: "worker-0", namespace: "default", exitCode: 7, output: "last words\n", revision: 2)
        var running = ended
        PageFleet.isRunning(&running)
        running.revision = 1
        ledger.add("session.started", "session", running.json)
        let first = ledger.entries.count
        ledger.addSession(3, exitCode: 126)
        ledger.add("session.ended", "session", ended.json, output: output)
        let id = running.id
        try await RunningCollector.with(flags: ["--no-auth-required"]) { [ledger] collector async throws in
            #expect(try await collector.deliver(ledger, 0..<first, token: nil).status == 200)
            try await Browser.with { browser in
                let list = try await browser.page()
                try await list.open(base(collector) + "/sessions")
                let one = try await browser.page()
                try await one.open(base(collector) + "/sessions/\(id)")
                #expect(try await one.text("h1").contains("running"))
                #expect(try await list.count("tbody tr") == 2)
                // The reader has a row in focus: it must not be lost by what comes.
                try await list.press("j")
                let focused = try await list.value("document.activeElement.innerText")
                #expect(try await collector.deliver(ledger, first..<ledger.entries.count, token: nil).status == 200)
                try await waitUntil("the list shows the new session", { try await list.count("tbody tr") == 3 })
                #expect(try await list.text("tbody").contains("exit 126"))
                #expect(try await list.value("document.activeElement.innerText") == focused)
                try await waitUntil("the page shows the end", { try await one.text("h1").contains("exit 7") })
                #expect(try await one.text(".transcript").contains("last words"))
                #expect(list.complaints + one.complaints == [])
            }
        }
    }

    @Test("a limited reader sees its namespaces alone, also of what comes while it looks")
    func limited() async throws {
        var ledger = MadeLedger()
        ledger.addSession(1, namespace: "mine")
        ledger.addSession(2, namespace: "others")
        let first = ledger.entries.count
        ledger.addSession(3, namespace: "others")
        ledger.addSession(4, namespace: "mine")
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, 0..<first, token: agent).status == 200)
            let token = try await collector.token(.reader, namespaces: ["mine"])
            try await Browser.with { browser in
                let page = try await browser.page(headers: ["Authorization": "Bearer " + token])
                try await page.open(base(collector) + "/sessions")
                #expect(try await page.count("tbody tr") == 1)
                #expect(try await collector.deliver(ledger, first..<ledger.entries.count, token: agent).status == 200)
                try await waitUntil("the list shows the new session", { try await page.count("tbody tr") == 2 })
                #expect(!(try await page.text("body").contains("others")))
                try await page.open(base(collector) + "/statistics?span=90d")
                #expect(try await page.text(".tiles dd") == "2")
                try await page.open(base(collector) + "/nodes")
                #expect(try await page.text("h1") == "Only for readers of all namespaces")
            }
        }
    }

    @Test("hostile output, names and labels stay text: nothing runs, nothing turns round, nothing leaves its line")
    func hostile() async throws {
        let fleet = PageFleet(sessions: 10, largeBytes: 1000)
        let id = try #require(fleet.hostile)
        try await RunningCollector.with(flags: ["--no-auth-required"]) { collector async throws in
            try await fleet.deliver(to: collector)
            try await Browser.with { browser in
                let page = try await browser.page()
                for path in [
                    "/sessions", "/sessions/\(id)", PageLink.pod(namespace: "shop", pod: PageFleet.hostileName),
                ] {
                    try await page.open(base(collector) + path)
                    #expect(
                        try await page.text("main").utf8.contains("<img src=x onerror=alert(1)>\"'&".utf8), "\(path)")
                    #expect(try await page.value("document.title").hasSuffix("· Lastword"), "\(path)")
                    // Only what the template itself has.
                    #expect(try await page.count("main img, main script, main b, main i, [onerror]") == 0, "\(path)")
                    #expect(try await page.count("body > *") == 4, "nothing has closed an element of ours")
                    let text = try await page.value("document.body.textContent")
                    for scalar in "\u{1B}\u{7}\u{7F}\u{202E}\u{202C}\u{2066}\u{2067}\u{2069}\u{200F}\u{200B}\u{FEFF}"
                        .unicodeScalars
                    {
                        #expect(
                            !text.unicodeScalars.contains(scalar), "\(path) has U+\(String(scalar.value, radix: 16))")
                    }
                }
                try await page.open(base(collector) + "/sessions/\(id)")
                #expect(try await page.count(".line") == PageFleet.hostileLines.count)
                for (index, shown) in [
                    (1, "<script>document.title = 'owned'</script>"), (3, "user ⟨RLO⟩gnp.exe⟨PDF⟩"),
                    (6, "{{secret}} {{{secret}}} {{> head}}"),
                    (9, "<!-- --> ]]> </pre></div></body></html> &lt;b&gt; &amp;"),
                ] {
                    #expect(try await page.text("#L\(index) .text").hasPrefix(shown), "line \(index)")
                }
                #expect(
                    try await page.value("getComputedStyle(document.querySelector('#L4 .text')).unicodeBidi")
                        == "isolate")
                // Hebrew in its line moves nothing: the number is still left of the text.
                let places = try await page.value(
                    "['.no', '.text'].map(s => document.querySelector('#L4 ' + s).getBoundingClientRect().x)")
                #expect(
                    places.hasPrefix("[")
                        && places.firstMatch(of: /^\[(\d+).*,(\d+)/).map { (Int($0.1) ?? 9) < (Int($0.2) ?? 0) } == true
                )
                #expect(page.complaints == [])
            }
        }
    }

    @Test("four mebibytes come in parts that a browser shows at once, and every part can be reached")
    func large() async throws {
        let fleet = PageFleet(sessions: 1)
        let id = try #require(fleet.large)
        try await RunningCollector.with(flags: ["--no-auth-required"]) { collector async throws in
            try await fleet.deliver(to: collector)
            let whole = try await collector.page("/sessions/\(id)")
            #expect(whole.body.count < 2 << 20, "\(whole.body.count) bytes")
            try await Browser.with { browser in
                let page = try await browser.page()
                try await page.open(base(collector) + "/sessions/\(id)")
                let all = try await page.text(".parts span")
                let end = try #require(all.firstMatch(of: /–(\d+) of (\d+)$/))
                #expect(end.1 == end.2, "the end is what is shown first: \(all)")
                #expect(try await page.count(".line") <= Transcript.partLines)
                // Not `innerText`: what is far from the window is not laid out.
                #expect(
                    try await page.value("document.querySelector('.line:last-child .text').textContent").hasSuffix(
                        "<b>&"))
                try await page.loading { try await page.click(".parts a[rel=prev]") }
                try await page.loading { try await page.click(".parts a") }
                #expect(try await page.text(".parts span").hasPrefix("Lines 1–"))
                #expect(try await page.value("document.documentElement.scrollWidth") == "1280")
                #expect(page.complaints == [])
            }
        }
    }

    @Test("without scripts: sign in, filter, page, open, sign out")
    func withoutScripts() async throws {
        var ledger = MadeLedger()
        for number in 1...60 { ledger.addSession(number, namespace: number % 2 == 0 ? "shop" : "web") }
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let token = try await collector.token(.reader)
            try await Browser.with { browser in
                let page = try await browser.page(scripts: false)
                try await page.open(base(collector) + "/sessions")
                try await page.write(token, into: "#token")
                try await page.loading { try await page.click(".signin button") }
                #expect(try await page.count("tbody tr") == 50)
                #expect(try await page.text("[data-state]") == "Reload")
                #expect(try await page.count("button[data-copy]:not([hidden])") == 0, "it would do nothing")
                try await page.loading { try await page.click("a[rel=next]") }
                #expect(try await page.count("tbody tr") == 10)
                try await page.loading { try await page.click("[data-state] a") }
                try await page.write("shop", into: "[name=namespace]")
                try await page.loading { try await page.click(".filters button") }
                #expect(try await page.count("tbody tr") == 30)
                try await page.loading { try await page.click("tbody a.main") }
                #expect(try await page.text(".transcript").contains("hello"))
                try await page.loading { try await page.click(".who button") }
                #expect(try await page.path() == "/sign-in")
                #expect(page.complaints == [])
            }
        }
    }
}
