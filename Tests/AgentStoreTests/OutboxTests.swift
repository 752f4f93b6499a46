// SPDX-License-Identifier: Apache-2.0
import AgentStore
import GRDB
import SessionRecords
import SessionTracking
import TestSupport
import Testing

@Suite("The outbox")
struct OutboxTests {
    private func amended(_ number: Int, revision: Int, output: String) -> Commit {
        var commit = Sample.ended(number, output: output)
        commit.session.revision = revision
        commit.entry = .sessionAmended
        return .session(commit)
    }

    @Test("entries come in order with their chain, within the limits, and none twice")
    func batches() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        for number in 1...20 { _ = try store.commit([.session(Sample.ended(number))]) }
        let reader = try scratch.reader()
        var numbers: [Int64] = []
        var previous = Digest.zero
        while let batch = try? reader.outbox(entries: 7, bytes: 1 << 20), !batch.entries.isEmpty {
            #expect(batch.ledger == store.ledger && batch.entries.count <= 7)
            for entry in batch.entries {
                #expect(entry.previousHash == previous)
                #expect(LedgerChain.hash(previous: previous, number: entry.number, bytes: entry.bytes) == entry.hash)
                previous = entry.hash
            }
            numbers += batch.entries.map(\.number)
            try store.settle(through: batch.entries.last?.number)
        }
        #expect(numbers == Array(1...21))
        #expect(try reader.deliveryBacklog().entries == 0)
    }

    @Test("a batch has bytes for its limit, and one entry at least")
    func bytes() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        for number in 1...4 {
            _ = try store.commit([.session(Sample.ended(number, output: String(repeating: "x", count: 50_000)))])
        }
        let reader = try scratch.reader()
        #expect(try reader.outbox(entries: 100, bytes: 110_000).entries.map(\.number) == [1, 2, 3])
        #expect(try reader.outbox(after: 1, entries: 100, bytes: 10).entries.map(\.number) == [2])
        #expect(try reader.outbox(after: 5, entries: 100, bytes: 10).entries.isEmpty)
    }

    @Test("an output goes with the first entry that names it, and with no other")
    func outputs() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([.session(Sample.ended(1, output: "first"))])
        _ = try store.commit([amended(1, revision: 4, output: "first")])
        let reader = try scratch.reader()
        var entries = try reader.outbox(entries: 10, bytes: 1 << 20).entries
        #expect(entries[1].output?.bytes == Array("first".utf8) && entries[1].outputAbsence == nil)
        #expect(entries[2].output == nil && entries[2].outputAbsence == "earlier")
        #expect(entries[0].output == nil && entries[0].outputAbsence == nil)

        _ = try store.commit([amended(1, revision: 5, output: "more")])
        entries = try reader.outbox(entries: 10, bytes: 1 << 20).entries
        #expect(entries[1].outputAbsence == "replaced")
        #expect(entries[3].output?.bytes == Array("more".utf8))
        try scratch.tamper { try $0.execute(sql: "DELETE FROM output") }
        #expect(try reader.outbox(entries: 10, bytes: 1 << 20).entries[3].outputAbsence == "gone")
    }

    @Test("refusals are kept and counted with their entry, and forgotten once it is taken after all")
    func refusals() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        for number in 1...4 { _ = try store.commit([.session(Sample.ended(number))]) }
        try store.settle(
            through: 5,
            refusals: [
                DeliveryRefusal(number: 2, part: .entry, status: 400, reason: "no"),
                DeliveryRefusal(number: 3, part: .output, status: 413, reason: "too large"),
                DeliveryRefusal(number: 99, part: .entry, status: 400, reason: "of no entry"),
            ])
        let reader = try scratch.reader()
        var status = try reader.status()
        #expect(status.refused == 1 && status.refusedOutputs == 1 && status.backlog == 0)
        #expect(try reader.refused(after: 0, entries: 10, bytes: 1 << 20).entries.map(\.number) == [2, 3])
        #expect(try reader.refused(after: 2, entries: 10, bytes: 1 << 20).entries.map(\.number) == [3])
        #expect(try reader.entries(from: 1, limit: 10).map(\.delivered) == [true, false, true, true, true])
        try store.settle(through: nil, cleared: [2, 3])
        status = try reader.status()
        #expect(status.refused == 0 && status.refusedOutputs == 0)
    }

    @Test("how delivery does is told with the moment since when, and not at all where it is off")
    func note() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let reader = try scratch.reader()
        #expect(try reader.status().delivery == nil)
        try store.noteDelivery(to: "https://collector:4318/v1/logs", trouble: "503")
        let first = try #require(try reader.status().delivery)
        try store.noteDelivery(to: "https://collector:4318/v1/logs", trouble: "no answer")
        let second = try #require(try reader.status().delivery)
        #expect(second.since == first.since && second.trouble == "no answer" && second.acceptedAt == nil)
        try store.noteDelivery(to: "https://collector:4318/v1/logs")
        try store.settle(through: 1)
        let third = try #require(try reader.status().delivery)
        #expect(third.since > first.since && third.trouble == nil && third.acceptedAt != nil)
        try store.noteDelivery(to: nil)
        #expect(try reader.status().delivery == nil)
    }

    @Test("retention counts what was refused as never delivered, and takes its output after the delivered ones")
    func retention() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        for number in 1...60 {
            _ = try store.commit([.session(Sample.ended(number, output: String(repeating: "x", count: 40_000)))])
        }
        try store.settle(
            through: 61, refusals: [DeliveryRefusal(number: 2, part: .output, status: 413, reason: "too large")])
        let limits = RetentionLimits(maxBytes: 1_800_000, stepBytes: 100_000)
        _ = try store.enforceRetention(limits)
        let reader = try scratch.reader()
        #expect(try reader.output(Sample.id(1)) != nil)
        #expect(try reader.output(Sample.id(2)) == nil)
    }

    @Test("a store of schema 1 is brought to this one with what it has")
    func migration() throws {
        let scratch = try Scratch()
        var store = try scratch.open()
        _ = try store.commit([.session(Sample.ended(1))])
        try store.settle(through: 2)
        try store.close()
        try scratch.tamper { db in
            try db.execute(sql: "DROP TABLE refusal; DROP TABLE delivery; PRAGMA user_version = 1")
            try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '2'")
        }
        store = try scratch.open()
        #expect(store.opening == .existing)
        try store.settle(through: 2, refusals: [DeliveryRefusal(number: 2, part: .entry, status: 400, reason: "no")])
        #expect(try scratch.reader().status().refused == 1)
    }
}
