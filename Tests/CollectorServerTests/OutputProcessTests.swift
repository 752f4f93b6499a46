// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import TestSupport
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("The real program's outputs", .serialized)
struct OutputProcessTests {
    private static func collector(_ place: ScratchDirectory, _ yaml: String) throws -> CollectorProcess {
        try CollectorProcess(flags: ["--config", try place.write(yaml, to: "collector.yaml")])
    }

    private static func lines(_ path: String) throws -> [[String: Any]] {
        guard Files.exists(path) else { return [] }
        // What stands behind the last newline is being written.
        let bytes = try Files.read(path)
        let whole = bytes[...].prefix((bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
        return try String(decoding: whole, as: UTF8.self).split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }

    private static func ids(_ lines: [[String: Any]]) -> [String] {
        lines.compactMap { ($0["event"] as? [String: Any])?["id"] as? String }
    }

    @Test("killed in the middle of its work, it leaves whole lines, and everything that it took in is in them")
    func killed() async throws {
        let folder = try ScratchDirectory()
        let path = folder.file("events.jsonl")
        let collector = try Self.collector(
            folder,
            """
            outputs:
              archive: {type: file, path: \(path), events: [session.ended]}
              nobody: {type: syslog, address: "127.0.0.1:1", transport: tcp}
            """)
        try await collector.start()
        let made = try await collector.command("token", "create", "--role", "agent", "--name", "agents")
        let token = made.text.trimmingCharacters(in: .newlines)
        var taken = 0
        for round in 0..<4 {
            var ledger = MadeLedger("ledger-\(round)", node: "worker-\(round)")
            for seed in 0..<200 { ledger.addSession(round * 1000 + seed) }
            let body = try ledger.body()
            async let answer = collector.deliver(body, token: token)
            if round < 3 {
                // Somewhere between the commit, the writing and the mark.
                let before = taken
                try await waitUntil("something is written") { try Self.lines(path).count > before }
            }
            try await collector.kill()
            _ = await answer
            if round == 1 { try Files.append(Array("{\"torn\":\"".utf8), to: path) }
            try await collector.start()
            let again = await collector.deliver(body, token: token)
            #expect(again == 200)
            taken += 200
            let wanted = taken
            try await waitUntil("all of it is written") {
                try Set(Self.ids(Self.lines(path))).count == wanted
            }
        }
        let lines = try Self.lines(path)
        var first: [String: String] = [:]
        for line in lines {
            let id = try #require(Self.ids([line]).first)
            let record = String(
                decoding: try JSONSerialization.data(withJSONObject: line, options: .sortedKeys), as: UTF8.self)
            #expect(first[id, default: record] == record, "a copy differs")
            first[id] = record
        }
        #expect(first.count == 800)
        // An output that reaches nobody is told, and makes nothing unready.
        let ready = try #require(HTTPProbe.get(port: collector.port, path: "/readyz"))
        #expect(ready.status == 200 && ready.body.contains("output nobody"))
        try await collector.stop()
    }

    @Test("check tries each output, and makes and sends nothing")
    func check() async throws {
        let folder = try ScratchDirectory()
        let collector = try Self.collector(
            folder,
            """
            outputs:
              good: {type: file, path: \(folder.file("events.jsonl"))}
              nowhere: {type: file, path: /nonexistent/events.jsonl}
              nobody: {type: syslog, address: "127.0.0.1:1", transport: tcp, timeout: 2s}
            """)
        let result = try await collector.command("check", "--config", collector.flags[1])
        #expect(result.ending == .exited(1))
        let lines = result.text.split(separator: "\n").map(String.init)
        #expect(lines.contains("ok    output good: \(folder.file("events.jsonl"))"))
        #expect(
            lines.contains { $0.hasPrefix("FAIL  output nowhere: cannot make files beside /nonexistent/events.jsonl") })
        #expect(lines.contains { $0.hasPrefix("FAIL  output nobody: cannot reach the syslog receiver 127.0.0.1:1") })
        #expect(!Files.exists(folder.file("events.jsonl")))
    }
}
