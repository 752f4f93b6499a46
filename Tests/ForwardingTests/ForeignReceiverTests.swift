// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Foundation
import TestSupport
import Testing

@testable import Forwarding

@Suite("A receiver that is not ours")
struct ForeignReceiverTests {
    @Test(
        "OpenTelemetry's own messages for Python read what is sent",
        .enabled(if: OpenTelemetryPython.isInstalled, "OpenTelemetry for Python is not installed: dev/setup.sh does"))
    func reads() async throws {
        let output = NSTemporaryDirectory() + "receiver-\(UUID().uuidString).log"
        defer { try? FileManager.default.removeItem(atPath: output) }
        let receiver = try ChildProcess.start(
            [OpenTelemetryPython.interpreter, OpenTelemetryPython.script("receiver.py", beside: #filePath)],
            output: .file(output))
        func lines() throws -> [String] {
            try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").map(String.init)
        }
        try await waitUntil("it listens") { try lines().first.flatMap { Int($0) } != nil }
        let port = try #require(try lines().first)
        let run = try ForwardingRun("http://127.0.0.1:\(port)")
        try await run.record(1...20)
        run.start()
        try await run.waitUntilDelivered()
        try await waitUntil("it has said what it read") { try lines().count > 1 }
        let text = try lines().dropFirst().joined()
        let records = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(records.count == 21)
        let record = try #require(records.last)
        let attributes = try #require(record["attributes"] as? [String: Any])
        let resource = try #require(record["resource"] as? [String: Any])
        #expect(attributes["log.record.uid"] as? String == "\(run.store.ledger):21")
        #expect(attributes["process.exit.code"] as? Int == 42)
        #expect(attributes["lastword.entry.hash"] as? String == "bytes:32")
        #expect(
            resource["k8s.pod.name"] as? String == "debug-target" && resource["k8s.node.name"] as? String == "worker-0")
        #expect(record["event"] as? String == "lastword.session.ended")
        #expect((record["body"] as? String)?.contains("default/debug-target/debugger-20") == true)
        try await run.close()
        try await receiver.terminate()
    }
}
