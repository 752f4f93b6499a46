// SPDX-License-Identifier: Apache-2.0
import Dispatch
import GRDB
import GRDBSQLite
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import CollectorStore

/// How many reads have begun.
private final class Running: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func note() { value.withLock { $0 += 1 } }
}

@Suite("What nobody can make the store hold or wait for")
struct LimitTests {
    @Test("filters of many kinds leave no compiled statements behind")
    func statements() async throws {
        let store = try Scratch().open { $0.readers = 1 }
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1)])
        @Sendable func statements(_ db: Database) -> Int {
            var count = 0
            var statement = sqlite3_next_stmt(db.sqliteConnection, nil)
            while let found = statement {
                count += 1
                statement = sqlite3_next_stmt(db.sqliteConnection, found)
            }
            return count
        }
        func ask(_ names: Int) async throws {
            let scope = ReadScope.namespaces(Set((0..<names).map { "ns-\($0)" } + ["default"]))
            var query = CollectorQuery()
            query.states = [.ended]
            query.pod = "debug-target"
            query.search = "finding"
            #expect(try await store.ids(query, scope: scope).count == 1)
            #expect(try await store.count(query, scope: scope) == 1)
            #expect(try await store.changes(after: 0, query, scope: scope, limit: 10).sessions.count == 1)
            #expect(try await store.statistics(since: nil, until: nil, scope: scope).sessions == 1)
            #expect(try await store.output(Sample.id(1), scope: scope) != nil)
        }
        try await ask(1)
        let before = try await store.pool.read { statements($0) }
        for names in 2..<40 { try await ask(names) }
        #expect(try await store.pool.read { statements($0) } == before)
    }

    @Test("an entry of more than 8 MiB is refused, and pages of large ones end early and go on")
    func sizes() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        func large(_ number: Int, bytes: Int) -> ReceivedEntry {
            ledger.started(number) { $0.image = String(repeating: "x", count: bytes) }
        }
        for number in 0..<5 { try await store.take([large(number, bytes: 6 << 20)]) }
        var before = ledger
        let refusal = await #expect(throws: LastwordError.self) {
            try await store.take([before.started(9) { $0.image = String(repeating: "x", count: 9 << 20) }])
        }
        #expect(refusal?.code == "ingest.malformed")

        let first = try await store.sessions(scope: .all, limit: 100)
        #expect(first.sessions.count == 3)
        #expect(first.next != nil)
        let second = try await store.sessions(scope: .all, limit: 100, after: first.next)
        #expect(Set((first.sessions + second.sessions).map(\.id)) == Set((0..<5).map { Sample.id($0) }))
        #expect(second.next == nil)
        let changes = try await store.changes(after: 0, scope: .all, limit: 100)
        #expect(changes.sessions.count == 3)
        let further = try await store.changes(after: changes.mark, scope: .all, limit: 100)
        #expect(further.sessions.count == 2)
        let entries = try await store.entries(ledger: ledger.id, after: 0, limit: 100, scope: .all)
        #expect(entries.map(\.number) == [1, 2, 3])
        let rest = try await store.entries(ledger: ledger.id, after: 3, limit: 100, scope: .all)
        #expect(rest.map(\.number) == [4, 5])
    }

    @Test("sixteen forks of one number are kept, further ones counted, and all of them told")
    func forks() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take(ledger.agentStarted(count: 2))
        let start = ledger
        try await store.take([ledger.agentStarted()])
        for number in 1...30 {
            var fork = start
            fork.now = fork.now.advanced(byNanoseconds: Int64(number))
            let entry = fork.agentStarted()
            let result = try await store.take([entry])
            #expect(result.forks == 1)
            #expect(result.stored == (number <= 16 ? 1 : 0))
            if number == 16 { #expect(try await store.take([entry]).duplicates == 1) }
        }
        let all = try await store.entries(ledger: ledger.id, after: 2, limit: 100, forks: true, scope: .all)
        #expect(all.count == 17)
        #expect(try await store.open(.fork).first?.count == 30)
    }

    @Test("while an erasure waits for a long read, batches go on being committed")
    func erasingBesideReads() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1, output: "geheimwort")])
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: scratch.database, configuration: configuration)
        // As a backup does: it holds on to what there is now.
        try await reader.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN")
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM session")
        }
        let erasing = Task { try await store.erase(Sample.id(1), by: "ada", reason: "a password") }
        try await waitUntil("the session is erased") {
            if case .erased? = try await store.output(Sample.id(1), scope: .all) { true } else { false }
        }
        let began = ContinuousClock.now
        var slowest = Duration.zero
        repeat {
            let start = ContinuousClock.now
            try await store.take([ledger.agentStarted()])
            slowest = max(slowest, ContinuousClock.now - start)
        } while ContinuousClock.now - began < .seconds(1)
        #expect(slowest < .seconds(5))
        try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        try reader.close()
        #expect(try await erasing.value)
        #expect(try scratch.occurrences(of: "geheimwort") == 0)
    }

    @Test("a login does not wait for long reads, and these leave a connection to the others")
    func logins() async throws {
        let store = try Scratch().open { $0.readers = 2 }
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1)])
        let (secret, facts) = try await store.createToken(name: "a", role: .reader, expiresAt: nil, by: "ada")
        let gate = DispatchSemaphore(value: 0)
        let running = Running()
        let reads = (0..<3).map { _ in
            Task {
                try await store.readingLong("wait") { _ in
                    running.note()
                    gate.wait()
                }
            }
        }
        try await waitUntil("a long read runs") { running.count > 0 }
        #expect(try await store.authenticate(secret) == facts)
        #expect(try await store.ids() == [Sample.id(1)])
        #expect(running.count == 1)
        #expect(try await store.revokeToken(facts.id, by: "ada"))
        #expect(try await store.authenticate(secret) == nil)
        for _ in reads { gate.signal() }
        for read in reads { try await read.value }
    }

    @Test("a list that may have to pass by everything waits for its turn among the long reads, others do not")
    func lists() async throws {
        let store = try Scratch().open { $0.readers = 2 }
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1, output: "geheimwort") { $0.cluster = "west" }, ledger.started(2)])
        let gate = DispatchSemaphore(value: 0)
        let running = Running()
        let holder = Task {
            try await store.readingLong("wait") { _ in
                running.note()
                gate.wait()
            }
        }
        try await waitUntil("a long read runs") { running.count == 1 }
        var near: [CollectorQuery] = [CollectorQuery()]
        near.append(query { $0.namespace = "default" })
        near.append(query { $0.states = [.running] })
        near.append(query { $0.search = "geheimwort" })
        near.append(
            query {
                $0.cluster = "west"
                $0.node = "worker-0"
            })
        for query in near { _ = try await store.ids(query) }
        let far = [
            query { $0.cluster = "west" }, query { $0.states = [.ended] }, query { $0.states = [.running, .waiting] },
        ]
        let found = Running()
        let lists = far.map { query in
            Task {
                let ids = try await store.ids(query)
                found.note()
                return ids
            }
        }
        try await waitUntil("all of them wait") { store.longReads.waiting == far.count }
        #expect(found.count == 0)
        gate.signal()
        try await holder.value
        let ids = [try await lists[0].value, try await lists[1].value, try await lists[2].value]
        #expect(ids == [[Sample.id(1)], [Sample.id(1)], [Sample.id(2)]])
    }

    private func query(_ change: (inout CollectorQuery) -> Void) -> CollectorQuery {
        var query = CollectorQuery()
        change(&query)
        return query
    }
}
