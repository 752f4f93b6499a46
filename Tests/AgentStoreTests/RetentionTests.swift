// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import SessionTracking
import Testing

@Suite("Retention")
struct RetentionTests {
    @Test("within the limits nothing is removed and nothing is told")
    func within() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([.session(Sample.ended(1))])
        #expect(try store.enforceRetention(RetentionLimits()) == nil)
        #expect(store.counters.head.number == 2)
    }

    @Test("what is too old goes from the old end, with its sessions, and the rest verifies from the anchor")
    func age() throws {
        let scratch = try Scratch()
        let clock = TestClock()
        let store = try scratch.open(clock: clock)
        _ = try store.commit((0..<10).map { .session(Sample.ended($0)) })
        _ = try store.commit([Sample.started(50)])
        var gap = Gap(source: "pods", openedAt: TestClock.epoch, reason: "watch lost")
        gap.closedAt = TestClock.epoch
        _ = try store.commit([.gap(gap)])
        clock.advance(seconds: 1000)
        let kept = try store.commit((10..<15).map { .session(Sample.ended($0)) })
        let outcome = try #require(try store.enforceRetention(RetentionLimits(maxAge: .seconds(500))))
        #expect(outcome.removedEntries == 13)
        #expect(outcome.removedUndelivered == 13)
        #expect(outcome.removedSessions == 10)
        #expect(outcome.removedOutputs == 10)
        #expect(!outcome.more)
        #expect(try store.enforceRetention(RetentionLimits(maxAge: .seconds(500))) == nil)

        let reader = try scratch.reader()
        let status = try reader.status()
        #expect(status.anchor.number == 13)
        #expect(status.entries == 6)
        #expect(try reader.gaps().isEmpty)
        // The open session stays, though nothing tells of it any more.
        #expect(try reader.sessions(limit: 100).map(\.id).contains(Sample.id(50)))
        #expect(status.sessions == 6)
        let entries = try reader.entries(from: 0, limit: 100)
        #expect(entries.map(\.number) == kept.map(\.number) + [19])
        let text = String(decoding: entries[5].bytes, as: UTF8.self)
        #expect(text.contains(#""anchor":{"hash":"\#(status.anchor.hash)","number":13}"#))
        #expect(text.contains(#""entries":{"gap":1,"ledger.opened":1,"session.ended":10,"session.started":1}"#))
        #expect(text.contains(#""undelivered":{"entries":13,"outputs":10}"#))
        let report = try LedgerVerifier.verify(reader)
        #expect(report.isSound, "\(report.findings)")
        // The session goes on.
        _ = try store.commit([.session(Sample.ended(50))])
        #expect(try LedgerVerifier.verify(reader).isSound)
    }

    @Test("over the byte limit delivered outputs go first, then delivered entries, then what was not delivered")
    func order() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let output = String(repeating: "x", count: 40_000)
        for number in 0..<20 { _ = try store.commit([.session(Sample.ended(number, output: output))]) }
        try store.acknowledge(through: 11)
        let reader = try scratch.reader()
        func outputs() throws -> [Int] {
            try (0..<20).filter { try reader.output(Sample.id($0)) != nil }
        }
        // 800 KB of outputs: the delivered ones suffice, those of the older half alone.
        let outputsOnly = try #require(try store.enforceRetention(RetentionLimits(maxBytes: 800_000)))
        #expect(outputsOnly.removedEntries == 0)
        #expect((1...8).contains(outputsOnly.removedOutputs))
        #expect(try outputs() == Array(outputsOnly.removedOutputs..<20))
        #expect(try LedgerVerifier.verify(reader).isSound)

        // Delivered entries go before anything that was not delivered.
        var limit: Int64 = 760_000
        while try reader.status().anchor.number < 11, limit > 0 {
            limit -= 40_000
            guard let outcome = try store.enforceRetention(RetentionLimits(maxBytes: limit)) else { continue }
            let lost = outcome.removedUndelivered + outcome.removedUndeliveredOutputs
            #expect(try lost == 0 || reader.status().anchor.number >= 11)
        }
        var lost = 0
        while lost == 0, limit > 0 {
            limit -= 40_000
            lost = try store.enforceRetention(RetentionLimits(maxBytes: limit))?.removedUndelivered ?? 0
        }
        #expect(lost > 0)
        #expect(try reader.status().backlog == reader.status().entries)
        let report = try LedgerVerifier.verify(reader)
        #expect(report.isSound, "\(report.findings)")
    }

    @Test("a step is bounded, and steps add up until the store is within its limit")
    func steps() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        for number in 0..<60 {
            _ = try store.commit([.session(Sample.ended(number, output: String(repeating: "y", count: 20_000)))])
        }
        let limits = RetentionLimits(maxBytes: 300_000, stepBytes: 100_000, stepEntries: 10)
        var steps = 0
        while let outcome = try store.enforceRetention(limits) {
            steps += 1
            #expect(outcome.removedEntries <= 20)
            #expect(outcome.removedOutputs <= 20)
            #expect(try LedgerVerifier.verify(scratch.reader()).isSound)
            if !outcome.more || steps > 100 { break }
        }
        #expect(steps > 3)
        #expect(try store.enforceRetention(limits) == nil)
        let reader = try scratch.reader()
        let kept = try reader.sessions(limit: 100)
        #expect((1..<60).contains(kept.count))
        #expect(store.counters.removedOutputs >= 40)
        // Facts outlive their output.
        #expect(try kept.contains { try reader.output($0.id) == nil })
        // The newest is what is kept.
        #expect(try reader.output(Sample.id(59)) != nil)
    }

    @Test("a limit that nothing can meet does not make retention entries for ever")
    func impossible() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit((0..<5).map { .session(Sample.ended($0)) })
        // A retention entry at the old end does not shield what is behind it.
        _ = try store.enforceRetention(RetentionLimits(maxBytes: 1))
        _ = try store.commit((5..<9).map { .session(Sample.ended($0)) })
        var steps = 0
        while try store.enforceRetention(RetentionLimits(maxBytes: 1)) != nil, steps < 50 { steps += 1 }
        #expect(steps < 10)
        let report = try LedgerVerifier.verify(scratch.reader())
        #expect(report.isSound, "\(report.findings)")
        #expect(report.entries == 1)
        #expect(try scratch.reader().status().sessions == 0)
    }
}
