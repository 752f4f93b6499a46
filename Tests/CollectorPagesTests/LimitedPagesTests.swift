// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import HTTPTypes
import NIOHTTP1
import SessionRecords
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("Pages for readers limited to namespaces", .serialized)
struct LimitedPagesTests {
    /// Words that stand only in what the reader must not see.
    private static let secrets = ["forbidden-ns", "web-2", "debugger-2", "hush", "secret-image", "exit 77", ">77<"]

    @Test("on every page, by every filter, nothing of other namespaces is to be seen, nor that it is there")
    func walk() async throws {
        var ledger = MadeLedger()
        let mine = ledger.addSession(1, namespace: "default", output: "open words\n")
        let (made, output) = MadeLedger.session(
            2, node: "worker-0", namespace: "forbidden-ns", exitCode: 77, output: "hush hush\n", revision: 3)
        var session = made
        session.image = "secret-image:1"
        ledger.add("session.ended", "session", session.json, output: output)
        let other = session.id
        ledger.addGap()
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let cookie = try await collector.cookie(
                try await collector.token(.reader, namespaces: ["default", "empty"]))
            let mark = try collector.store.cursors.text(mark: 0)
            let values = [
                "namespace": "forbidden-ns", "pod": "web-2", "container": "debugger-2", "target": "nginx",
                "exitCode": "77", "node": "worker-0", "cluster": "prod", "state": "ended", "running": "false",
                "since": "2020-01-01T00:00", "until": "2100-01-01T00:00:00", "startedBefore": "2100-01-01T00:00:00Z",
                "within": "30d", "q": "hush", "reference": String(other.rawValue.prefix(8)), "limit": "500",
                "part": "1",
                "span": "90d", "mark": mark, "format": "plain",
            ]
            var walked = 0
            for route in try #require(collector.application.routes.pages).all where route.method == .get {
                for parameters in [
                    ["id": other.rawValue, "namespace": "forbidden-ns", "pod": "web-2", "name": "worker-0"],
                    ["id": mine.rawValue, "namespace": "default", "pod": "web-1", "name": "worker-0"],
                ] {
                    var path = route.path
                    for (name, value) in parameters { path = path.replacing("{\(name)}", with: value) }
                    let needed = path.hasPrefix("/live") ? "mark=\(mark)&" : ""
                    // Only lists have filters; elsewhere a parameter that is not known is refused.
                    let isList = path.hasSuffix("/sessions")
                    let asking = values.filter { isList || ["part", "span", "format", "q"].contains($0.key) }
                    for query in [""] + asking.map({ "\($0.key)=\($0.value)" }) {
                        let answer = try await collector.page("\(path)?\(needed)\(query)", cookie: cookie)
                        #expect(answer.status < 500, "\(path)?\(query)")
                        // What was asked for stands in the fields again; it is shown to who knew it.
                        let asked = query.split(separator: "=").last.map(String.init) ?? ""
                        for secret in Self.secrets + [other.rawValue] where !asked.contains(secret) && secret != asked {
                            guard !path.contains(secret), !secret.contains(asked) || asked.isEmpty else { continue }
                            #expect(!answer.body.contains(secret.utf8), "\(path)?\(query) shows \(secret)")
                        }
                        walked += 1
                    }
                    if path.contains(other.rawValue) || path.contains("forbidden-ns") {
                        let status = try await collector.page("\(path)?\(needed)", cookie: cookie).status
                        #expect(status == 404 || (path.hasPrefix("/live/pods") && status == 204), "\(path)")
                    }
                }
            }
            #expect(walked > 150)
            // A filter for what must not be seen finds as little as one for what is not there.
            for filter in ["namespace=forbidden-ns", "q=hush", "exitCode=77", "pod=web-2", "node=worker-0&exitCode=77"]
            {
                #expect(
                    try await collector.page("/sessions?\(filter)", cookie: cookie).text.contains("No session matches"))
            }
            let own = try await collector.page("/sessions", cookie: cookie).text
            #expect(own.contains("1 session") && own.contains("web-1") && !own.contains(">Nodes<"))
            #expect(own.contains("default, empty"))
            let counts = try await collector.page("/statistics?span=90d", cookie: cookie).text
            #expect(counts.contains("<dt>Sessions</dt><dd>1</dd>"))
            let one = try await collector.page("/sessions/\(mine)", cookie: cookie).text
            #expect(one.contains("open words") && !one.contains("ledger-1"), "a ledger is a node's")
            for path in ["/nodes", "/nodes/worker-0"] {
                let refused = try await collector.page(path, cookie: cookie)
                #expect(refused.status == 403 && refused.text.contains("Only for readers of all namespaces"))
                #expect(refused.text.contains("Sign out"), "it is still a page for this reader")
            }
        }
    }
}
