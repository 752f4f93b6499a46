// SPDX-License-Identifier: Apache-2.0
package import HealthReporting
package import Logging
import Metrics
import SessionRecords
package import SessionTracking
import Synchronization
import Telemetry

/// The one place that writes to the store: takes what waits, at most 256 facts, makes it durable in one transaction,
/// and only then lets happen what had to wait for it (a pin is not released before its output is safe).
///
/// A store that cannot be written is a state, not an end: what was to be written is kept, up to `limit` commits, and
/// tried again for ever; health says no meanwhile. Beyond the limit the newest is refused and counted as lost, and the
/// caller opens a gap; from then on no cursor is kept in this run, so that the next one reads again what was refused.
package final class StoreWriter: Sendable {
    /// What is to be done, in order.
    package enum Item: Sendable {
        case commit(Commit)
        case afterwards(@Sendable () -> Void)
    }

    private struct State {
        var items: [Item] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isFinished = false
        var lost = 0
        /// Something was refused: a cursor would now say of it that it is durable.
        var hasRefused = false

        /// Whether the item is done with: a cursor that may not be kept, or that takes the place of an older one.
        mutating func absorbs(_ item: Item) -> Bool {
            guard case .commit(.cursor(let source, _)) = item else { return false }
            if hasRefused { return true }
            guard case .commit(.cursor(source, _))? = items.last else { return false }
            items[items.count - 1] = item
            return true
        }
    }

    package static let groupLimit = 256
    private let limit: Int
    private let state = Mutex(State())
    private let thread: Worker
    private let health: HealthState
    private let logger: Logger
    private let commitTime = Metrics.Timer(label: "lastword_store_commit_seconds")

    package init(
        limit: Int = 20_000, health: HealthState, logger: Logger,
        write: @escaping @Sendable ([Commit]) throws -> Void
    ) {
        self.limit = limit
        self.health = health
        self.logger = logger
        thread = Worker(write: write)
    }

    /// Other work on the store, in turn with the commits and off the common threads.
    package func perform<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await thread.perform(work)
    }

    /// Commits that wait to be written.
    package var backlog: Int { state.withLock { $0.items.count } }

    /// Commits refused at the limit since the last call.
    package func takeLost() -> Int {
        state.withLock { state in
            defer { state.lost = 0 }
            return state.lost
        }
    }

    package func enqueue(_ item: Item) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.absorbs(item) { return nil }
            guard state.items.count < limit else {
                state.lost += 1
                state.hasRefused = true
                return nil
            }
            state.items.append(item)
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// What is queued is still written; then `run` returns.
    package func finish() {
        let waiter = state.withLock { state in
            state.isFinished = true
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Until `finish`, or the task is cancelled: then what is queued is tried once more and no longer waited for.
    package func run() async {
        await withTaskCancellationHandler {
            // On the store's own thread from end to end: each change of threads would be waited for by every fact.
            await thread.stay {
                while let group = await self.nextGroup() {
                    await self.write(group)
                }
            }
        } onCancel: {
            // Waiting for work is not ended by the cancellation alone.
            finish()
        }
    }

    private func nextGroup() async -> [Item]? {
        while true {
            let (group, finished) = state.withLock { state in
                let group = Array(state.items.prefix(Self.groupLimit))
                state.items.removeFirst(group.count)
                return (group, state.isFinished)
            }
            if !group.isEmpty { return group }
            if finished { return nil }
            await withCheckedContinuation { continuation in
                let ready = state.withLock { state in
                    if !state.items.isEmpty || state.isFinished { return true }
                    state.waiter = continuation
                    return false
                }
                if ready { continuation.resume() }
            }
        }
    }

    private func write(_ group: [Item]) async {
        let commits = group.compactMap { item -> Commit? in
            if case .commit(let commit) = item { return commit }
            return nil
        }
        var pause = Duration.milliseconds(50)
        var failing = false
        while !commits.isEmpty {
            do {
                let began = ContinuousClock.now
                try await thread.write(commits)
                let spent = began.duration(to: .now)
                commitTime.recordNanoseconds(spent.wholeNanoseconds)
                if failing {
                    logger.notice("store writable again")
                    health.report(HealthState.Part.store, .ok)
                }
                break
            } catch {
                if !failing {
                    logger.error(
                        "store not written, facts are kept in memory", metadata: [LogKey.errorMessage: "\(error)"])
                }
                failing = true
                health.report(HealthState.Part.store, .failing("\(error)"))
                // Cancelled means that the time to drain is over: what is not written now is asked for again at the next
                // start.
                do { try await Task.sleep(for: pause) } catch { return }
                pause = min(pause * 2, .seconds(2))
            }
        }
        for case .afterwards(let act) in group { act() }
    }

    private actor Worker {
        private let thread = SerialThread(label: "lastword.store")
        private let commits: @Sendable ([Commit]) throws -> Void

        init(write: @escaping @Sendable ([Commit]) throws -> Void) {
            commits = write
        }

        nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

        func write(_ group: [Commit]) throws {
            try commits(group)
        }

        func perform<Result: Sendable>(_ work: @Sendable () throws -> Result) throws -> Result {
            try work()
        }

        /// Runs `body` on this thread; where it waits, others get their turn.
        func stay(_ body: @Sendable () async -> Void) async {
            await body()
        }
    }
}
