// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Foundation
import NIOHTTP1
import OTLPCoding
import SessionRecords
import TestSupport
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("Deliveries", .serialized)
struct IngestTests {
    private let protobuf = [("content-type", "application/x-protobuf")]

    @Test("200 means committed; the same again, and out of order, does no harm")
    func duplicates() async throws {
        var ledger = MadeLedger()
        for seed in 0..<20 { ledger.addSession(seed) }
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            // The second half first, then everything, then the first entry once more.
            for range in [11..<21, 0..<21, 0..<1, 5..<9] {
                let answer = try await collector.deliver(ledger, range, token: token)
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == ["application/x-protobuf"])
                #expect(answer.body == [])
            }
            let overview = try #require(try await collector.store.ledger("ledger-1", scope: .all))
            #expect(overview.headNumber == 21)
            #expect(overview.headHash == ledger.entries[20].hash)
            #expect(overview.holes == [])
            #expect(try await collector.store.status().entries == 21)
            #expect(try await collector.store.status().sessions == 20)
            #expect(try await collector.store.alarms(openOnly: true, scope: .all) == [])
        }
    }

    @Test("an older revision after a newer one changes nothing")
    func olderRevision() async throws {
        var ledger = MadeLedger()
        let id = ledger.addSession(1, exitCode: 1, revision: 2)
        ledger.addSession(1, exitCode: 7, revision: 3)
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, 2..<3, token: token).status == 200)
            #expect(try await collector.deliver(ledger, 0..<2, token: token).status == 200)
            let reader = try await collector.token(.reader)
            let answer = try await collector.call(.GET, "/v1/sessions/\(id)", token: reader)
            #expect(answer.json["exitCode"] as? Int == 7)
            #expect(answer.json["revision"] as? Int == 3)
        }
    }

    @Test("a node that writes as another is refused with 403, and nothing of the delivery is stored")
    func foreignNode() async throws {
        var ledger = MadeLedger(node: "worker-1")
        ledger.addSession(1)
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            let answer = try await collector.deliver(ledger, token: token)
            #expect(answer.status == 403)
            #expect(try await collector.store.status().entries == 0)
            let anyNode = try await collector.token(.agent)
            #expect(try await collector.deliver(ledger, token: anyNode).status == 200)
            #expect(try await collector.store.nodes(scope: .all).map(\.identity) == ["any-node token"])
        }
    }

    @Test("a forged entry is refused with 400, and the whole delivery with it")
    func forged() async throws {
        var ledger = MadeLedger()
        ledger.addSession(1)
        ledger.addSession(2)
        let honest = try ledger.body()
        // One byte of the last entry's own JSON: its hash fits no more.
        var forged = honest
        let needle = Array("\"exitCode\":42".utf8)
        let place = try #require(
            (0..<(forged.count - needle.count)).last { Array(forged[$0..<$0 + needle.count]) == needle })
        forged[place + needle.count - 1] = UInt8(ascii: "0")
        try await RunningCollector.with { [forged] collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            let answer = try await collector.call(.POST, "/v1/logs", token: token, headers: protobuf, body: forged)
            #expect(answer.status == 400)
            #expect(answer.text.contains("the hash is not that of the bytes"))
            #expect(try await collector.store.status().entries == 0)
        }
    }

    @Test("a fork, as a restored backup makes it, is kept beside the first and alarmed")
    func fork() async throws {
        var one = MadeLedger()
        var other = MadeLedger()
        one.addSession(1, exitCode: 1)
        other.addSession(1, exitCode: 2)
        try await RunningCollector.with { [one, other] collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(one, token: token).status == 200)
            #expect(try await collector.deliver(other, token: token).status == 200)
            let reader = try await collector.token(.reader)
            let alarms = try await collector.call(.GET, "/v1/alarms?open=true", token: reader)
            let kinds = (alarms.json["alarms"] as? [[String: Any]] ?? []).compactMap { $0["kind"] as? String }
            #expect(kinds == ["fork"])
        }
    }

    @Test("two live ledgers of one node are alarmed")
    func twoLedgers() async throws {
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            var ledgers = [MadeLedger("ledger-1"), MadeLedger("ledger-2")]
            for round in 0..<3 {
                for index in ledgers.indices {
                    ledgers[index].addSession(round * 10 + index)
                    #expect(try await collector.deliver(ledgers[index], token: token).status == 200)
                }
            }
            let alarms = try await collector.store.alarms(scope: .all)
            #expect(alarms.contains { $0.kind == .twoLedgers })
        }
    }

    @Test("OTLP's JSON, as one would write it for curl, is taken, and answered as JSON")
    func json() async throws {
        var ledger = MadeLedger()
        ledger.addSession(1)
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            let answer = try await collector.call(
                .POST, "/v1/logs", token: token, headers: [("content-type", "application/json; charset=utf-8")],
                body: try ledger.json())
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == ["application/json"])
            #expect(answer.text == "{}")
            #expect(try await collector.store.status().entries == 2)
        }
    }

    @Test("somebody else's log records are counted as rejected, with 200 and a word why")
    func foreignRecords() async throws {
        let body = #"""
            {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
            "scopeLogs":[{"logRecords":[{"timeUnixNano":"1795228800000000000","body":{"stringValue":"hello"},
            "traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"},{"body":{"stringValue":"two"}}]}]}]}
            """#
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            let answer = try await collector.call(
                .POST, "/v1/logs", token: token, headers: [("content-type", "application/json")], body: Array(body.utf8)
            )
            #expect(answer.status == 200)
            let partial = try #require(answer.json["partialSuccess"] as? [String: Any])
            #expect(partial["rejectedLogRecords"] as? String == "2")
            #expect((partial["errorMessage"] as? String)?.contains("nothing of them is stored") == true)
            #expect(try await collector.store.status().entries == 0)
        }
    }

    @Test("what is not understood is refused by its defined status, and stores nothing")
    func refusals() async throws {
        var ledger = MadeLedger()
        ledger.addSession(1)
        let body = try ledger.body()
        let gzip = try Gzip.pack(body)
        let type = ("content-type", "application/x-protobuf")
        let encoding = ("content-encoding", "gzip")
        let cases: [(String, [(String, String)], [UInt8], Int)] = [
            ("no content type", [], body, 415),
            ("another content type", [("content-type", "text/plain")], body, 415),
            ("another encoding", [type, ("content-encoding", "zstd")], body, 415),
            ("not protobuf", [type], Array("hello, world".utf8), 400),
            ("cut protobuf", [type], Array(body.dropLast(10)), 400),
            ("JSON as protobuf", [type], try ledger.json(), 400),
            ("not JSON", [("content-type", "application/json")], body, 400),
            ("not gzip", [type, encoding], body, 400),
            ("cut gzip", [type, encoding], Array(gzip.dropLast(10)), 400),
            (
                "damaged gzip", [type, encoding],
                gzip.enumerated().map { $0.offset == 40 ? $0.element ^ 1 : $0.element }, 400
            ),
        ]
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            for (what, headers, body, status) in cases {
                let answer = try await collector.call(.POST, "/v1/logs", token: token, headers: headers, body: body)
                #expect(answer.status == status, "\(what)")
                // A google.rpc.Status in the request's form: in JSON it has a message, in protobuf at least a field.
                #expect(!answer.body.isEmpty, "\(what)")
            }
            #expect(try await collector.store.status().entries == 0)
            #expect(try await collector.deliver(ledger, token: token).status == 200)
        }
    }

    @Test("a gzip bomb is refused with 413 before it is unpacked")
    func bomb() async throws {
        // 64 MiB and a little, in some 64 KiB.
        let bomb = try Gzip.pack([UInt8](repeating: 0, count: (64 << 20) + 1))
        #expect(bomb.count < 100_000)
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            let headers = protobuf + [("content-encoding", "gzip")]
            let answer = try await collector.call(.POST, "/v1/logs", token: token, headers: headers, body: bomb)
            #expect(answer.status == 413)
        }
    }

    @Test("what all deliveries hold together is bounded: beyond it 429 with Retry-After")
    func budget() async throws {
        let flags = ["--limits-memory", "16MiB", "--limits-unpacked-bytes", "16MiB", "--limits-request-bytes", "16MiB"]
        try await RunningCollector.with(flags: flags) { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            let large = try Gzip.pack([UInt8](repeating: 0, count: 16 << 20))
            let headers = protobuf + [("content-encoding", "gzip")]
            let answer = try await collector.call(.POST, "/v1/logs", token: token, headers: headers, body: large)
            #expect(answer.status == 429)
            #expect(answer.headers["retry-after"] == ["1"])
            var ledger = MadeLedger()
            ledger.addSession(1)
            #expect(try await collector.deliver(ledger, token: token).status == 200)
        }
    }

    @Test("many empty messages are paid for before they are decoded: 413 where they would never fit")
    func messages() async throws {
        let flags = ["--limits-memory", "16MiB", "--limits-unpacked-bytes", "16MiB", "--limits-request-bytes", "16MiB"]
        // Two bytes each: nothing to take in, and some hundred bytes each once decoded.
        let empty = (0..<70_000).flatMap { _ in [0x0A, 0x00] as [UInt8] }
        try await RunningCollector.with(flags: flags) { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            let answer = try await collector.call(.POST, "/v1/logs", token: token, headers: protobuf, body: empty)
            #expect(answer.status == 413)
            let some = try await collector.call(
                .POST, "/v1/logs", token: token, headers: protobuf, body: Array(empty.prefix(1000)))
            #expect(some.status == 200)
        }
    }

    @Test("more records than are taken at once are refused with 413")
    func tooMany() async throws {
        var ledger = MadeLedger()
        for seed in 0..<10 { ledger.addSession(seed) }
        try await RunningCollector.with(flags: ["--limits-records", "10"]) { [ledger] collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: token).status == 413)
            #expect(try await collector.deliver(ledger, 0..<5, token: token).status == 200)
        }
    }

    @Test("a body of 1 GiB is refused without being read, announced or not")
    func gigabyte() async throws {
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            let head =
                "POST /v1/logs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \(token)\r\n"
                + "content-type: application/x-protobuf\r\n"
            let announced = try RawExchange(port: collector.port)
            announced.send(Array((head + "content-length: 1073741824\r\n\r\n").utf8))
            #expect(announced.receive().hasPrefix("HTTP/1.1 413 "))

            let chunked = try RawExchange(port: collector.port)
            chunked.send(Array((head + "transfer-encoding: chunked\r\n\r\n").utf8))
            let chunk = Array("100000\r\n".utf8) + [UInt8](repeating: 0, count: 1 << 20) + Array("\r\n".utf8)
            var rounds = 0
            while rounds < 1024, chunked.send(chunk) { rounds += 1 }
            // Some of it stands in the kernel's buffers; most of it was never taken.
            #expect(chunked.sent < 64 << 20)
            var ledger = MadeLedger()
            ledger.addSession(1)
            #expect(try await collector.deliver(ledger, token: token).status == 200)
        }
    }

    @Test("a body that a client waits to send is asked for, once it is let in")
    func expectation() async throws {
        var ledger = MadeLedger()
        ledger.addSession(1)
        let body = try ledger.body()
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            func head(_ token: String) -> [UInt8] {
                Array(
                    ("POST /v1/logs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \(token)\r\nexpect: 100-continue\r\n"
                        + "content-type: application/x-protobuf\r\ncontent-length: \(body.count)\r\n"
                        + "connection: close\r\n\r\n").utf8)
            }
            let good = try RawExchange(port: collector.port)
            good.send(head(token) + body)
            let answer = good.receive()
            #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
            let bad = try RawExchange(port: collector.port)
            bad.send(head("lwt_0000000000000000_x"))
            #expect(bad.receive().hasPrefix("HTTP/1.1 401 "))
        }
    }
}
