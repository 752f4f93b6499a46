// SPDX-License-Identifier: Apache-2.0
import AgentStore
import GRDB
import SessionRecords
import SessionTracking
import Testing

@Suite("Runs, gaps and resuming")
struct RunTests {
    @Test("start and stop are entries, and the next run knows when the last one ended")
    func cleanStop() throws {
        let scratch = try Scratch()
        let clock = TestClock()
        let store = try scratch.open(clock: clock)
        #expect(try store.lastRun() == nil)
        #expect(try store.agentStopped() == nil)
        let started = try #require(try store.agentStarted(version: "1.2.3"))
        let stopped = try #require(try store.agentStopped())
        try store.close()
        let next = try scratch.open(clock: clock)
        let run = try #require(try next.lastRun())
        #expect(run.version == "1.2.3")
        #expect(run.bootID == "b1")
        #expect(run.startedAt == started.at)
        #expect(run.stoppedAt == stopped.at && run.watchedUntil == stopped.at)
        let types = try scratch.reader().entries(from: 1, limit: 10).map(\.type)
        #expect(types == ["ledger.opened", "agent.started", "agent.stopped"])
    }

    @Test("a stop that takes its time: the gap begins when the runtime was let out of sight, not when all was written")
    func slowStop() throws {
        let scratch = try Scratch()
        let clock = TestClock()
        let store = try scratch.open(clock: clock)
        _ = try store.agentStarted(version: "1")
        clock.advance(seconds: 10)
        let until = TestClock.epoch.advanced(byNanoseconds: 5_000_000_000)
        let stopped = try #require(try store.agentStopped(watchedUntil: until))
        #expect(try store.lastRun()?.stoppedAt == until)
        #expect(stopped.at > until)
    }

    @Test("after a kill the last commit says when it was at work, and the runtime's cursor until when it watched")
    func killed() throws {
        let scratch = try Scratch()
        let clock = TestClock()
        do {
            let store = try scratch.open(clock: clock)
            _ = try store.agentStarted(version: "1")
            clock.advance(seconds: 60)
            let entry = try #require(try store.commit([Sample.started(1)]).first)
            #expect(try store.lastRun()?.lastCommitAt == entry.at)
            #expect(try store.lastRun()?.watchedUntil == entry.at)
            let seen = TestClock.epoch.advanced(byNanoseconds: 50_000_000_000)
            clock.advance(seconds: 60)
            // It lags behind: what it commits now was said a minute ago, and the rest is still queued.
            _ = try store.commit([.cursor(.runtime, "\(seen.nanoseconds)")])
        }
        let next = try scratch.open(clock: clock)
        let run = try #require(try next.lastRun())
        #expect(run.stoppedAt == nil)
        #expect(run.lastCommitAt > TestClock.epoch.advanced(byNanoseconds: 120_000_000_000))
        #expect(run.watchedUntil == TestClock.epoch.advanced(byNanoseconds: 50_000_000_000))
    }

    @Test("a start is noted together with the gap before it, or not at all")
    func startAndGap() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.agentStarted(version: "1")
        try store.close()
        let last = try #require(try scratch.open().lastRun())
        // What a kill between the two would leave behind: the one is written, and the other is not.
        try scratch.tamper { db in
            try db.execute(
                sql: "CREATE TRIGGER no_gap BEFORE INSERT ON gap BEGIN SELECT RAISE(ABORT, 'not written'); END")
        }
        let absence = Gap(source: SourceName.agent.rawValue, openedAt: last.lastCommitAt, reason: "agent stopped")
        let next = try scratch.open()
        #expect(throws: LastwordError.self) { try next.agentStarted(version: "2", absence: absence) }
        #expect(try next.lastRun() == last)
        try next.close()
        try scratch.tamper { try $0.execute(sql: "DROP TRIGGER no_gap") }
        let third = try scratch.open()
        try third.agentStarted(version: "2", absence: absence)
        #expect(try third.lastRun()?.version == "2")
        #expect(try third.openGaps().map(\.openedAt) == [last.lastCommitAt])
        #expect(try scratch.reader().entries(from: 1, limit: 10).map(\.type).suffix(2) == ["agent.started", "gap"])
    }

    @Test("open sessions come back in order with their facts; ended ones do not; unreadable facts are nil")
    func openSessions() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try store.commit([Sample.started(5), Sample.started(3), Sample.started(4), .session(Sample.ended(3))])
        try store.close()
        try scratch.tamper { db in
            try db.execute(
                sql: """
                    UPDATE session_record SET facts = x'00'
                    WHERE session = (SELECT seq FROM session WHERE container = 'debugger-4')
                    """)
        }
        let open = try scratch.open().openSessions()
        #expect(open.map(\.0.id) == [Sample.id(5), Sample.id(4)])
        #expect(open.map(\.1) == [Sample.facts, nil])
    }

    @Test("a settled session is not resumed, and is named for as long as late news of it may come")
    func settled() throws {
        let scratch = try Scratch()
        let clock = TestClock()
        let store = try scratch.open(clock: clock)
        _ = try store.commit([Sample.started(1), Sample.started(2), .session(Sample.ended(1)), .settle(Sample.id(1))])
        #expect(try store.openSessions().map(\.0.id) == [Sample.id(2)])
        #expect(try store.settledContainers(since: TestClock.epoch) == [Sample.containerID(1)].compactMap { $0 })
        clock.advance(seconds: 1000)
        let later = TestClock.epoch.advanced(byNanoseconds: 900_000_000_000)
        #expect(try store.settledContainers(since: later).isEmpty)
    }

    @Test("a gap is told when it opens and when it closes, and never again")
    func gaps() throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var gap = Gap(source: "runtime", openedAt: TestClock.epoch, reason: "connection lost")
        #expect(try store.commit([.gap(gap), .gap(gap)]).map(\.type) == [.gap])
        #expect(try store.openGaps() == [gap])
        #expect(try scratch.reader().status().openGaps == [gap])
        gap.closedAt = TestClock.epoch.advanced(byNanoseconds: 5_000_000_000)
        gap.closedBy = "relisted"
        gap.dropped = 3
        #expect(try store.commit([.gap(gap)]).count == 1)
        #expect(try store.commit([.gap(gap)]).isEmpty)
        #expect(try store.openGaps().isEmpty)
        #expect(try scratch.reader().gaps() == [gap])
        var absence = Gap(source: "agent", openedAt: TestClock.epoch, reason: "agent not running")
        absence.closedAt = TestClock.epoch
        #expect(try store.commit([.gap(absence)]).count == 1)
        #expect(try LedgerVerifier.verify(scratch.reader()).entries == 4)
    }
}
