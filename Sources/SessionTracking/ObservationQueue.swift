// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The bounded queue between a source's wire and the tracker: the wire side never waits, so that our slowness never grows
/// anybody else's memory (`design.md` §3, promise 5).
///
/// Three ways in: `offer` for what comes off the wire (full: dropped and counted, the newest first), `send` for answers
/// that were asked for (waits for room; at most `answerRoom` of them are queued), `force` for the few facts about the
/// source itself. One consumer. Order is kept, save that during a `hold` what is offered waits behind all else.
package final class ObservationQueue: Sendable {
    private struct Item {
        let observation: Observation
        /// Whether it occupies one of the `answerRoom` places.
        let isAnswer: Bool
    }

    private typealias Continuation = CheckedContinuation<Void, any Error>

    private struct Waiter {
        let number: Int
        let continuation: Continuation
    }

    private struct State {
        var ready: [Item] = []
        /// First element of `ready` that was not taken yet.
        var head = 0
        var held: [Item] = []
        var isHeld = false
        var isFinished = false
        var dropped = 0
        var reliefDue = false
        var reliefWaiters: [Waiter] = []
        /// Answers queued or announced by `reserve`.
        var answers = 0
        var answerWaiters: [Waiter] = []
        var nextWaiter = 0
        var consumer: CheckedContinuation<Void, Never>?

        var count: Int { ready.count - head + held.count }
        var isReadable: Bool { head < ready.count || isFinished }

        mutating func number() -> Int {
            nextWaiter += 1
            return nextWaiter
        }

        /// Whether a loss has been followed by room, which is said once for each loss.
        mutating func takeRelief(capacity: Int) -> Bool {
            guard reliefDue, count <= capacity / 2 else { return false }
            reliefDue = false
            return true
        }

        /// The first `max` items, or as many as there are.
        mutating func takeItems(_ max: Int) -> ArraySlice<Item> {
            let end = Swift.min(ready.count, head + Swift.min(ready.count, Swift.max(1, max)))
            let items = ready[head..<end]
            head = end
            answers -= items.count { $0.isAnswer }
            // What was taken is cut off now and then: its memory goes, and the cutting costs little in all.
            if head == ready.count {
                ready.removeAll(keepingCapacity: ready.count < 4096)
                head = 0
            } else if head > 1024, head > ready.count / 2 {
                ready.removeFirst(head)
                head = 0
            }
            return items
        }
    }

    /// Answers hold whole descriptions, some KiB each, so that few of them may wait.
    package static let answerRoom = 512

    /// At least 1.
    package let capacity: Int
    private let state = Mutex(State())

    package init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// Observations waiting, held ones included.
    package var count: Int { state.withLock { $0.count } }

    // MARK: The source's side

    /// Appends unless full or finished.
    /// - Returns: false if it was dropped, which is counted.
    @discardableResult
    package func offer(_ observation: Observation) -> Bool {
        let (accepted, consumer) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard state.count < capacity, !state.isFinished else {
                state.dropped += 1
                state.reliefDue = true
                return (false, nil)
            }
            let item = Item(observation: observation, isAnswer: false)
            if state.isHeld {
                state.held.append(item)
                return (true, nil)
            }
            state.ready.append(item)
            return (true, state.consumer.take())
        }
        consumer?.resume()
        return accepted
    }

    /// Appends always; for facts about the source itself, whose number does not depend on the wire.
    package func force(_ observation: Observation) {
        append(Item(observation: observation, isAnswer: false))
    }

    /// Appends when there is room for one more answer.
    /// - Throws: `CancellationError` if the task was cancelled or the queue finished meanwhile; nothing is appended then.
    package func send(_ observation: Observation) async throws {
        try await reserve()
        fill(observation)
    }

    /// Waits for room for one answer, which `fill` then puts in without waiting.
    /// - Throws: as `send`; nothing is reserved then.
    package func reserve() async throws {
        try await wait(in: \.answerWaiters) { state in
            guard state.answers < Self.answerRoom else { return false }
            state.answers += 1
            return true
        }
    }

    /// Appends an answer whose room was reserved.
    package func fill(_ observation: Observation) {
        append(Item(observation: observation, isAnswer: true))
    }

    private func append(_ item: Item) {
        let consumer = state.withLock { state in
            state.ready.append(item)
            return state.consumer.take()
        }
        consumer?.resume()
    }

    /// From now on what is offered waits until `release`; what is sent goes past it.
    package func hold() {
        state.withLock { $0.isHeld = true }
    }

    /// Lets what was held follow what is queued.
    package func release() {
        let consumer = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isHeld = false
            guard !state.held.isEmpty else { return nil }
            state.ready.append(contentsOf: state.held)
            state.held.removeAll()
            return state.consumer.take()
        }
        consumer?.resume()
    }

    /// Whether anything was dropped since `takeDropped` was last called.
    package var hasDropped: Bool { state.withLock { $0.dropped > 0 } }

    /// How many were dropped since the last call.
    package func takeDropped() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }

    /// Waits for a loss to be over: something was dropped, and half of the queue is free. Returns once for each loss, also
    /// for one that was over before the call.
    /// - Throws: `CancellationError` if the task was cancelled or the queue finished.
    package func waitForRelief() async throws {
        try await wait(in: \.reliefWaiters) { [capacity] in $0.takeRelief(capacity: capacity) }
    }

    /// Waits in one of the lists unless `isDue` holds already; who takes a waiter from the list answers it.
    private func wait(
        in list: any WritableKeyPath<State, [Waiter]> & Sendable, unless isDue: (inout State) -> Bool
    ) async throws {
        let number = state.withLock { $0.number() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: Continuation) in
                // Reading `isCancelled` under the lock: a cancellation later than this finds the waiter registered.
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.isFinished || Task.isCancelled { return .failure(CancellationError()) }
                    if isDue(&state) { return .success(()) }
                    state[keyPath: list].append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                let index = state[keyPath: list].firstIndex { $0.number == number }
                return index.map { state[keyPath: list].remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// No more comes; the consumer gets what is queued, then the end.
    package func finish() {
        let (consumer, waiters) = state.withLock { state in
            state.isFinished = true
            state.ready.append(contentsOf: state.held)
            state.held.removeAll()
            defer {
                state.answerWaiters.removeAll()
                state.reliefWaiters.removeAll()
            }
            return (state.consumer.take(), state.answerWaiters + state.reliefWaiters)
        }
        consumer?.resume()
        for waiter in waiters { waiter.continuation.resume(throwing: CancellationError()) }
    }

    // MARK: The consumer's side

    /// The next observations in order, 1 to `max` of them; waits while there are none. Nil once the source has finished and
    /// all was taken, and when the calling task is cancelled, which takes nothing. For one consumer only.
    package func nextBatch(max: Int) async -> [Observation]? {
        while !Task.isCancelled {
            let (batch, finished) = take(max)
            if !batch.isEmpty { return batch }
            if finished { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let now = state.withLock { state in
                        if state.isReadable || Task.isCancelled { return true }
                        state.consumer = continuation
                        return false
                    }
                    if now { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.consumer.take() }?.resume()
            }
        }
        return nil
    }

    private func take(_ max: Int) -> (batch: [Observation], finished: Bool) {
        let (batch, finished, waiters) = state.withLock { state in
            let batch = state.takeItems(max).map(\.observation)
            let admitted = Swift.min(state.answerWaiters.count, Swift.max(0, Self.answerRoom - state.answers))
            var waiters = Array(state.answerWaiters.prefix(admitted))
            state.answerWaiters.removeFirst(admitted)
            state.answers += admitted
            if !state.reliefWaiters.isEmpty, state.takeRelief(capacity: capacity) {
                waiters += state.reliefWaiters
                state.reliefWaiters.removeAll()
            }
            return (batch, state.isFinished, waiters)
        }
        for waiter in waiters { waiter.continuation.resume() }
        return (batch, finished)
    }
}
