// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import SessionTracking
import TestSupport
import Testing

/// What the store should hold after any sequence of calls.
private struct Model {
    struct Row {
        var session: Session
        var isOpen: Bool
        var lastEntry: Int64?
    }

    var rows: [SessionID: Row] = [:]
    var head: Int64 = 1
    var anchor: Int64 = 0

    /// The entries' sessions by number.
    var told: [Int64: SessionID] = [:]

    mutating func commit(_ commit: SessionCommit) {
        let id = commit.session.id
        if let row = rows[id], row.session.revision >= commit.session.revision { return }
        var row = Row(session: commit.session, isOpen: commit.facts != nil, lastEntry: rows[id]?.lastEntry)
        if commit.entry != nil {
            head += 1
            told[head] = id
            row.lastEntry = head
        }
        rows[id] = row
    }

    mutating func forget(_ id: SessionID) {
        if rows[id]?.lastEntry == nil { rows[id] = nil } else { rows[id]?.isOpen = false }
    }

    mutating func removed(through number: Int64) {
        for entry in (anchor + 1)..<(number + 1) {
            guard let id = told.removeValue(forKey: entry), let row = rows[id] else { continue }
            if !row.isOpen, let last = row.lastEntry, last <= number { rows[id] = nil }
        }
        anchor = number
    }
}

@Suite("The store against a model")
struct ModelTests {
    @Test(
        "after any commits, repetitions, retention and reopening the store holds what the model holds, and verifies",
        arguments: [UInt64](1...4))
    func randomCalls(seed: UInt64) throws {
        let scratch = try Scratch()
        let clock = TestClock()
        var random = SeededGenerator(seed: seed)
        var model = Model()
        var store = try scratch.open(clock: clock)
        for _ in 0..<60 {
            clock.advance(seconds: Int64.random(in: 0..<20, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                try store.close()
                store = try scratch.open(clock: clock)
                #expect(store.opening == .existing)
            case 1: try store.acknowledge(through: Int64.random(in: 0...model.head, using: &random))
            case 2, 3:
                let limits = RetentionLimits(
                    maxBytes: Int64.random(in: 150_000..<400_000, using: &random),
                    maxAge: .seconds(Int64.random(in: 20..<400, using: &random)), stepEntries: 8)
                guard let outcome = try store.enforceRetention(limits) else { continue }
                let anchor = try scratch.reader().status().anchor.number
                #expect(anchor - model.anchor == Int64(outcome.removedEntries))
                if anchor > model.anchor { model.removed(through: anchor) }
                model.head += 1
                #expect(outcome.entry.number == model.head)
            default:
                let commits = Self.commits(&random, model)
                for commit in commits {
                    switch commit {
                    case .session(let session): model.commit(session)
                    case .forget(let id): model.forget(id)
                    case .gap: model.head += 1
                    case .settle, .cursor: break
                    }
                }
                _ = try store.commit(commits)
            }
            try Self.compare(store, scratch, model)
        }
    }

    private static func commits(_ random: inout SeededGenerator, _ model: Model) -> [Commit] {
        (0..<Int.random(in: 1...12, using: &random)).map { _ in
            let number = Int.random(in: 0..<40, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0: return .forget(Sample.id(number))
            case 1:
                let opened = Timestamp(nanoseconds: Int64.random(in: 0..<Int64.max, using: &random))
                return .gap(Gap(source: "runtime", openedAt: opened, reason: "connection lost"))
            default:
                let size = [0, 100, 9000].randomElement(using: &random) ?? 0
                var commit = Sample.ended(number, output: String(repeating: "z", count: size))
                // Sometimes the same revision again, or an older one.
                commit.session.revision = Int.random(in: 1...6, using: &random)
                commit.entry =
                    [.sessionStarted, .sessionEnded, .sessionAmended, nil].randomElement(using: &random) ?? nil
                commit.facts = Bool.random(using: &random) ? Sample.facts : nil
                commit.session.exitCode = Int.random(in: 0..<200, using: &random)
                return .session(commit)
            }
        }
    }

    private static func compare(_ store: AgentStore, _ scratch: Scratch, _ model: Model) throws {
        let reader = try scratch.reader()
        var filter = SessionFilter()
        filter.includesUnresolved = true
        let stored = try reader.sessions(filter, limit: 1000)
        #expect(Set(stored) == Set(model.rows.values.map(\.session)))
        #expect(Set(try store.openSessions().map(\.0.id)) == Set(model.rows.filter(\.value.isOpen).keys))
        let numbers = try reader.entries(from: 0, limit: 100_000).map(\.number)
        #expect(numbers == Array((model.anchor + 1)...model.head))
        let report = try LedgerVerifier.verify(
            reader, heads: [KnownHead(keeper: "the store itself", ledger: store.ledger, head: store.counters.head)])
        #expect(report.isSound, "\(report.findings)")
        #expect(report.entries == numbers.count)
        try reader.close()
    }
}
