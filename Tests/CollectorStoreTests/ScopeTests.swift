// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import Testing

@Suite("What a reader of some namespaces sees")
struct ScopeTests {
    private static func filled() async throws -> CollectorStore {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        var gap = Gap(source: "runtime", openedAt: TestClock.epoch, reason: "connection lost")
        gap.closedAt = nil
        try await store.take([
            ledger.ended(1, output: "geheim eins") { $0.namespace = "ours" },
            ledger.ended(2, output: "geheim zwei") { $0.namespace = "theirs" },
            ledger.ended(3, output: "geheim drei") { $0.namespace = nil },
            ledger.started(4) { $0.namespace = "theirs" },
            ledger.gap(gap),
        ])
        ledger.number += 1
        try await store.take([ledger.agentStarted()])
        return store
    }

    private static let ours = ReadScope.namespaces(["ours"])

    @Test("lists, look-ups, search, counts, statistics, changes and outputs give nothing of other namespaces")
    func sessions() async throws {
        let store = try await Self.filled()
        let own = [Sample.id(1)]
        #expect(try await store.ids(scope: Self.ours) == own)
        #expect(try await store.count(scope: Self.ours) == 1)
        #expect(try await store.found("geheim", scope: Self.ours) == own)
        #expect(try await store.found("zwei", scope: Self.ours).isEmpty)
        #expect(try await store.changes(after: 0, scope: Self.ours, limit: 10).sessions.map(\.id) == own)
        for number in 2...4 {
            let id = Sample.id(number)
            #expect(try await store.session(id, scope: Self.ours) == nil)
            #expect(try await store.output(id, scope: Self.ours) == nil)
            let reference = try #require(CollectorReference(String(id.rawValue.prefix(12))))
            #expect(try await store.find(reference, scope: Self.ours, limit: 10).isEmpty)
            #expect(try await store.find(reference, scope: .all, limit: 10).count == 1)
        }
        let path = try #require(CollectorReference("theirs/debug-target/debugger-2"))
        #expect(try await store.find(path, scope: Self.ours, limit: 10).isEmpty)
        #expect(try await store.find(path, scope: .all, limit: 10).map(\.id) == [Sample.id(2)])
        let statistics = try await store.statistics(since: nil, until: nil, scope: Self.ours)
        #expect(statistics.sessions == 1)
        #expect(statistics.namespaces.map(\.value) == ["ours"])
        #expect(statistics.states.map(\.sessions) == [1])
        #expect(statistics.days.map(\.sessions) == [1])
    }

    @Test("no filter widens it", arguments: ["theirs", "ours' OR '1'='1", "ours"])
    func filters(namespace: String) async throws {
        let store = try await Self.filled()
        var query = CollectorQuery()
        query.namespace = namespace
        #expect(try await store.ids(query, scope: Self.ours).count == (namespace == "ours" ? 1 : 0))
        query.namespace = nil
        query.states = [.running]
        #expect(try await store.ids(query, scope: Self.ours).isEmpty)
        query = CollectorQuery()
        query.node = "worker-0"
        query.pod = "debug-target"
        #expect(try await store.ids(query, scope: Self.ours) == [Sample.id(1)])
    }

    @Test("what is a node's is hidden: nodes, gaps, ledgers, entries, alarms")
    func nodes() async throws {
        let store = try await Self.filled()
        let ledger = MadeLedger().id
        #expect(try await store.nodes(scope: .all).count == 1)
        #expect(try await store.gaps(scope: .all).count == 1)
        #expect(try await store.alarms(scope: .all).count == 1)
        #expect(try await store.nodes(scope: Self.ours).isEmpty)
        #expect(try await store.gaps(scope: Self.ours).isEmpty)
        #expect(try await store.alarms(scope: Self.ours).isEmpty)
        #expect(try await store.ledgers(scope: Self.ours).isEmpty)
        #expect(try await store.ledger(ledger, scope: Self.ours) == nil)
        #expect(try await store.entries(ledger: ledger, after: 0, limit: 10, scope: Self.ours).isEmpty)
    }

    @Test("several namespaces are all of them, no namespace is nothing")
    func several() async throws {
        let store = try await Self.filled()
        #expect(try await store.count(scope: .namespaces(["ours", "theirs", "none"])) == 3)
        #expect(try await store.ids(scope: .namespaces(["ours", "theirs"])).count == 3)
        #expect(try await store.ids(scope: .namespaces([])).isEmpty)
        #expect(try await store.count(scope: .namespaces([])) == 0)
        #expect(try await store.session(Sample.id(1), scope: .namespaces([])) == nil)
    }
}
