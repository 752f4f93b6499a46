// SPDX-License-Identifier: Apache-2.0
import CollectorPages
import CollectorStore
import NIOHTTP1
import SessionRecords
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("Pages over HTTP", .serialized)
struct PageServerTests {
    @Test("every page forbids what it does not need, and is kept by nobody; assets are kept")
    func headers() async throws {
        var ledger = MadeLedger()
        let id = ledger.addSession(1)
        try await RunningCollector.with(flags: ["--no-auth-required"]) { [ledger] collector async throws in
            #expect(try await collector.deliver(ledger, token: nil).status == 200)
            let mark = try collector.store.cursors.text(mark: 0)
            for path in [
                "/", "/sessions", "/sessions/\(id)", "/sessions/\(id)/output", "/pods/default/web-1", "/nodes",
                "/nodes/worker-0", "/statistics", "/sign-in", "/nowhere", "/sessions/x", "/sessions?exitCode=x",
                "/live/sessions?mark=\(mark)", "/live/sessions/\(id)?mark=\(mark)", "/live/nodes?mark=x",
            ] {
                let answer = try await collector.page(path)
                let policy = answer.headers["content-security-policy"].first ?? ""
                for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
                    #expect(policy.contains(part), "\(path)")
                }
                #expect(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains("*"), "\(path)")
                #expect(answer.headers["x-content-type-options"] == ["nosniff"], "\(path)")
                #expect(answer.headers["cache-control"] == ["no-store"], "\(path)")
                #expect(answer.headers["referrer-policy"] == ["same-origin"], "\(path)")
                #expect(answer.status < 500, "\(path)")
            }
            let page = try await collector.page("/sessions").text
            for address in page.matches(of: /(href|src)="(\/assets\/[^"]+)"/).map({ String($0.2) }) {
                let asset = try await collector.page(address)
                #expect(asset.status == 200 && asset.headers["cache-control"].first?.contains("immutable") == true)
            }
        }
    }

    @Test("each status has a page that says what to do, and the list says what was wrong with a filter")
    func errors() async throws {
        try await RunningCollector.with(flags: ["--no-auth-required"]) { collector async throws in
            let unknown = try await collector.page("/sessions/00000000-0000-5000-8000-000000000000")
            #expect(unknown.status == 404 && unknown.text.contains("<h1>Not here</h1>"))
            #expect(try await collector.page("/pods/a/b").status == 404)
            #expect(try await collector.page("/nodes/none").status == 404)
            let wrong = try await collector.page("/sessions?exitCode=abc")
            #expect(wrong.status == 400 && wrong.text.contains("exitCode must be a whole number"))
            #expect(try await collector.page("/sessions?namespce=x").status == 400)
            #expect(try await collector.page("/sessions?within=1y").status == 400)
            #expect(try await collector.page("/live/sessions?mark=1").status == 400)
            let nowhere = try await collector.page("/nowhere")
            #expect(nowhere.status == 404 && nowhere.text.hasPrefix("<!doctype html>"))
            // A program still gets what a program understands.
            #expect(try await collector.call(.GET, "/nowhere").code == "route.unknown")
            let empty = try await collector.page("/sessions")
            #expect(empty.status == 200 && empty.text.contains("No session has been recorded yet"))
            #expect(try await collector.page("/nodes").text.contains("No node has delivered anything yet"))
            #expect(try await collector.page("/statistics?span=24h").text.contains("Nothing began in this time"))
        }
    }

    @Test("switched off there is no page, and the API is as it was")
    func off() async throws {
        try await RunningCollector.with(flags: ["--no-auth-required", "--no-pages-enabled"]) { collector async throws in
            for path in ["/", "/sessions", "/sign-in", "/assets/pages.css"] {
                #expect(try await collector.page(path).status == 404, "\(path)")
            }
            #expect(try await collector.call(.GET, "/v1/sessions").status == 200)
        }
    }

    @Test("no page's route is in the API's document, and none lies where the API does")
    func apart() async throws {
        try await RunningCollector.with { collector async throws in
            let routes = collector.application.routes
            let pages = try #require(routes.pages).all
            #expect(pages.count > 10)
            for page in pages {
                #expect(!page.path.hasPrefix("/v1") && !OpenAPIDocument.json.contains("\"\(page.path)\":{"))
            }
            let all = routes.all.map { "\($0.method) \($0.path)" }
            #expect(Set(all).count == all.count)
        }
    }

    @Test("the list pages without a hole or a repetition, also while sessions come in, and keeps its filters")
    func paging() async throws {
        var ledger = MadeLedger()
        for number in 1...130 { ledger.addSession(number, namespace: number % 13 == 0 ? "other" : "default") }
        try await RunningCollector.with(flags: ["--no-auth-required"]) { [ledger] collector async throws in
            #expect(try await collector.deliver(ledger, token: nil).status == 200)
            var seen: [String] = []
            var path = "/sessions?namespace=default"
            while true {
                let page = try await collector.page(path).text
                seen += page.matches(of: /href="(\/sessions\/[0-9a-f-]{36})"/).map { String($0.1) }
                guard let next = page.firstMatch(of: /href="([^"]+)" rel="next"/) else { break }
                path = String(next.1).replacing("&amp;", with: "&")
                #expect(path.contains("namespace=default"))
                var later = MadeLedger("later-\(seen.count)", node: "late")
                later.addSession(9000 + seen.count)
                #expect(try await collector.deliver(later, token: nil).status == 200)
            }
            #expect(seen.count == 120 && Set(seen).count == 120)
        }
    }

    @Test("a fragment comes when something that the reader may see has changed, and only then")
    func live() async throws {
        var ledger = MadeLedger()
        let id = ledger.addSession(1)
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let cookie = try await collector.cookie(try await collector.token(.reader, namespaces: ["default"]))
            let page = try await collector.page("/sessions", cookie: cookie).text
            var mark = try #require(page.firstMatch(of: /data-mark="([^"]+)"/)).1
            func ask(_ path: String) async throws -> RunningCollector.Answer {
                let answer = try await collector.page("\(path)?mark=\(mark)", cookie: cookie)
                mark = Substring(answer.headers["lastword-mark"].first ?? "")
                return answer
            }
            #expect(try await ask("/live/sessions").status == 204)
            var more = ledger
            more.addSession(2, namespace: "hidden")
            #expect(try await collector.deliver(more, 2..<3, token: agent).status == 200)
            #expect(try await ask("/live/sessions").status == 204, "of another namespace")
            more.addSession(3)
            let before = mark
            #expect(try await collector.deliver(more, 3..<4, token: agent).status == 200)
            let changed = try await ask("/live/sessions")
            #expect(changed.status == 200 && changed.text.contains("web-3") && !changed.text.contains("web-2"))
            #expect(!changed.text.contains("<html"))
            #expect(try await ask("/live/sessions").status == 204)
            mark = before
            #expect(try await ask("/live/sessions/\(id)").status == 204)
            mark = before
            #expect(try await ask("/live/pods/default/web-3").text.contains("debugger-3"))
            #expect(try await ask("/live/pods/default/web-1").status == 204)
        }
    }

    @Test("an output is for keeping as a file, and its name is ours")
    func download() async throws {
        var ledger = MadeLedger()
        let id = ledger.addSession(1, output: "<script>alert(1)</script>\u{1B}[2J\n")
        try await RunningCollector.with(flags: ["--no-auth-required"]) { [ledger] collector async throws in
            #expect(try await collector.deliver(ledger, token: nil).status == 200)
            for (format, name) in [("plain", "txt"), ("raw", "bin")] {
                let answer = try await collector.page("/sessions/\(id)/output?format=\(format)")
                #expect(
                    answer.headers["content-disposition"] == [
                        "attachment; filename=\"lastword-\(id.rawValue.prefix(8)).\(name)\""
                    ])
                #expect(answer.text.contains("\u{1B}") == (format == "raw"))
                #expect(answer.headers["content-security-policy"].first?.contains("default-src 'none'") == true)
            }
        }
    }

    /// Without its marks.
    private func plain(_ markup: Substring) -> String {
        String(markup.replacing(/<[^>]*>/, with: ""))
    }

    /// The texts of a row's cells, by their labels.
    private func cells(_ row: Substring) -> [String: String] {
        var texts: [String: String] = [:]
        for cell in row.matches(of: /<td data-label="([^"]+)"[^>]*>((?:[^<]|<[^\/]|<\/[^t])*)<\/td>/) {
            texts[String(cell.output.1)] = plain(cell.output.2)
        }
        return texts
    }

    @Test("the page of nodes says what was delivered, what is missing, open and off, of each node")
    func nodes() async throws {
        var whole = MadeLedger("ledger-whole", node: "a-node")
        whole.addSession(1)
        var torn = MadeLedger("ledger-torn", node: "b-node")
        for seed in 0..<4 { torn.addSession(seed) }
        torn.addGap()
        let late = MadeLedger.now.advanced(byNanoseconds: 3_000_000_000)
        try await RunningCollector.with(flags: ["--no-auth-required"], now: { late }) {
            [whole, torn] collector async throws in
            #expect(try await collector.deliver(whole, token: nil).status == 200)
            for range in [0..<2, 4..<6] { #expect(try await collector.deliver(torn, range, token: nil).status == 200) }
            let text = try await collector.page("/nodes").text
            let rows = text.split(separator: "<tr data-row>").dropFirst().map { cells($0) }
            // Nodes with alarms come first.
            let (first, second) = (try #require(rows.first), try #require(rows.last))
            #expect(rows.count == 2)
            #expect(first["Chain"]?.contains("✕ hole") == true, "\(first)")
            #expect(first["Entries"] == "6" && first["Missing"] == "2" && first["Open gaps"] == "1", "\(first)")
            #expect(second["Entries"] == "2" && second["Missing"] == "0" && second["Open gaps"] == "0", "\(second)")
            #expect(second["Chain"]?.contains("✓ whole") == true, "\(second)")
            for row in rows {
                #expect(row["Lag"]?.hasPrefix("2.9") == true && row["Clock"]?.hasPrefix("+2.9") == true, "\(row)")
            }
            let node = try await collector.page("/nodes/b-node").text
            #expect(node.contains("ledger-torn") && node.contains("connection lost") && node.contains("1 open"))
        }
    }

    @Test("statistics count by exit code, namespace and image, and draw a bar for what began")
    func statistics() async throws {
        var ledger = MadeLedger()
        for seed in 0..<3 { ledger.addSession(seed, namespace: "shop", exitCode: 42) }
        ledger.addSession(7, namespace: "web", exitCode: 0)
        try await RunningCollector.with(flags: ["--no-auth-required"]) { [ledger] collector async throws in
            #expect(try await collector.deliver(ledger, token: nil).status == 200)
            let text = try await collector.page("/statistics?span=24h").text
            var counts: [String: String] = [:]
            for row in text.matches(of: /<td class="value">(.*?)<\/td>.*?<td class="num">(\d+)<\/td>/) {
                counts[plain(row.output.1)] = String(row.output.2)
            }
            for wanted in [("42", "3"), ("0", "1"), ("shop", "3"), ("web", "1")] {
                #expect(counts[wanted.0] == wanted.1, "\(counts)")
            }
            #expect(text.contains(#"<rect class="ok""#) && text.contains(#"<rect class="fail""#))
        }
    }

    @Test("nodes that deliver with a token for any node are marked on every page where they stand")
    func weak() async throws {
        var ledger = MadeLedger("ledger-weak", node: "weak-node")
        let id = ledger.addSession(1)
        var strong = MadeLedger("ledger-strong", node: "strong-node")
        let other = strong.addSession(2)
        try await RunningCollector.with { [ledger, strong] collector async throws in
            #expect(try await collector.deliver(ledger, token: try await collector.token(.agent)).status == 200)
            let own = try await collector.token(.agent, node: "strong-node")
            #expect(try await collector.deliver(strong, token: own).status == 200)
            let reader = try await collector.token(.reader)
            let limited = try await collector.token(.reader, namespaces: ["default"])
            for path in ["/sessions", "/sessions/\(id)", "/pods/default/web-1"] {
                for token in [reader, limited] {
                    let text = try await collector.page(path, token: token).text
                    #expect(text.matches(of: /class="weak"/).count == 1, "\(path)")
                }
            }
            for path in ["/nodes", "/nodes/weak-node"] {
                let text = try await collector.page(path, token: reader).text
                #expect(text.contains("any-node") || text.contains("token for any node"), "\(path)")
            }
            for path in ["/sessions/\(other)", "/pods/default/web-2", "/nodes/strong-node"] {
                #expect(!(try await collector.page(path, token: reader).text.contains("any node")), "\(path)")
            }
        }
    }
}
