// SPDX-License-Identifier: Apache-2.0
import GRDB
import SessionRecords
import TestSupport
import Testing

@testable import CollectorStore

@Suite("Statistics")
struct StatisticsTests {
    private static let day: Int64 = 86_400_000_000_000
    private static let epoch = TestClock.epoch

    @Test("counts follow what sessions become: another code, another namespace, removed")
    func follow() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        try await store.take([ledger.started(1), ledger.started(2) { $0.namespace = nil }, ledger.started(3)])
        try await store.take([
            ledger.ended(1),
            ledger.ended(2) {
                $0.namespace = nil
                $0.exitCode = 0
            },
            ledger.ended(3) {
                $0.startedAt = nil
                $0.namespace = "other"
                $0.image = nil
                $0.exitCode = nil
            },
        ])
        let all = try await store.statistics(since: nil, until: nil, scope: .all)
        #expect(all.sessions == 3)
        #expect(all.states.map(\.value) == ["ended"] && all.states.map(\.sessions) == [3])
        #expect(Set(all.namespaces.map(\.value)) == [nil, "default", "other"])
        #expect(Set(all.exitCodes.map(\.value)) == ["42", "0", nil])
        #expect(Set(all.images.map(\.value)) == ["busybox:1.36", nil])
        #expect(try await store.statistics(since: nil, until: nil, scope: .namespaces(["other"])).sessions == 1)
        #expect(try await store.integrityFindings().isEmpty)
        scratch.clock.advance(seconds: 100 * 86_400)
        while try await store.enforceRetention(CollectorRetention(maxAge: .seconds(86_400)))?.more == true {}
        #expect(try await store.count(scope: .all) == 0)
        #expect(try await store.statistics(since: nil, until: nil, scope: .all).states.isEmpty)
        #expect(try await store.integrityFindings().isEmpty)
    }

    @Test("any stretch of time counts what a list of it shows")
    func stretches() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        var random = SeededGenerator(seed: 7)
        var moments: [Timestamp] = []
        var entries: [ReceivedEntry] = []
        for number in 1..<200 {
            // Beginnings and ends of days among them, and days before 1970.
            let days = Int64.random(in: -3...3, using: &random)
            let offset = [0, 1, Self.day - 1, Int64.random(in: 0..<Self.day, using: &random)].randomElement(
                using: &random)
            let base = number < 20 ? Int64(0) : Self.epoch.nanoseconds
            let moment = Timestamp(nanoseconds: base + days * Self.day + (offset ?? 0))
            moments.append(moment)
            entries.append(ledger.ended(number) { $0.startedAt = moment })
        }
        try await store.take(entries)
        for _ in 0..<60 {
            let pair = [moments.randomElement(using: &random), moments.randomElement(using: &random)].compactMap(\.self)
            let since = Bool.random(using: &random) ? pair.min() : nil
            let until = Bool.random(using: &random) ? pair.max() : nil
            let wanted = moments.count { $0 >= since ?? $0 && $0 <= until ?? $0 }
            let counted = try await store.statistics(since: since, until: until, scope: .all)
            #expect(counted.sessions == wanted, "\(String(describing: since)) to \(String(describing: until))")
            #expect(counted.days.reduce(0) { $0 + $1.sessions } == wanted)
        }
        let backwards = try await store.statistics(since: moments.max(), until: moments.min(), scope: .all)
        #expect(backwards.sessions == 0)
    }

    @Test("days without ends, within a day, and at the ends of what can be counted")
    func spans() {
        func at(_ nanoseconds: Int64) -> Timestamp { Timestamp(nanoseconds: nanoseconds) }
        #expect(DaySpan(at(0), at(Self.day - 1)).days == 0...0 && DaySpan(at(0), at(Self.day - 1)).edges.isEmpty)
        #expect(DaySpan(at(1), at(2)).days == nil && DaySpan(at(1), at(2)).edges == [at(1)...at(2)])
        let long = DaySpan(at(-1), at(2 * Self.day))
        #expect(long.days == 0...1 && long.edges == [at(-1)...at(-1), at(2 * Self.day)...at(2 * Self.day)])
        #expect(DaySpan(at(.min), at(.max)).edges.isEmpty && DaySpan(at(.min + 1), at(.max - 1)).edges.count == 2)
        #expect(DaySpan(nil, nil).edges.isEmpty && DaySpan(at(2), at(1)) == DaySpan(at(5), at(4)))
    }

    @Test("a store of before is counted when it is opened")
    func migrated() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1), ledger.ended(2), ledger.ended(90_000) { $0.namespace = nil }])
        let before = try await store.statistics(since: nil, until: nil, scope: .all)
        try store.close()
        try scratch.tamper { db in
            try db.execute(
                sql: """
                    DROP TRIGGER session_counted; DROP TRIGGER session_uncounted; DROP TRIGGER session_recounted;
                    DROP TABLE session_day; PRAGMA user_version = 1;
                    DELETE FROM grdb_migrations WHERE identifier = '2';
                    """)
        }
        let next = try scratch.open()
        #expect(try await next.statistics(since: nil, until: nil, scope: .all) == before)
        try await next.take([ledger.ended(3)])
        #expect(try await next.statistics(since: nil, until: nil, scope: .all).sessions == 4)
        try next.close()
        try scratch.tamper { try $0.execute(sql: "UPDATE session_day SET sessions = sessions + 1") }
        #expect(
            try await scratch.open().integrityFindings() == ["the counts for statistics do not add up to the sessions"])
    }
}
