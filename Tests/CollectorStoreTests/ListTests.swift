// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import GRDB
import SessionRecords
import TestSupport
import Testing

@Suite("Lists and pages")
struct ListTests {
    @Test("filters, order, counts and pages give what filtering and sorting in memory gives")
    func filters() async throws {
        let store = try Scratch().open()
        var random = SeededGenerator(seed: 11)
        var ledgers = [MadeLedger("a"), MadeLedger("b", node: "worker-1")]
        var sessions: [Session] = []
        for number in 0..<300 {
            let which = Int.random(in: 0..<2, using: &random)
            let entry = ledgers[which].ended(number) { session in
                session.cluster = ["prod", "test", nil].randomElement(using: &random) ?? nil
                session.namespace = ["default", "prod", nil].randomElement(using: &random) ?? nil
                session.pod = ["web", "db", "x' OR '1'='1"].randomElement(using: &random)
                session.container = "debugger-\(Int.random(in: 0..<20, using: &random))"
                session.targetContainer = ["nginx", nil, "app"].randomElement(using: &random) ?? nil
                session.exitCode = [0, 1, 42, nil].randomElement(using: &random) ?? nil
                session.state = [.ended, .ended, .running, .unknown].randomElement(using: &random) ?? .ended
                // Many begin at the same moment.
                session.startedAt = TestClock.epoch.advanced(byNanoseconds: Int64.random(in: 0..<50, using: &random))
            }
            sessions.append(try #require(entry.session))
            try await store.take([entry])
        }
        let order = sessions.enumerated().sorted { left, right in
            (left.element.startedAt ?? TestClock.epoch, left.offset)
                > (right.element.startedAt ?? TestClock.epoch, right.offset)
        }.map(\.element)
        for _ in 0..<120 {
            let query = Self.query(&random)
            let scope: ReadScope =
                [.all, .namespaces(["prod"]), .namespaces(["default", "prod"])].randomElement(using: &random) ?? .all
            let expected = order.filter { Self.matches($0, query, scope) }.map(\.id)
            var listed: [SessionID] = []
            var cursor: PageCursor?
            repeat {
                let page = try await store.sessions(query, scope: scope, limit: 7, after: cursor)
                listed += page.sessions.map(\.id)
                cursor = try page.next.map { try #require(PageCursor($0.text)) }
            } while cursor != nil
            #expect(listed == expected, "\(query)")
            #expect(try await store.count(query, scope: scope) == expected.count)
        }
    }

    private static func query(_ random: inout SeededGenerator) -> CollectorQuery {
        func maybe<Value>(_ values: [Value]) -> Value? {
            Int.random(in: 0..<3, using: &random) == 0 ? values.randomElement(using: &random) : nil
        }
        var query = CollectorQuery()
        query.cluster = maybe(["prod", "test"])
        query.node = maybe(["worker-0", "worker-1", "worker-2"])
        query.namespace = maybe(["default", "prod"])
        query.pod = maybe(["web", "x' OR '1'='1"])
        query.container = maybe(["debugger-3", "debugger-4"])
        query.targetContainer = maybe(["nginx"])
        query.exitCode = maybe([0, 42])
        query.states = maybe([[.running], [.ended, .unknown]]) ?? []
        query.since = maybe([TestClock.epoch.advanced(byNanoseconds: 10)])
        query.until = maybe([TestClock.epoch.advanced(byNanoseconds: 40)])
        query.startedBefore = maybe([TestClock.epoch.advanced(byNanoseconds: 30)])
        query.search = maybe(["finding"])
        return query
    }

    private static func matches(_ session: Session, _ query: CollectorQuery, _ scope: ReadScope) -> Bool {
        if case .namespaces(let names) = scope, !(session.namespace.map(names.contains) ?? false) { return false }
        let begun = session.startedAt ?? TestClock.epoch
        return (query.cluster == nil || query.cluster == session.cluster)
            && (query.node == nil || query.node == session.node)
            && (query.namespace == nil || query.namespace == session.namespace)
            && (query.pod == nil || query.pod == session.pod)
            && (query.container == nil || query.container == session.container)
            && (query.targetContainer == nil || query.targetContainer == session.targetContainer)
            && (query.exitCode == nil || query.exitCode == session.exitCode)
            && (query.states.isEmpty || query.states.contains(session.state))
            && (query.since.map { begun >= $0 } ?? true) && (query.until.map { begun <= $0 } ?? true)
            && (query.startedBefore.map { begun < $0 } ?? true)
    }

    @Test("pages stay where they are while sessions arrive, newer and older ones")
    func stablePages() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        for number in 0..<40 { try await store.take([ledger.ended(number * 10)]) }
        var listed: [SessionID] = []
        var cursor: PageCursor?
        var extra = 1000
        repeat {
            let page = try await store.sessions(scope: .all, limit: 6, after: cursor)
            listed += page.sessions.map(\.id)
            cursor = page.next
            // One at the top, one amended.
            try await store.take([ledger.ended(extra), ledger.ended(10) { $0.revision = extra }])
            extra += 1
        } while cursor != nil
        #expect(listed == (0..<40).reversed().map { Sample.id($0 * 10) })
    }

    @Test("a cursor is text that only a page gives", arguments: ["", "1", "a.b", "1.2.3", "99999999999999999999.1"])
    func cursors(text: String) {
        #expect(PageCursor(text) == nil)
    }

    @Test("changes come once each, in their order, and begin at the mark")
    func changes() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take([ledger.started(1), ledger.started(2)])
        let start = try await store.changes(after: nil, scope: .all, limit: 10)
        #expect(start.sessions.isEmpty)
        #expect(try await store.changes(after: start.mark, scope: .all, limit: 10).sessions.isEmpty)
        try await store.take([ledger.ended(2), ledger.started(3), ledger.ended(1)])
        let first = try await store.changes(after: start.mark, scope: .all, limit: 2)
        #expect(first.sessions.map(\.id) == [Sample.id(2), Sample.id(3)])
        let second = try await store.changes(after: first.mark, scope: .all, limit: 2)
        #expect(second.sessions.map(\.id) == [Sample.id(1)])
        #expect(try await store.changes(after: second.mark, scope: .all, limit: 2).sessions.isEmpty)
        var other = CollectorQuery()
        other.namespace = "nowhere"
        #expect(try await store.changes(after: start.mark, other, scope: .all, limit: 2).mark == second.mark)
    }

    @Test("one piece of the changes walks so far and no further, and the next one goes on from there")
    func changesFarApart() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        try await store.take([ledger.started(1)])
        try scratch.tamper { try $0.execute(sql: "UPDATE store_state SET change = 50000") }
        try await store.take([ledger.started(2)])
        var mark: Int64 = 0
        var pieces: [[SessionID]] = []
        for _ in 0..<4 {
            let piece = try await store.changes(after: mark, scope: .all, limit: 10)
            pieces.append(piece.sessions.map(\.id))
            #expect(piece.mark >= mark && piece.mark - mark <= CollectorStore.maxChangesWalked)
            mark = piece.mark
        }
        #expect(pieces == [[Sample.id(1)], [], [Sample.id(2)], []])
        #expect(try await store.changes(after: nil, scope: .all, limit: 10).mark == mark)
    }

    @Test("statistics count by day, exit code, namespace, image and state")
    func statistics() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take([
            ledger.ended(1), ledger.ended(2) { $0.exitCode = 0 }, ledger.ended(90_000) { $0.image = "alpine" },
            ledger.started(4) { $0.namespace = "kube-system" },
        ])
        let all = try await store.statistics(since: nil, until: nil, scope: .all)
        #expect(all.sessions == 4)
        #expect(all.days.map(\.sessions) == [3, 1])
        #expect(all.exitCodes.first?.value == "42")
        #expect(Set(all.exitCodes.map(\.value)) == ["42", "0", nil])
        #expect(all.exitCodes.map(\.sessions) == [2, 1, 1])
        #expect(all.namespaces.map(\.value) == ["default", "kube-system"])
        #expect(all.images.map(\.sessions) == [3, 1])
        #expect(all.states.map(\.value) == ["ended", "running"])
        let later = TestClock.epoch.advanced(byNanoseconds: 80_000_000_000_000)
        #expect(try await store.statistics(since: later, until: nil, scope: .all).sessions == 1)
    }

    @Test(
        "a histogram counts each session in the slice in which it began, by how it ended, and only what the reader may see"
    )
    func histogram() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take([
            ledger.ended(0) { $0.exitCode = 0 }, ledger.ended(9), ledger.ended(10), ledger.started(29),
            ledger.ended(11) { $0.namespace = "kube-system" }, ledger.ended(30),
            ledger.ended(12) { $0.startedAt = TestClock.epoch.advanced(byNanoseconds: -1) },
        ])
        func at(_ seconds: Int64) -> Timestamp { TestClock.epoch.advanced(byNanoseconds: seconds * 1_000_000_000) }
        let all = try await store.histogram(since: at(0), until: at(30), slices: 3, scope: .all)
        #expect(all.slices.map(\.begin) == [at(0), at(10), at(20)])
        #expect(all.slices.map(\.succeeded) == [1, 0, 0])
        #expect(all.slices.map(\.failed) == [1, 2, 0])
        #expect(all.slices.map(\.other) == [0, 0, 1])
        #expect(!all.isCut)
        let limited = try await store.histogram(
            since: at(0), until: at(30), slices: 3, scope: .namespaces(["kube-system"]))
        #expect(limited.slices.map(\.failed) == [0, 1, 0] && limited.slices.map(\.succeeded) == [0, 0, 0])
        #expect(
            try await store.histogram(since: at(0), until: at(30), slices: 3, scope: .namespaces([])).slices.count == 3)
    }
}
