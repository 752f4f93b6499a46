// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import GRDB
import SessionRecords
import Testing

@Suite("The feed")
struct FeedTests {
    private static let everything = Set(FeedKind.allCases)

    private static func all(
        _ store: CollectorStore, after number: Int64 = 0, kinds: Set<FeedKind> = everything, limit: Int = 7
    ) async throws -> [FeedEvent] {
        var events: [FeedEvent] = []
        var after = number
        while true {
            let page = try await store.feed(after: after, kinds: kinds, limit: limit)
            #expect(page.events.count <= limit)
            #expect(page.through >= after)
            events += page.events
            after = page.through
            if page.isLast { return events }
        }
    }

    private static func number(_ event: FeedEvent) -> Int64? {
        if case .entry(let entry) = event.subject { return entry.entry.number }
        return nil
    }

    @Test("everything is in it once, in the order in which it arrived, whatever its ledger")
    func order() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var one = MadeLedger("a")
        var other = MadeLedger("b", node: "worker-1")
        let late = one.ended(0)
        let next = one.started(1)
        try await store.take([next])
        try await store.take([other.ended(2), other.agentStarted()])
        try await store.take([late])
        try await store.take([late])
        try await store.hold(Sample.id(2), by: "somebody", reason: "case 7")
        let events = try await Self.all(store)
        #expect(
            events.map(\.kind) == [
                .sessionStarted, .sessionEnded, .otherEntry, .sessionEnded, .audit,
            ])
        #expect(events.compactMap(Self.number) == [2, 1, 2, 1])
        #expect(events.map(\.number) == events.map(\.number).sorted() && Set(events.map(\.number)).count == 5)
        guard case .entry(let entry) = events[1].subject, case .audit(let line) = events[4].subject else {
            Issue.record("the kinds of the subjects are others")
            return
        }
        #expect(entry.node == "worker-1" && entry.entry.bytes != nil)
        #expect(line.action == "session.hold" && line.actor == "somebody")
    }

    @Test("alarms are told when they open and when they close; only the kinds asked for come, and one sees where it is")
    func alarms() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        let first = ledger.agentStarted()
        let second = ledger.agentStarted()
        let third = ledger.agentStarted()
        try await store.take([first, third])
        try await store.take([second])
        let kinds: Set<FeedKind> = [.alarmOpened, .alarmClosed]
        let events = try await Self.all(store, kinds: kinds, limit: 1)
        #expect(events.map(\.kind) == [.alarmOpened, .alarmClosed])
        guard case .alarm(let alarm, _) = events[0].subject else {
            Issue.record("no alarm")
            return
        }
        #expect(alarm.kind == .hole && alarm.number == 2 && alarm.closedAt != nil)
        let page = try await store.feed(after: 0, kinds: [.gap], limit: 10)
        #expect(page.events.isEmpty && page.isLast)
        #expect(page.through == (try await Self.all(store).last?.number))
    }

    @Test("a stub is told again when its bytes come")
    func stub() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        let whole = ledger.ended(0)
        let after = ledger.agentStarted()
        var stub = whole
        stub.bytes = nil
        stub.session = nil
        stub.output = nil
        stub.stubReason = "refused with 413"
        try await store.take([stub, after])
        try await store.take([whole])
        let events = try await Self.all(store, kinds: [.sessionEnded])
        #expect(events.compactMap(Self.number) == [1, 1])
        guard case .entry(let entry) = events[1].subject else { return }
        #expect(entry.entry.bytes == whole.bytes && entry.entry.stubReason == nil)
    }

    @Test("a page is bounded in lines and bytes, and nothing is passed by at its border")
    func bounded() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        var entries: [ReceivedEntry] = []
        for number in 0..<40 {
            entries.append(ledger.started(number) { $0.message = String(repeating: "x", count: 100_000) })
        }
        for _ in 0..<1500 { entries.append(ledger.agentStarted()) }
        entries.append(ledger.ended(99))
        try await store.take(entries)
        let page = try await store.feed(after: 0, kinds: Self.everything, limit: 1000)
        #expect((10...13).contains(page.events.count))
        let kinds: Set<FeedKind> = [.sessionStarted, .sessionEnded]
        #expect(try await Self.all(store, kinds: kinds, limit: 1000).compactMap(Self.number) == Array(1...40) + [1541])
    }

    @Test("a mark begins at the end or at the beginning, stays over a restart, and never moves back")
    func marks() async throws {
        let scratch = try Scratch()
        var store = try scratch.open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(0), ledger.ended(1)])
        let last = try #require(try await Self.all(store).last?.number)
        let now = try await store.outputMark("now", kinds: [.sessionEnded], fromBeginning: false)
        #expect(now.number == last && now.skipped == 0)
        #expect(try await store.outputMark("old", kinds: [.sessionEnded], fromBeginning: true).number == 0)
        #expect(try await store.moveOutputMark("old", to: last, gone: []).number == last)
        #expect(try await store.moveOutputMark("old", to: 1, gone: []).number == last)
        try store.close()
        store = try scratch.open()
        #expect(try await store.outputMark("old", kinds: [.sessionEnded], fromBeginning: true).number == last)
        #expect(try await store.outputMark("absent") == nil)
        let backlog = try await store.feedBacklog(after: 0, kinds: [.sessionEnded])
        #expect(backlog.lines == last && backlog.oldest != nil)
        #expect(try await store.feedBacklog(after: 0, kinds: [.gap]).oldest == nil)
    }

    private static func enforce(_ store: CollectorStore, _ limits: CollectorRetention) async throws {
        for _ in 0..<100 where try await store.enforceRetention(limits)?.more == true {}
        // The feed is shortened by steps of its own; an idle one looks again.
        while try await store.enforceRetention(limits) != nil {}
    }

    @Test("retention waits for no output: what one of them had not sent is counted beside its mark, once, by its kinds")
    func retention() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try await store.outputMark("behind", kinds: [.sessionEnded, .audit], fromBeginning: true)
        _ = try await store.outputMark("half", kinds: [.sessionEnded], fromBeginning: true)
        _ = try await store.outputMark("done", kinds: Self.everything, fromBeginning: true)
        var ledger = MadeLedger()
        var entries: [ReceivedEntry] = []
        for number in 0..<30 { entries += [ledger.started(number), ledger.ended(number)] }
        try await store.take(entries)
        let lines = try await Self.all(store)
        let middle = try #require(lines.first { Self.number($0) == 30 })
        try await store.moveOutputMark("half", to: middle.number, gone: [])
        try await store.moveOutputMark("done", to: try #require(lines.last).number, gone: [])
        ledger.now = ledger.now.advanced(byNanoseconds: 100 * 86_400_000_000_000)
        try await store.take([ledger.ended(1000), ledger.ended(1001)])
        scratch.clock.advance(seconds: 100 * 86_400 + 120)
        try await Self.enforce(store, CollectorRetention(maxAge: .seconds(86_400), stepRows: 10))
        #expect(try await store.outputMark("behind")?.skipped == 30)
        #expect(try await store.outputMark("half")?.skipped == 15)
        #expect(try await store.outputMark("done")?.skipped == 0)
        let left = try await Self.all(store, kinds: [.sessionEnded])
        #expect(left.compactMap(Self.number) == [61, 62])
        #expect(!left.contains { $0.subject == .gone })
        let behind = try #require(try await store.outputMark("behind"))
        #expect(behind.number < left[0].number && behind.number >= lines[59].number)
        // What the output itself found empty and retention has counted is not counted again.
        try await store.moveOutputMark("behind", to: left[1].number, gone: [lines[0].number, lines[59].number])
        #expect(try await store.outputMark("behind")?.skipped == 30)
        #expect(try scratch.tamper { try Int.fetchOne($0, sql: "SELECT count(*) FROM feed") ?? 0 } < 8)
    }

    @Test("a line whose entry is gone is told as gone, and counts when the mark passes it")
    func gone() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        _ = try await store.outputMark("soc", kinds: [.sessionEnded], fromBeginning: true)
        var ledger = MadeLedger()
        try await store.take([ledger.ended(0), ledger.ended(1)])
        try scratch.tamper { try $0.execute(sql: "DELETE FROM entry WHERE number = 1") }
        let events = try await Self.all(store, kinds: [.sessionEnded])
        #expect(events[0].subject == .gone)
        let mark = try await store.moveOutputMark("soc", to: events[1].number, gone: [events[0].number])
        #expect(mark.skipped == 1)
        #expect(try await store.moveOutputMark("soc", to: events[1].number, gone: [events[0].number]).skipped == 1)
    }

    @Test("a number is never given twice, also when retention has emptied the store")
    func numbers() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(0), ledger.ended(1), ledger.ended(2)])
        let before = try #require(try await Self.all(store, kinds: [.sessionEnded]).last?.number)
        let mark = try await store.outputMark("soc", kinds: [.sessionEnded], fromBeginning: false)
        scratch.clock.advance(seconds: 100 * 86_400)
        try await Self.enforce(store, CollectorRetention(maxAge: .seconds(3600)))
        #expect(try await store.status().entries == 0)
        try await store.take([ledger.ended(3)])
        let new = try await store.feed(after: mark.number, kinds: [.sessionEnded], limit: 10)
        #expect(new.events.compactMap(Self.number) == [4])
        #expect(try #require(new.events.first).number > before)
    }

    @Test("a store of the first schema gets its feed, with what it held")
    func migration() async throws {
        let scratch = try Scratch()
        var ledger = MadeLedger()
        let entries = [
            ledger.started(0), ledger.ended(0), ledger.gap(Gap(source: "pods", openedAt: ledger.now, reason: "x")),
        ]
        let store = try scratch.open()
        try await store.take(entries)
        try store.close()
        try scratch.tamper { db in
            for name in ["feed_entry", "feed_completed", "feed_alarm", "feed_alarm_closed", "feed_audit"] {
                try db.execute(sql: "DROP TRIGGER \(name)")
            }
            try db.execute(
                sql: """
                    DROP TABLE feed; DROP TABLE output_mark; PRAGMA user_version = 2;
                    DELETE FROM grdb_migrations WHERE identifier = '3'
                    """)
        }
        let again = try scratch.open()
        #expect(again.opening == .existing)
        #expect(try await Self.all(again).map(\.kind) == [.sessionStarted, .sessionEnded, .gap])
        try await again.take([ledger.ended(1)])
        #expect(try await Self.all(again, kinds: [.sessionEnded]).compactMap(Self.number) == [2, 4])
    }

    @Test("an output is given from its end, and not at all once the session was erased")
    func output() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        let entry = ledger.ended(0, output: "beginning and end")
        try await store.take([entry])
        let sha256 = try #require(entry.session?.output).sha256
        #expect(try await store.feedOutput(session: Sample.id(0), sha256: sha256, limit: 3) == Array("end".utf8))
        #expect(
            try await store.feedOutput(session: Sample.id(0), sha256: sha256, limit: 999)
                == Array("beginning and end".utf8))
        #expect(try await store.feedOutput(session: Sample.id(0), sha256: Digest.zero, limit: 9) == nil)
        let before = store.counters.erasures
        try await store.erase(Sample.id(0), by: "somebody", reason: "a password")
        #expect(store.counters.erasures == before + 1)
        #expect(try await store.feedOutput(session: Sample.id(0), sha256: sha256, limit: 999) == nil)
        #expect(try await Self.all(store, kinds: [.audit]).count == 1)
    }
}
