// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import GRDB
import Glibc
import SessionRecords
import TestSupport
import Testing

@Suite("Many callers at once")
struct GroupCommitTests {
    @Test("200 callers share commits; each gets its own result, and what is wrong with some is no matter to the others")
    func manyCallers() async throws {
        let store = try Scratch().open()
        let results = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for number in 0..<200 {
                group.addTask {
                    var ledger = MadeLedger(ledgerName(number), node: "worker-\(number)")
                    var batch = [ledger.agentStarted(), ledger.ended(number)]
                    switch number % 10 {
                    case 3: batch[1].hash = batch[0].hash
                    case 5:
                        // The schema's own rules: no gap without a name.
                        var gap = Gap(source: "runtime", openedAt: TestClock.epoch, reason: "x")
                        gap.id = ""
                        batch.append(ledger.gap(gap))
                    case 7: batch[0].node = "worker-0"
                    default: break
                    }
                    do {
                        let result = try await store.ingest(
                            batch, sender: .of("worker-\(number)"), receivedAt: TestClock.epoch)
                        return (number, "\(result.stored)")
                    } catch let error as LastwordError {
                        return (number, error.code)
                    }
                }
            }
            return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        for number in 0..<200 {
            let expected =
                switch number % 10 {
                case 5: "ingest.refused"
                case 7: "ingest.other-node"
                default: "2"
                }
            #expect(results[number] == expected, "caller \(number)")
        }
        let counters = store.counters
        #expect(counters.batches == 160)
        #expect(counters.stored == 320)
        #expect(counters.refused == ["ingest.refused": 20, "ingest.other-node": 20])
        #expect(counters.pendingBatches == 0)
        #expect(counters.pendingBytes == 0)
        #expect(try await store.nodes(scope: .all).count == 160)
        #expect(try await store.ids().count == 160)
        #expect(try await store.integrityFindings().isEmpty)
    }

    @Test("what waits while the writer is busy goes in one commit")
    func oneCommit() async throws {
        let store = try Scratch().open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    var ledger = MadeLedger(ledgerName(number), node: "worker-\(number)")
                    try await store.take((0..<5).map { ledger.ended(number * 10 + $0) })
                }
            }
            try await group.waitForAll()
        }
        #expect(store.counters.batches == 200)
        #expect(store.counters.commits < 100, "\(store.counters.commits) commits")
        #expect(try await store.count(scope: .all) == 1000)
    }

    @Test("a batch that is refused leaves no trace in one of the same ledger that shares its commit")
    func refusedNeighbour() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        var other = MadeLedger("b", node: "worker-1")
        try await store.take([ledger.agentStarted()])
        var nameless = Gap(source: "runtime", openedAt: TestClock.epoch, reason: "x")
        nameless.id = ""
        var copy = ledger
        let bad = [copy.agentStarted(), copy.agentStarted(), copy.gap(nameless)]
        let good = [ledger.agentStarted()]
        let first = [other.agentStarted()]

        // Somebody else writes: what comes meanwhile waits, in this order.
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let blocker = try DatabaseQueue(path: scratch.database, configuration: configuration)
        try await blocker.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        let begun = Task { try await store.take(first) }
        try await waitUntil("the writer waits") {
            store.counters.pendingBatches == 0 && store.counters.pendingBytes > 0
        }
        let refused = Task { try await store.take(bad) }
        try await waitUntil("the bad batch waits") { store.counters.pendingBatches == 1 }
        let taken = Task { try await store.take(good) }
        try await waitUntil("the good batch waits") { store.counters.pendingBatches == 2 }
        try await blocker.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }

        #expect(try await begun.value.stored == 1)
        await #expect(throws: LastwordError.self) { try await refused.value }
        #expect(try await taken.value.stored == 1)
        #expect(try await store.ledger(ledger.id, scope: .all)?.headNumber == 2)
        #expect(try await store.take([ledger.agentStarted()]).alarms.isEmpty)
    }

    @Test("a transaction that fails in its middle leaves nothing behind, and the store goes on")
    func failingMiddle() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1)])
        try scratch.tamper { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER trap BEFORE INSERT ON output WHEN (SELECT count(*) FROM output) >= 3
                    BEGIN SELECT RAISE(FAIL, 'the disk is gone'); END
                    """)
        }
        let before = ledger
        let batch = (2..<8).map { ledger.ended($0) }
        await #expect(throws: LastwordError.self) { try await store.take(batch) }
        #expect(try await store.ids() == [Sample.id(1)])
        #expect(try await store.ledger(ledger.id, scope: .all)?.headNumber == before.number)
        #expect(try await store.alarms(scope: .all).isEmpty)
        try scratch.tamper { try $0.execute(sql: "DROP TRIGGER trap") }
        #expect(try await store.take(batch).stored == 6)
        #expect(try await store.ids().count == 7)
        #expect(try await store.integrityFindings().isEmpty)
    }

    @Test(
        "on a full disk batches are refused whole, readers go on, and it goes on when there is room",
        .enabled(if: geteuid() == 0, "mounting needs root"))
    func fullDisk() async throws {
        let scratch = try Scratch()
        mkdir(scratch.store, 0o755)
        try #require(mount("tmpfs", scratch.store, "tmpfs", 0, "size=6000000") == 0)
        defer { umount2(scratch.store, Int32(MNT_DETACH)) }
        let store = try scratch.open()
        var ledger = MadeLedger()
        var kept = 0
        var fault: LastwordError?
        while fault == nil, kept < 1000 {
            let entry = ledger.ended(kept, output: String(repeating: "zeile \(kept) ", count: 4000))
            do {
                try await store.take([entry])
                kept += 1
            } catch let error as LastwordError {
                fault = error
                #expect(try await store.ids().count == kept)
                #expect(try await store.ledger(ledger.id, scope: .all)?.headNumber == Int64(kept))
                #expect(store.counters.failing == "store.full")
                // Room again.
                mount(nil, scratch.store, nil, UInt(MS_REMOUNT), "size=60000000")
                #expect(try await store.take([entry]).stored == 1)
                #expect(store.counters.failing == nil)
            }
        }
        #expect(fault?.code == "store.full")
        #expect(try await store.ids().count == kept + 1)
        #expect(try await store.integrityFindings().isEmpty)
        try store.close()
    }

    @Test("more than may wait is refused as busy; a closed store takes nothing")
    func bounds() async throws {
        let store = try Scratch().open { $0.maxPendingBytes = 1 }
        let codes = await withTaskGroup(of: String?.self) { group in
            for number in 0..<50 {
                group.addTask {
                    var ledger = MadeLedger(ledgerName(number), node: "worker-\(number)")
                    do {
                        try await store.take([ledger.ended(number)])
                        return nil
                    } catch {
                        return (error as? LastwordError)?.code ?? "\(error)"
                    }
                }
            }
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(codes.contains(nil))
        #expect(codes.allSatisfy { $0 == nil || $0 == "store.busy" })
        #expect(try await store.count(scope: .all) == codes.count { $0 == nil })
        try store.close()
        var late = MadeLedger()
        let refusal = await #expect(throws: LastwordError.self) { try await store.take([late.ended(1)]) }
        #expect(refusal?.code == "store.closed")
    }
}

private func ledgerName(_ number: Int) -> String {
    String(number + 1000)
}
