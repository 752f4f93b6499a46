// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Testing

@testable import Commands

@Suite("A collector is shown as a store is, where the data is the same")
struct CollectorGoldenTests {
    @Test("lists and sessions are byte for byte what the node's store prints")
    func same() async throws {
        let cases: [(file: String, arguments: [String])] = [
            ("list.txt", ["list"]), ("list-wide.txt", ["list", "-o", "wide"]), ("list.json", ["list", "-o", "json"]),
            ("list.jsonl", ["list", "-ojsonl"]), ("list.yaml", ["list", "-o", "yaml"]),
            ("list-name.txt", ["list", "-o", "name"]),
            ("list-no-headers.txt", ["list", "--no-headers", "-n", "payments"]),
            ("export-sessions.jsonl", ["export", "--content", "sessions"]),
            ("show-demo.txt", ["show", "default/debug-target/debugger-x7k2p"]),
            ("show-demo.json", ["show", "default/debug-target/debugger-x7k2p", "-o", "json"]),
            ("show-least.txt", ["show", "--", "-/-/-"]),
        ]
        try await CollectorStandIn.serve { collector in
            for (file, arguments) in cases {
                let result = await collector.cli.run(arguments)
                #expect(result.code == 0, "\(arguments)")
                #expect(result.err == "", "\(arguments)")
                try Golden.expect(result.out, file)
            }
        }
    }

    @Test("logs, timestamps and raw bytes come from the delivered output")
    func logs() async throws {
        try await CollectorStandIn.serve(.delivered) { collector in
            let cli = collector.cli
            let name = "default/debug-target/debugger-x7k2p"
            try Golden.expect(await cli.run("logs", name).out, "logs.txt")
            try Golden.expect(await cli.run("logs", name, "--timestamps").out, "logs-timestamps.txt")
            let none = await cli.run("logs", "payments/ledger-debug/debugger-copy")
            #expect(none.code == 1)
            #expect(none.err.hasSuffix(": there is none\n"))
        }
    }

    @Test("what a collector alone knows")
    func fleet() async throws {
        let cases: [(file: String, code: Int32, arguments: [String])] = [
            ("nodes.txt", 0, ["nodes"]), ("nodes.json", 0, ["nodes", "-o", "json"]),
            ("alarms.txt", 0, ["alarms"]), ("alarms.json", 0, ["alarms", "-o", "json"]),
            ("collector-gaps.txt", 0, ["gaps"]), ("collector-gaps.json", 0, ["gaps", "--node", "worker-1", "-ojson"]),
            ("collector-export.jsonl", 0, ["export"]),
        ]
        try await CollectorStandIn.serve(.fleet) { collector in
            for (file, code, arguments) in cases {
                let result = await collector.cli.run(arguments)
                #expect(result.code == code, "\(arguments)")
                // A gap that was closed by relisting alone is pointed out.
                #expect(result.err == "" || arguments == ["gaps"], "\(arguments)")
                try Golden.expect(result.out, file)
            }
            let open = await collector.cli.run("alarms", "--open", "--no-headers", "--node", "worker-1")
            #expect(open.out.split(separator: "\n").count == 1)
            #expect(await collector.cli.run("alarms", "--node", "absent").code == 1)
            let yaml = await collector.cli.run("nodes", "-o", "yaml")
            #expect(yaml.out.hasPrefix("- node: worker-0\n"))
        }
    }

    @Test("show tells what a collector alone knows of a session, and nothing where there is nothing")
    func show() async throws {
        var contents = CollectorContents()
        let name = "default/debug-target/debugger-x7k2p"
        var other = Samples.demo
        other.exitCode = 1
        contents.details[Samples.demo.id] = """
            {"ledger":"a","number":7,"receivedAt":"2026-11-21T03:00:00Z","later":1,
            "hold":{"actor":"admin token","reason":"case 12\\u001b[31m","at":"2026-11-22T01:00:00Z"},
            "erased":{"actor":"admin token","reason":"a password","at":"2026-11-22T02:00:00Z"},
            "others":[{"ledger":"b","node":"worker-9","number":4,"receivedAt":"2026-11-21T04:00:00Z",
            "session":\(other.json.compact)}]}
            """
        try await CollectorStandIn.serve(contents) { collector in
            let text = await collector.cli.run("show", name).out
            #expect(!text.contains("\u{1b}"))
            try Golden.expect(text, "collector-show.txt")
            let json = await collector.cli.run("show", name, "-o", "json").out
            let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
            let facts = try #require(object["collector"] as? [String: Any])
            #expect((facts["hold"] as? [String: Any])?["reason"] as? String == "case 12\u{1b}[31m")
            #expect((facts["erased"] as? [String: Any])?["reason"] as? String == "a password")
            let others = try #require(facts["others"] as? [[String: Any]])
            #expect((others.first?["session"] as? [String: Any])?["exitCode"] as? Int == 1)
        }
        contents.details = [:]
        try await CollectorStandIn.serve(contents) { collector in
            #expect(await collector.cli.run("show", name).out.contains("At the collector") == false)
        }
    }

    @Test("status of a collector, also for a reader who may not see whole nodes")
    func status() async throws {
        func text(_ contents: CollectorContents, _ arguments: [String]) async throws -> String {
            var text = ""
            try await CollectorStandIn.serve(contents) { collector in
                let result = await collector.cli.run(["status"] + arguments)
                #expect(result.code == 0)
                #expect(result.err == "")
                // The port is another one each time.
                text = result.out.replacing(collector.url, with: "https://collector.example")
            }
            return text
        }
        var contents = CollectorContents.fleet
        try Golden.expect(try await text(contents, []), "collector-status.txt")
        try Golden.expect(try await text(contents, ["-o", "json"]), "collector-status.json")
        contents.answers["/v1/gaps"] = .refusal(403, "auth.forbidden", "gaps are of whole nodes")
        let limited = try await text(contents, [])
        #expect(!limited.contains("Open gaps"))
        #expect(limited.contains("Sessions:"))
    }
}

extension CollectorContents {
    /// The demo's record with the hashes of its output.
    static var delivered: CollectorContents {
        var contents = CollectorContents()
        guard var tail = contents.memory.outputs[Samples.demo.id] else { return contents }
        tail.summary.sha256 = Digest(of: tail.bytes)
        tail.summary.framesSHA256 = Digest(of: OutputFrameCoding.encode(tail.frames))
        contents.memory.outputs[Samples.demo.id] = tail
        for index in contents.memory.sessions.indices where contents.memory.sessions[index].id == Samples.demo.id {
            contents.memory.sessions[index].output = tail.summary
        }
        return contents
    }

    /// Two nodes, one of them troubled.
    static var fleet: CollectorContents {
        var contents = CollectorContents()
        contents.memory.gaps = Samples.gaps + Samples.moreGaps
        let hash = Digest(of: [17])
        contents.nodes = [
            """
            {"node":"worker-1","cluster":"prod","lastReceivedAt":"2026-11-21T01:00:00Z","identity":"any-node token",
            "clockOffsetSeconds":-7.25,"openGaps":2,"alarms":[{"kind":"fork","openedAt":"2026-11-21T01:00:00Z"}],
            "ledgers":[{"ledger":"ledger-1","first":1,"head":9,"hash":"\(hash)","holes":[[3,4],[7,7]],"stubs":1,
            "lastReceivedAt":"2026-11-21T01:00:00Z"},{"ledger":"ledger-old","head":4}]}
            """,
            """
            {"node":"worker-0","cluster":"prod","lastReceivedAt":"2026-11-21T02:59:50Z","identity":"certificate",
            "lastEntryAt":"2026-11-21T02:59:49Z","clockOffsetSeconds":"0.012345678","openGaps":0,"alarms":[],"later":{"a":[1]},
            "ledgers":[{"ledger":"ledger-0","first":1,"head":17,"hash":"\(hash)","holes":[],"stubs":0,
            "firstReceivedAt":"2026-11-20T02:59:50Z","lastReceivedAt":"2026-11-21T02:59:50Z"}]}
            """,
        ]
        contents.alarms = [
            """
            {"kind":"hole","node":"worker-1","ledger":"ledger-1","number":3,"openedAt":"2026-11-21T00:10:00Z",
            "closedAt":"2026-11-21T00:20:00Z","text":"entries 3 to 4 are missing"}
            """,
            """
            {"kind":"fork","node":"worker-1","ledger":"ledger-1","number":5,"count":2,"openedAt":"2026-11-21T01:00:00Z",
            "lastAt":"2026-11-21T01:30:00Z","text":"another entry\\u001b[31m 5 \\u202e"}
            """,
        ]
        contents.status = """
            {"version":"0.1.0","sessions":12,"nodes":2,"ledgers":3,"entries":26,"outputs":4,"openAlarms":1,"openGaps":2,
            "holds":1,"lastReceivedAt":"2026-11-21T02:59:50Z","store":{"fileBytes":2234567,"usedBytes":1234567,"setAside":[]}}
            """
        contents.statistics = """
            {"sessions":12,"states":[{"value":"ended","sessions":3},{"value":"running","sessions":1},{"sessions":1},
            {"value":"later-state","sessions":7}]}
            """
        for (ledger, count) in [("ledger-0", 3), ("ledger-1", 1), ("ledger-old", 0)] {
            contents.ledgers[ledger] = Samples.entries.prefix(count).map {
                Entry(number: $0.number, hash: $0.hash, bytes: $0.bytes)
            }
        }
        contents.ledgers["ledger-1"]?.append(Entry(number: 2, hash: hash, bytes: nil))
        return contents
    }
}
