// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import Testing

@Suite("Retention")
struct RetentionTests {
    /// Enforces the limits until nothing is left to do.
    private static func enforce(
        _ store: CollectorStore, _ limits: CollectorRetention, atMost steps: Int = 1000
    ) async throws -> (sessions: Int, entries: Int, steps: Int) {
        var sum = (sessions: 0, entries: 0, steps: 0)
        while let outcome = try await store.enforceRetention(limits) {
            sum.sessions += outcome.sessions
            sum.entries += outcome.entries
            sum.steps += 1
            #expect(outcome.sessions + outcome.entries <= 2 * limits.stepRows)
            guard outcome.more, sum.steps < steps else { break }
        }
        return sum
    }

    /// What is left of a chain verifies from its anchor.
    private static func verify(_ store: CollectorStore, _ ledger: MadeLedger) async throws -> [Int64] {
        let overview = try #require(try await store.ledger(ledger.id, scope: .all))
        var (number, hash) = (overview.anchorNumber, overview.anchorHash)
        let entries = try await store.entries(ledger: ledger.id, after: 0, limit: 10_000, scope: .all)
        for entry in entries {
            #expect(entry.number == number + 1)
            number = entry.number
            #expect(entry.previousHash == hash)
            hash = MadeLedger.hash(hash, number, try #require(entry.bytes))
        }
        #expect(number == overview.headNumber)
        #expect(hash == overview.headHash)
        return entries.map(\.number)
    }

    @Test("what is too old goes in bounded steps, with its words; the rest of the chain verifies from the anchor")
    func byAge() async throws {
        let scratch = try Scratch()
        let store = try scratch.open { $0.indexPurgeDelay = .zero }
        var ledger = MadeLedger()
        for number in 0..<50 { try await store.take([ledger.ended(number, output: "altwort\(number)zeile")]) }
        ledger.now = ledger.now.advanced(byNanoseconds: 100 * 86_400_000_000_000)
        for number in 50..<60 { try await store.take([ledger.ended(number, output: "neuwort\(number)")]) }
        scratch.clock.advance(seconds: 100 * 86_400 + 120)
        let limits = CollectorRetention(maxAge: .seconds(86_400), stepRows: 20)
        let removed = try await Self.enforce(store, limits)
        #expect(removed.sessions == 50)
        #expect(removed.entries == 50)
        #expect(removed.steps >= 3)
        #expect(try await Self.verify(store, ledger) == Array(51...60))
        #expect(try await store.ids().count == 10)
        #expect(try await store.found("altwort7zeile").isEmpty)
        #expect(try await store.found("neuwort55") == [Sample.id(55)])
        #expect(try await store.enforceRetention(limits) == nil)
        #expect(try scratch.occurrences(of: "altwort") == 0)
        #expect(try scratch.occurrences(of: "7zeile") == 0)
        #expect(try await store.integrityFindings().isEmpty)
        let lines = try await store.auditLines(limit: 10)
        #expect(lines.map(\.action) == ["retention"], "one line a day")
        #expect(lines.first?.detail?.contains("\"sessions\":50") == true)
        #expect(store.counters.removedSessions == 50)
        // What is removed is not taken again.
        var again = MadeLedger()
        #expect(try await store.take([again.ended(0)]).duplicates == 1)
        #expect(try await store.ids().count == 10)
    }

    @Test("over the byte limit the oldest goes first, and the store comes below it")
    func byBytes() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        for number in 0..<100 {
            try await store.take([ledger.ended(number, output: String(repeating: "wort\(number) ", count: 2000))])
        }
        let limits = CollectorRetention(maxBytes: 1_500_000, stepBytes: 300_000, stepRows: 30)
        #expect(try await store.status().usedBytes > limits.maxBytes)
        let removed = try await Self.enforce(store, limits)
        #expect(removed.steps > 1)
        #expect(try await store.status().usedBytes <= limits.maxBytes)
        let left = try await store.ids()
        #expect(!left.isEmpty)
        #expect(left == (0..<100).suffix(left.count).reversed().map { Sample.id($0) })
        _ = try await Self.verify(store, ledger)
        #expect(try await store.enforceRetention(limits) == nil)
        #expect(try await store.integrityFindings().isEmpty)
    }

    @Test("what is held stays, by age and by bytes, with record and output, also when its entry has gone")
    func held() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        for number in 0..<30 {
            try await store.take([ledger.ended(number, output: String(repeating: "wort\(number) ", count: 500))])
        }
        try await store.hold(Sample.id(3), by: "ada", reason: "case 7")
        let json = try await store.json(3)
        scratch.clock.advance(seconds: 400 * 86_400)
        _ = try await Self.enforce(store, CollectorRetention(maxBytes: 1, maxAge: .seconds(86_400)))
        #expect(try await store.ids() == [Sample.id(3)])
        #expect(try await store.json(3) == json)
        #expect(try await store.found("wort3") == [Sample.id(3)])
        #expect(try await Self.verify(store, ledger) == [])
        try await store.release(Sample.id(3), by: "ada", reason: "closed")
        _ = try await Self.enforce(store, CollectorRetention(maxAge: .seconds(86_400)))
        #expect(try await store.ids().isEmpty)
        // The ledger goes on where it was.
        #expect(try await store.take([ledger.agentStarted()]).alarms.isEmpty)
        _ = try await Self.verify(store, ledger)
    }

    @Test("a running session stays as long as its node is heard of")
    func running() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        try await store.take([ledger.started(1), ledger.ended(2)])
        scratch.clock.advance(seconds: 100 * 86_400)
        let heard = TestClock.epoch.advanced(byNanoseconds: 99 * 86_400_000_000_000 + 60_000_000_000)
        ledger.now = heard
        try await store.take([ledger.agentStarted()])
        let limits = CollectorRetention(maxAge: .seconds(2 * 86_400))
        _ = try await Self.enforce(store, limits)
        #expect(try await store.ids() == [Sample.id(1)])
        scratch.clock.advance(seconds: 10 * 86_400)
        _ = try await Self.enforce(store, limits)
        #expect(try await store.ids().isEmpty)
    }

    @Test("holes, forks and closed gaps below the anchor go with it")
    func below() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        var fork = ledger
        fork.now = fork.now.advanced(byNanoseconds: 7)
        let entries = ledger.agentStarted(count: 10)
        try await store.take(Array(entries[0..<3] + entries[6...]))
        try await store.take([fork.agentStarted()])
        #expect(try await store.holes(ledger) == [4...6])
        scratch.clock.advance(seconds: 100 * 86_400)
        _ = try await Self.enforce(store, CollectorRetention(maxAge: .seconds(86_400)))
        #expect(try await store.holes(ledger) == [])
        #expect(try await store.open(.hole).isEmpty)
        #expect(try await store.entries(ledger: ledger.id, after: 0, limit: 10, forks: true, scope: .all).isEmpty)
        #expect(try await store.ledger(ledger.id, scope: .all)?.anchorNumber == 10)
        #expect(try await store.take([entries[4]]).duplicates == 1)
    }

    @Test("what was erased stays erased, also when retention has removed it and it comes again")
    func erasedComesAgain() async throws {
        let scratch = try Scratch()
        let store = try scratch.open { $0.indexPurgeDelay = .zero }
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1, output: "geheimwort")])
        try await store.erase(Sample.id(1), by: "ada", reason: "a password")
        scratch.clock.advance(seconds: 100 * 86_400)
        _ = try await Self.enforce(store, CollectorRetention(maxAge: .seconds(86_400)))
        #expect(try await store.ids().isEmpty)
        var other = MadeLedger("b")
        try await store.take([other.ended(1, output: "geheimwort")])
        guard case .erased(let erasure)? = try await store.output(Sample.id(1), scope: .all) else {
            Issue.record("the output is back")
            return
        }
        #expect(erasure.reason == "a password")
        #expect(try await store.found("geheimwort").isEmpty)
    }
}
