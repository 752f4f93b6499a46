// SPDX-License-Identifier: Apache-2.0
import HealthReporting
import Logging
import SessionRecords
import SessionTracking
import Synchronization
import TestSupport
import Testing

@testable import AgentCore

@Suite("Writing to the store")
struct StoreWriterTests {
    /// Stands for the store: fails while it is told to.
    private final class Store: Sendable {
        struct State {
            var isFailing = false
            var written: [String] = []
            var largest = 0
        }

        let state = Mutex(State())

        func write(_ commits: [Commit]) throws {
            try state.withLock { state in
                if state.isFailing { throw LastwordError(code: "store.full", message: "disk full") }
                state.largest = max(state.largest, commits.count)
                state.written += commits.map { commit in
                    switch commit {
                    case .gap(let gap): gap.source
                    case .cursor(_, let text): text
                    default: "?"
                    }
                }
            }
        }

        var written: [String] { state.withLock { $0.written } }
    }

    private func running(
        limit: Int, _ body: (StoreWriter, Store, HealthState) async throws -> Void
    ) async throws {
        let store = Store()
        let health = HealthState()
        let writer = StoreWriter(
            limit: limit, health: health, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            write: store.write)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await writer.run() }
            try await body(writer, store, health)
            writer.finish()
            try await group.waitForAll()
        }
    }

    private func fact(_ number: Int) -> StoreWriter.Item {
        .commit(.gap(Gap(source: "\(number)", openedAt: Timestamp(nanoseconds: 1), reason: "")))
    }

    @Test("while the store fails facts are kept up to the limit, what is beyond is counted, and later all is in order")
    func bounded() async throws {
        try await running(limit: 1000) { writer, store, health in
            store.state.withLock { $0.isFailing = true }
            writer.enqueue(fact(0))
            try await waitUntil("the store fails") { health.reports.contains { $0.condition == .failing("disk full") } }
            for number in 1...1500 { writer.enqueue(fact(number)) }
            #expect(writer.backlog == 1000)
            #expect(writer.takeLost() == 500)
            #expect(writer.takeLost() == 0)
            store.state.withLock { $0.isFailing = false }
            try await waitUntil("all is written") { store.written.count == 1001 }
            #expect(store.written == (0...1000).map(String.init))
            #expect(store.state.withLock { $0.largest } <= StoreWriter.groupLimit)
            #expect(health.reports.map(\.condition) == [.ok])
        }
    }

    @Test("what waits for a fact happens after it is durable, not before")
    func afterwards() async throws {
        try await running(limit: 1000) { writer, store, health in
            store.state.withLock { $0.isFailing = true }
            let seen = Mutex<[Int]>([])
            writer.enqueue(fact(1))
            writer.enqueue(.afterwards { seen.withLock { $0.append(store.written.count) } })
            try await waitUntil("the store fails") { health.reports.contains { $0.condition == .failing("disk full") } }
            #expect(seen.withLock { $0 } == [])
            store.state.withLock { $0.isFailing = false }
            try await waitUntil("it is done") { seen.withLock { !$0.isEmpty } }
            #expect(seen.withLock { $0 } == [1])
        }
    }

    @Test("cancelled while it waits for work, it ends")
    func cancellation() async throws {
        let writer = StoreWriter(
            health: HealthState(), logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            write: Store().write)
        let running = Task { await writer.run() }
        running.cancel()
        await running.value
    }

    private func cursor(_ text: String) -> StoreWriter.Item { .commit(.cursor(.journal, text)) }

    @Test("of cursors that wait one behind the other the last is kept, and one stays behind the facts before it")
    func cursors() async throws {
        try await running(limit: 1000) { writer, store, health in
            store.state.withLock { $0.isFailing = true }
            writer.enqueue(fact(0))
            try await waitUntil("the store fails") { health.reports.contains { $0.condition == .failing("disk full") } }
            for number in 1...50 { writer.enqueue(cursor("a\(number)")) }
            writer.enqueue(fact(1))
            for number in 1...50 { writer.enqueue(cursor("b\(number)")) }
            #expect(writer.backlog == 3)
            store.state.withLock { $0.isFailing = false }
            try await waitUntil("all is written") { store.written.count == 4 }
            #expect(store.written == ["0", "a50", "1", "b50"])
        }
    }

    @Test("once a fact was refused no cursor is kept any more: it would say of the fact that it is durable")
    func cursorBehindLoss() async throws {
        try await running(limit: 10) { writer, store, health in
            store.state.withLock { $0.isFailing = true }
            writer.enqueue(fact(0))
            try await waitUntil("the store fails") { health.reports.contains { $0.condition == .failing("disk full") } }
            for number in 1...11 { writer.enqueue(fact(number)) }
            #expect(writer.takeLost() == 1)
            store.state.withLock { $0.isFailing = false }
            try await waitUntil("all is written") { store.written.count == 11 }
            writer.enqueue(cursor("past the loss"))
            writer.enqueue(fact(12))
            try await waitUntil("the next is written") { store.written.last == "12" }
            #expect(!store.written.contains("past the loss"))
        }
    }
}
