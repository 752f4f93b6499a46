// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import OTLPCoding
import ReceiverSupport
import SessionRecords
import TestSupport
import Testing

/// The real agent on real containers, delivering to a receiver over TLS.
@Suite("Delivery from a node", .serialized)
struct DeliveryRigTests {
    @Test("sessions reach the receiver with their outputs, also those of the time when it was away, and none twice")
    func delivery() async throws {
        let certificates = try StandInCertificates()
        let receiver = OTLPReceiver(.init(tls: certificates)) { request in
            request.headers["authorization"] == "Bearer of-the-test" ? .take : .status(401)
        }
        try await receiver.start()
        let scratch = try ScratchDirectory()
        try Files.write(certificates.authority, to: scratch.path + "/receiver-ca.crt")
        try Files.write("of-the-test\n", to: scratch.path + "/receiver-token")
        let node = try await DebugNode.start(flags: [
            "--forward-endpoint", receiver.url, "--forward-ca-file", scratch.path + "/receiver-ca.crt",
            "--forward-token-file", scratch.path + "/receiver-token", "--forward-retry-limit", "1s",
        ])
        do {
            let pod = try await node.makePod("debug-target")
            let first = try await node.playToEnd(.debugger(name: "debugger-1", shell: "echo finding; exit 42"), in: pod)
            try await waitUntil("the first session's end has arrived") { Self.end(of: first, in: receiver) != nil }
            let end = try #require(Self.end(of: first, in: receiver))
            #expect(end.session?.exitCode == 42 && end.output?.bytes == Array("finding\n".utf8))

            await receiver.stop()
            let second = try await node.playToEnd(.debugger(name: "debugger-2", shell: "echo other"), in: pod)
            _ = try await node.record(of: second)
            try await waitUntil("status says that nothing moves") {
                try await node.lastword("status").contains("nothing moves")
            }
            try await receiver.start()
            try await waitUntil("the second session's end has arrived") { Self.end(of: second, in: receiver) != nil }
            try await waitUntil("the mark has moved") {
                try await node.lastword("status").contains(", 0 waiting")
            }
            #expect(try node.metric("lastword_forward_up") == 1)
            try await node.stop()
        } catch {
            try await node.stop()
            await receiver.stop()
            throw error
        }
        await receiver.stop()
        // One ledger, from its first entry on, each once, each behind the one before it.
        let entries = receiver.entries
        #expect(entries.map(\.number) == Array(1...Int64(entries.count)))
        #expect(Set(entries.map(\.ledger)).count == 1 && entries.allSatisfy { $0.node == "node-1" })
        for (entry, next) in zip(entries, entries.dropFirst()) { #expect(next.previousHash == entry.hash) }
    }

    private static func end(of container: RunningContainer, in receiver: OTLPReceiver) -> IncomingEntry? {
        receiver.entries.first { entry in
            entry.type == EntryType.sessionEnded.rawValue && entry.session?.containerID == container.id
        }
    }
}
