// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import GRDB
import SessionRecords
import TestSupport
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("Verifying the store")
struct VerificationTests {
    /// What the verification says of the ledger after somebody's hands were in the store.
    private static func verified(_ changes: String...) async throws -> ControlAnswer {
        var ledger = MadeLedger()
        for number in 1...11 { ledger.addSession(number) }
        let scratch = try ScratchDirectory()
        return try await RunningCollector.with(scratch: scratch) { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            // Of numbers 1 to 12, 5 to 7 do not come: a hole.
            #expect(try await collector.deliver(ledger, 0..<4, token: agent).status == 200)
            #expect(try await collector.deliver(ledger, 7..<12, token: agent).status == 200)
            let queue = try DatabaseQueue(path: scratch.file("store") + "/collector.db")
            try await queue.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA foreign_keys = OFF")
                for change in changes { try db.execute(sql: change) }
            }
            try queue.close()
            return try await StoreVerification(store: collector.store).run()
        }
    }

    @Test("a recorded hole is no fault")
    func hole() async throws {
        let answer = try await Self.verified()
        #expect(answer.isGood, "\(answer.lines)")
        #expect(answer.lines.contains { $0.contains("missing 5–7: whole") })
    }

    @Test(
        "entries that are gone are a fault wherever they stood, unless exactly they are recorded as a hole",
        arguments: [
            ("DELETE FROM entry WHERE number = 2", "entries 2 to 2 are not there"),
            ("DELETE FROM entry WHERE number <= 2", "entries 1 to 2 are not there"),
            ("DELETE FROM entry WHERE number >= 11", "the last entry is 10, and the head is 12"),
            ("DELETE FROM entry WHERE number = 4", "entries 4 to 7 are not there"),
            ("DELETE FROM entry", "the last entry is 0, and the head is 12"),
            ("DELETE FROM hole", "entries 5 to 7 are not there"),
            ("UPDATE hole SET last = 9", "entries 5 to 7 are not there"),
            ("UPDATE ledger SET first = 3", "stands before the beginning"),
            ("UPDATE ledger SET anchor_number = 2", "stands before the beginning"),
        ])
    func gone(change: String, fault: String) async throws {
        let answer = try await Self.verified(change)
        #expect(!answer.isGood)
        #expect(answer.lines.contains { $0.contains(fault) }, "\(answer.lines)")
    }
}
