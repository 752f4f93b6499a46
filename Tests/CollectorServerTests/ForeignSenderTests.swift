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

@Suite("A sender that is not ours", .serialized)
struct ForeignSenderTests {
    /// What the SDK was answered, request by request.
    private struct Told: Decodable {
        var status: Int
        var rejected: Int
        var message: String
    }

    private func send(
        _ collector: RunningCollector, token: String, file: String? = nil
    ) async throws -> [Told] {
        let script = OpenTelemetryPython.script("sender.py", beside: #filePath)
        let result = try await ChildProcess.run(
            [OpenTelemetryPython.interpreter, script, "http://127.0.0.1:\(collector.port)/v1/logs", token]
                + (file.map { [$0] } ?? []))
        #expect(result.succeeded, "\(result.errorText)")
        return try result.text.split(separator: "\n").map { try JSONDecoder().decode(Told.self, from: Data($0.utf8)) }
    }

    @Test(
        "OpenTelemetry's SDK for Python: its own records are rejected one by one, and nothing is without a login",
        .enabled(if: OpenTelemetryPython.isInstalled, "OpenTelemetry for Python is not installed: dev/setup.sh does"))
    func ordinaryRecords() async throws {
        try await RunningCollector.with { collector async throws in
            #expect(try await send(collector, token: "").map(\.status) == [401])
            #expect(try await send(collector, token: "lwa_nobody_gave_this_one_away").map(\.status) == [401])
            let told = try await send(collector, token: try await collector.token(.agent, node: "worker-0"))
            #expect(told.map(\.status) == [200] && told.map(\.rejected) == [1])
            #expect(told.first?.message.contains("not entries of a Lastword ledger") == true)
            #expect(try await collector.store.status().entries == 0)
        }
    }

    @Test(
        "OpenTelemetry's SDK for Python makes requests anew from our records: chain, session and output are whole",
        .enabled(if: OpenTelemetryPython.isInstalled, "OpenTelemetry for Python is not installed: dev/setup.sh does"))
    func entries() async throws {
        var ledger = MadeLedger()
        let session = ledger.addSession(1, output: "printed\n")
        ledger.addGap(closed: true)
        try await RunningCollector.with { collector async throws in
            let file = collector.scratch.file("request")
            try Data(try ledger.body()).write(to: URL(filePath: file))
            let told = try await send(
                collector, token: try await collector.token(.agent, node: "worker-0"), file: file)
            #expect(!told.isEmpty && told.allSatisfy { $0.status == 200 && $0.rejected == 0 })
            let overview = try #require(try await collector.store.ledger("ledger-1", scope: .all))
            #expect(overview.headNumber == 3 && overview.headHash == ledger.entries.last?.hash && overview.holes == [])
            let reader = try await collector.token(.reader)
            #expect(try await collector.call(.GET, "/v1/sessions/\(session)/output", token: reader).text == "printed\n")
            // As a node that it is not, the same SDK is turned away.
            let other = try await send(
                collector, token: try await collector.token(.agent, node: "worker-9"), file: file)
            #expect(!other.isEmpty && other.allSatisfy { $0.status == 403 })
        }
    }

    @Test("curl, with the JSON that a person writes")
    func curl() async throws {
        var ledger = MadeLedger()
        ledger.addSession(1)
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.agent, node: "worker-0")
            let file = collector.scratch.file("request.json")
            try Data(try ledger.json()).write(to: URL(filePath: file))
            let result = try await ChildProcess.run([
                "curl", "--silent", "--show-error", "--fail-with-body", "--header", "Authorization: Bearer \(token)",
                "--header", "Content-Type: application/json", "--data-binary", "@\(file)",
                "http://127.0.0.1:\(collector.port)/v1/logs",
            ])
            #expect(result.succeeded && result.text == "{}", "\(result.text) \(result.errorText)")
            #expect(try await collector.store.status().entries == 2)
        }
    }
}
