// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import TestSupport
import Testing

/// What the store should hold after any batches.
private struct Model {
    struct Version {
        let ledger: Int
        let entry: ReceivedEntry
        let session: Session

        var rank: Int {
            [nil: 0, .inferred: 1, .recovered: 2, .observed: 3][session.ending] ?? 0
        }

        func isBetter(than other: Version) -> Bool {
            let (bytes, others) = (session.output?.bytes ?? -1, other.session.output?.bytes ?? -1)
            if rank != other.rank { return rank > other.rank }
            if bytes != others { return bytes > others }
            if entry.at != other.entry.at { return (entry.at?.nanoseconds ?? 0) > (other.entry.at?.nanoseconds ?? 0) }
            return ledger < other.ledger
        }
    }

    /// By ledger, by number.
    var chains: [[Int64: ReceivedEntry]]
    var forks: [Set<Digest>]
    var versions: [SessionID: [Int: Version]] = [:]

    mutating func take(_ entry: ReceivedEntry, _ ledger: Int) {
        if let first = chains[ledger][entry.number] {
            guard first.hash != entry.hash, forks[ledger].insert(entry.hash).inserted else { return }
        } else {
            chains[ledger][entry.number] = entry
        }
        guard let session = entry.session else { return }
        let known = versions[session.id]?[ledger]
        if let known, known.session.revision >= session.revision { return }
        versions[session.id, default: [:]][ledger] = Version(ledger: ledger, entry: entry, session: session)
    }

    func chosen(_ id: SessionID) -> Version? {
        versions[id]?.values.reduce(nil) { best, next in
            best.map { next.isBetter(than: $0) } ?? true ? next : best
        }
    }

    func holes(_ ledger: Int) -> [ClosedRange<Int64>] {
        let numbers = chains[ledger].keys.sorted()
        return zip(numbers, numbers.dropFirst()).compactMap { $0 + 1 < $1 ? $0 + 1...$1 - 1 : nil }
    }
}

@Suite("The store against a model")
struct ModelTests {
    @Test(
        "after any batches, in any order, with repetitions, forks, holes and reopening, it holds what the model holds",
        arguments: [UInt64](1...6))
    func anyBatches(seed: UInt64) async throws {
        let scratch = try Scratch()
        var store = try scratch.open()
        var random = SeededGenerator(seed: seed)
        let (ledgers, entries) = Self.entries(&random)
        var model = Model(chains: ledgers.map { _ in [:] }, forks: ledgers.map { _ in [] })
        // The ledgers become known in the order of their numbers.
        for index in ledgers.indices {
            model.take(entries[index][0], index)
            try await store.take([entries[index][0]])
        }
        for round in 0..<60 {
            let index = Int.random(in: ledgers.indices, using: &random)
            var batch: [ReceivedEntry] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                if let entry = entries[index].randomElement(using: &random) { batch.append(entry) }
            }
            for entry in batch { model.take(entry, index) }
            try await store.take(batch, at: TestClock.epoch)
            if round % 20 == 19 {
                try store.close()
                store = try scratch.open()
                try await Self.compare(store, ledgers, model)
            }
        }
        #expect(try await store.integrityFindings().isEmpty)
    }

    /// Two ledgers of one node that tell of the same sessions, each with a fork.
    private static func entries(_ random: inout SeededGenerator) -> ([MadeLedger], [[ReceivedEntry]]) {
        var ledgers: [MadeLedger] = []
        var all: [[ReceivedEntry]] = []
        for name in ["a", "b"] {
            var ledger = MadeLedger(name)
            var entries = [ledger.agentStarted()]
            for _ in 0..<15 { entries.append(session(&ledger, &random)) }
            var restored = ledger
            for _ in 0..<15 { entries.append(session(&ledger, &random)) }
            restored.now = restored.now.advanced(byNanoseconds: 5)
            for _ in 0..<6 { entries.append(session(&restored, &random)) }
            ledgers.append(ledger)
            all.append(entries)
        }
        return (ledgers, all)
    }

    private static func session(_ ledger: inout MadeLedger, _ random: inout SeededGenerator) -> ReceivedEntry {
        let number = Int.random(in: 0..<8, using: &random)
        let text = "wort\(Int.random(in: 0..<5, using: &random))" + (Bool.random(using: &random) ? " mehr" : "")
        return ledger.ended(number, output: text) { session in
            // One revision is told once by a ledger and its fork.
            session.revision = Int.random(in: 1...100_000, using: &random)
            session.ending = [.observed, .recovered, .inferred, nil].randomElement(using: &random) ?? nil
            session.exitCode = Int.random(in: 0..<3, using: &random)
        }
    }

    private static func compare(_ store: CollectorStore, _ ledgers: [MadeLedger], _ model: Model) async throws {
        for (index, ledger) in ledgers.enumerated() {
            let stored = try await store.entries(ledger: ledger.id, after: 0, limit: 1000, forks: true, scope: .all)
            let chain = stored.filter { $0.fork == 0 }
            #expect(
                Dictionary(uniqueKeysWithValues: chain.map { ($0.number, $0.hash) })
                    == model.chains[index].mapValues(\.hash))
            #expect(Set(stored.filter { $0.fork > 0 }.map(\.hash)) == model.forks[index])
            #expect(try await store.holes(ledger) == model.holes(index))
            #expect(try await store.open(.hole).contains { $0.ledger == ledger.id } == !model.holes(index).isEmpty)
        }
        #expect(Set(try await store.ids()) == Set(model.versions.keys))
        var words: [String: Set<SessionID>] = [:]
        for id in model.versions.keys {
            let chosen = try #require(model.chosen(id))
            let stored = try #require(try await store.session(id, scope: .all))
            #expect(stored.record.json == String(decoding: chosen.session.json.canonical, as: UTF8.self))
            #expect(stored.ledger == ledgers[chosen.ledger].id)
            #expect(stored.others.count == (model.versions[id]?.count ?? 0) - 1)
            let output = try #require(chosen.entry.output)
            guard case .kept(let bytes, _, _, _)? = try await store.output(id, scope: .all) else {
                Issue.record("the output of \(id) is not there")
                continue
            }
            #expect(bytes == output.bytes)
            for word in String(decoding: bytes, as: UTF8.self).split(separator: " ") {
                words[String(word), default: []].insert(id)
            }
        }
        for number in 0..<5 {
            #expect(Set(try await store.found("wort\(number)")) == words["wort\(number)"] ?? [])
        }
        #expect(Set(try await store.found("mehr")) == words["mehr"] ?? [])
    }
}
