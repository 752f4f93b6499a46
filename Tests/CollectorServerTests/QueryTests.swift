// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Foundation
import HealthReporting
import NIOHTTP1
import SessionRecords
import TestSupport
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("Queries", .serialized)
struct QueryTests {
    @Test("pages are stable, newest first, and end")
    func pages() async throws {
        var ledger = MadeLedger()
        var ids: [SessionID] = []
        for seed in 0..<25 { ids.append(ledger.addSession(seed)) }
        try await RunningCollector.with { [ledger, ids] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let reader = try await collector.token(.reader)
            var seen: [String] = []
            var next: String? = ""
            while let cursor = next {
                let answer = try await collector.call(
                    .GET, "/v1/sessions?limit=10" + (cursor.isEmpty ? "" : "&after=\(cursor)"), token: reader)
                let page = answer.json["sessions"] as? [[String: Any]] ?? []
                #expect(page.count <= 10)
                seen += page.compactMap { $0["id"] as? String }
                next = answer.json["next"] as? String
                // What comes meanwhile moves nothing.
                var later = MadeLedger("later-\(seen.count)")
                later.addSession(1000 + seen.count)
                #expect(try await collector.deliver(later, token: agent).status == 200)
            }
            #expect(seen == ids.reversed().map(\.rawValue))
        }
    }

    @Test("a record comes as the very bytes that the agent made")
    func bytes() async throws {
        var ledger = MadeLedger()
        let (session, output) = MadeLedger.session(
            1, node: "worker-0", namespace: "default", exitCode: 42, output: "x", revision: 3)
        ledger.add("session.ended", "session", session.json, output: output)
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let reader = try await collector.token(.reader)
            let answer = try await collector.call(.GET, "/v1/sessions/\(session.id)", token: reader)
            #expect(answer.body == session.json.canonical)
        }
    }

    @Test("output comes readable, raw and with frames; hostile bytes do nothing in the readable one")
    func outputs() async throws {
        let hostile = "red \u{1B}[31m\r\n\u{0}tab\t\u{202E}back\rward é\n"
        var ledger = MadeLedger()
        let id = ledger.addSession(1, output: hostile)
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let reader = try await collector.token(.reader)
            let plain = try await collector.call(.GET, "/v1/sessions/\(id)/output", token: reader)
            #expect(plain.headers["content-type"] == ["text/plain; charset=utf-8"])
            #expect(plain.headers["x-content-type-options"] == ["nosniff"])
            #expect(plain.text == "red \\u{1b}[31m\n\\u{0}tab\t\\u{202e}back\\u{d}ward é\n")
            let raw = try await collector.call(.GET, "/v1/sessions/\(id)/output?format=raw", token: reader)
            #expect(raw.body == Array(hostile.utf8))
            #expect(raw.headers["content-type"] == ["application/octet-stream"])
            let framed = try await collector.call(.GET, "/v1/sessions/\(id)/output?format=frames", token: reader)
            let bytes = try #require((framed.json["bytes"] as? String).flatMap { Data(base64Encoded: $0) })
            let frames = try #require((framed.json["frames"] as? String).flatMap { Data(base64Encoded: $0) })
            #expect(Array(bytes) == Array(hostile.utf8))
            #expect(framed.json["sha256"] as? String == Digest(of: Array(bytes)).description)
            #expect(framed.json["framesSHA256"] as? String == Digest(of: Array(frames)).description)
            #expect(OutputFrameCoding.decode(Array(frames))?.count == 1)
        }
    }

    @Test("words in outputs are found, and no syntax of the search engine is")
    func search() async throws {
        var ledger = MadeLedger()
        let id = ledger.addSession(1, output: "permission denied for \"root\"\n")
        ledger.addSession(2, output: "all good\n")
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let reader = try await collector.token(.reader)
            func found(_ words: String) async throws -> [String] {
                let answer = try await collector.call(.GET, "/v1/sessions?q=\(words)", token: reader)
                #expect(answer.status == 200)
                return (answer.json["sessions"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
            }
            #expect(try await found("denied") == [id.rawValue])
            #expect(try await found("denied+PERMISSION") == [id.rawValue])
            #expect(try await found("denied+good") == [])
            for hostile in ["%22", "a%20OR%20b", "NEAR(", "*", "text:denied", "%22denied%22%20AND%20("] {
                _ = try await found(hostile)
            }
        }
    }

    @Test("changes follow a mark, and tell each change once")
    func changes() async throws {
        var ledger = MadeLedger()
        let first = ledger.addSession(1)
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            let reader = try await collector.token(.reader)
            let start = try await collector.call(.GET, "/v1/changes", token: reader)
            #expect((start.json["sessions"] as? [Any])?.isEmpty == true)
            let mark = try #require(start.json["mark"] as? String)
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let changed = try await collector.call(.GET, "/v1/changes?after=\(mark)", token: reader)
            let sessions = changed.json["sessions"] as? [[String: Any]] ?? []
            #expect(sessions.compactMap { $0["id"] as? String } == [first.rawValue])
            let next = try #require(changed.json["mark"] as? String)
            let nothing = try await collector.call(.GET, "/v1/changes?after=\(next)", token: reader)
            #expect((nothing.json["sessions"] as? [Any])?.isEmpty == true)
        }
    }

    @Test("what an administrator erases is gone from output and search, and its hash stays in the record")
    func erasing() async throws {
        var ledger = MadeLedger()
        let id = ledger.addSession(1, output: "password hunter2\n")
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let admin = try await collector.token(.admin)
            let body = Array(#"{"reason":"asked to"}"#.utf8)
            let erased = try await collector.call(.POST, "/v1/sessions/\(id)/erase", token: admin, body: body)
            #expect(erased.json["changed"] as? Bool == true)
            let output = try await collector.call(.GET, "/v1/sessions/\(id)/output?format=raw", token: admin)
            #expect(output.code == "output.erased")
            #expect(!output.text.contains("hunter2") && output.text.contains("asked to"))
            let search = try await collector.call(.GET, "/v1/sessions?q=hunter2", token: admin)
            #expect((search.json["sessions"] as? [Any])?.isEmpty == true)
            let record = try await collector.call(.GET, "/v1/sessions/\(id)", token: admin)
            let summary = try #require(record.json["output"] as? [String: Any])
            #expect(summary["sha256"] as? String == Digest(of: Array("password hunter2\n".utf8)).description)
            // The same delivery again brings nothing back.
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            #expect(try await collector.call(.GET, "/v1/sessions/\(id)/output", token: admin).code == "output.erased")
            #expect(try await collector.store.auditLines(session: id, limit: 10).map(\.action) == ["session.erase"])
        }
    }

    @Test("readiness says which part is at fault")
    func readiness() async throws {
        try await RunningCollector.with { collector async throws in
            try await waitUntil("the collector is ready") {
                try await collector.call(.GET, "/readyz").status == 200
            }
            collector.application.health.report("store", .failing("the disk is full"))
            let answer = try await collector.call(.GET, "/readyz")
            #expect(answer.status == 503)
            let parts = answer.json["parts"] as? [[String: Any]] ?? []
            #expect(parts.first { $0["part"] as? String == "store" }?["reason"] as? String == "the disk is full")
        }
    }
}
