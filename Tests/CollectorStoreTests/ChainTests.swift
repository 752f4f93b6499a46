// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import TestSupport
import Testing

@Suite("Ledgers' chains")
struct ChainTests {
    @Test("a batch that comes twice is stored once")
    func twice() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let batch = [ledger.agentStarted(), ledger.started(1), ledger.ended(1)]
        #expect(try await store.take(batch).stored == 3)
        let again = try await store.take(batch)
        #expect(again.stored == 0)
        #expect(again.duplicates == 3)
        #expect(again.alarms.isEmpty)
        #expect(try await store.ids() == [Sample.id(1)])
        #expect(
            try await store.entries(ledger: ledger.id, after: 0, limit: 10, scope: .all).map(\.number) == [1, 2, 3])
        #expect(try await store.alarms(scope: .all).isEmpty)
    }

    @Test("the chain as stored verifies, with the bytes that were sent")
    func verifies() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let sent = (0..<5).map { ledger.ended($0) }
        try await store.take(sent)
        var hash = Digest.zero
        for entry in try await store.entries(ledger: ledger.id, after: 0, limit: 10, scope: .all) {
            #expect(entry.previousHash == hash)
            hash = MadeLedger.hash(hash, entry.number, try #require(entry.bytes))
            #expect(entry.hash == hash)
        }
        let head = try #require(try await store.ledger(ledger.id, scope: .all))
        #expect(head.headNumber == 5)
        #expect(head.headHash == hash)
        #expect(head.first == 1)
    }

    @Test("a hole is alarmed when it opens, and closes when the last number has come")
    func hole() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let entries = ledger.agentStarted(count: 10)
        try await store.take(Array(entries[0..<2]))
        let result = try await store.take(Array(entries[6...]))
        #expect(result.alarms.map(\.kind) == [.hole])
        #expect(try await store.holes(ledger) == [3...6])
        try await store.take([entries[4]])
        #expect(try await store.holes(ledger) == [3...4, 6...6])
        try await store.take([entries[5], entries[3]])
        #expect(try await store.open(.hole).count == 1)
        try await store.take([entries[2]])
        #expect(try await store.holes(ledger) == [])
        let alarms = try await store.alarms(scope: .all)
        #expect(alarms.map(\.kind) == [.hole])
        #expect(alarms.allSatisfy { $0.closedAt != nil })
    }

    @Test("a ledger that begins late has no hole, one that goes on before its beginning has")
    func beginsLate() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let entries = ledger.agentStarted(count: 10)
        try await store.take([entries[7]])
        #expect(try await store.holes(ledger) == [])
        #expect(try await store.ledger(ledger.id, scope: .all)?.first == 8)
        try await store.take([entries[3]])
        #expect(try await store.ledger(ledger.id, scope: .all)?.first == 4)
        #expect(try await store.holes(ledger) == [5...7])
        try await store.take(Array(entries[4..<7]))
        #expect(try await store.open(.hole).isEmpty)
    }

    @Test("entries in any order make the same chain, without a broken link", arguments: [UInt64](1...5))
    func anyOrder(seed: UInt64) async throws {
        let store = try Scratch().open()
        var random = SeededGenerator(seed: seed)
        var ledger = MadeLedger()
        let entries = ledger.agentStarted(count: 40)
        for entry in entries.shuffled(using: &random) { try await store.take([entry]) }
        let stored = try await store.entries(ledger: ledger.id, after: 0, limit: 100, scope: .all)
        #expect(stored.map(\.hash) == entries.map(\.hash))
        #expect(try await store.holes(ledger) == [])
        #expect(try await store.alarms(openOnly: true, scope: .all).isEmpty)
        #expect(try await store.alarms(scope: .all).allSatisfy { $0.kind == .hole })
    }

    @Test("a number that comes again with another hash is kept beside the first, and alarmed once")
    func fork() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take(ledger.agentStarted(count: 3))
        var restored = ledger
        let first = ledger.agentStarted(count: 3)
        try await store.take(first)
        restored.now = restored.now.advanced(byNanoseconds: 77)
        let others = restored.agentStarted(count: 2) + [restored.ended(9)]
        let result = try await store.take(others)
        #expect(result.forks == 3)
        #expect(result.alarms.map(\.kind) == [.fork])
        #expect(try await store.open(.fork).first?.count == 3)
        #expect(try await store.take(others).duplicates == 3)
        let chain = try await store.entries(ledger: ledger.id, after: 3, limit: 10, scope: .all)
        #expect(chain.map(\.hash) == first.map(\.hash))
        let all = try await store.entries(ledger: ledger.id, after: 3, limit: 10, forks: true, scope: .all)
        #expect(all.count == 6)
        // What it tells is a session all the same.
        #expect(try await store.ids() == [Sample.id(9)])
        // The chain goes on behind the fork: no further alarm.
        let onward = try await store.take([restored.agentStarted()])
        #expect(onward.alarms.isEmpty)
    }

    @Test("an entry that does not name the hash before it is alarmed as a broken link, before and behind")
    func brokenLink() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take(ledger.agentStarted(count: 2))
        ledger.hash = Digest(of: [1])
        let result = try await store.take([ledger.agentStarted()])
        #expect(result.stored == 1)
        #expect(result.alarms.map(\.kind) == [.brokenLink])
        #expect(try await store.open(.brokenLink).first?.number == 3)

        var late = MadeLedger("b")
        let entries = late.agentStarted(count: 3)
        try await store.take([entries[0]])
        try await store.take([entries[2]])
        var changed = entries[1]
        changed.hash = Digest(of: [2])
        #expect(try await store.take([changed]).alarms.map(\.kind).contains(.brokenLink))
    }

    @Test("a stub keeps its place, and the bytes complete it when they come")
    func stub() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        let whole = ledger.ended(1)
        var stub = whole
        stub.bytes = nil
        stub.session = nil
        stub.output = nil
        stub.stubReason = "refused with 413"
        try await store.take([stub])
        #expect(try await store.ids().isEmpty)
        #expect(try await store.ledger(ledger.id, scope: .all)?.stubs == 1)
        #expect(try await store.take([stub]).duplicates == 1)
        #expect(try await store.take([whole]).stored == 1)
        #expect(try await store.ledger(ledger.id, scope: .all)?.stubs == 0)
        #expect(try await store.ids() == [Sample.id(1)])
    }

    @Test("gaps are kept by their closing, whichever comes first, and a missed one is one that nothing closed")
    func gaps() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        var gap = Gap(source: "runtime", openedAt: TestClock.epoch, reason: "connection lost")
        let opened = ledger.gap(gap)
        gap.closedAt = TestClock.epoch.advanced(byNanoseconds: 5)
        gap.closedBy = GapClosing.relisted
        let closed = ledger.gap(gap)
        var missed = Gap(source: "journal", openedAt: TestClock.epoch, reason: "vacuumed")
        missed.closedAt = missed.openedAt
        try await store.take([closed, opened, ledger.gap(missed)])
        #expect(Set(try await store.gaps(scope: .all).map(\.gap)) == [gap, missed])
        #expect(try await store.gaps(missedOnly: true, scope: .all).map(\.gap) == [missed])
        #expect(try await store.gaps(node: "worker-9", scope: .all).isEmpty)
    }
}
