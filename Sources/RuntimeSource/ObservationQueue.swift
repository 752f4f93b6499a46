// SPDX-License-Identifier: Apache-2.0
import SessionRecords
package import SessionTracking
import Synchronization

/// The bounded queue between the runtime's wire and the tracker: the wire side never waits, so our slowness never grows
/// the runtime's memory (`design.md` §3, promise 5).
///
/// Three ways in: `offer` for what comes off the wire (full: dropped and counted, the newest first), `send` for answers
/// that we asked for (waits for room; at most `answerRoom` of them are queued), `force` for the few facts about the source
/// itself. One consumer. Order is kept, save that during a `hold` what is offered waits behind all else.
package final class ObservationQueue: Sendable {
    private struct Item {
        let observation: Observation
        /// Whether it occupies one of the `answerRoom` places.
        let isAnswer: Bool
    }

    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<Void, any Error>
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
        var relief: (@Sendable () -> Void)?
        /// Answers queued or announced by `reserve`.
        var answers = 0
        var waiters: [Waiter] = []
        var nextWaiter = 0
        var consumer: CheckedContinuation<Void, Never>?

        var count: Int { ready.count - head + held.count }
        var isReadable: Bool { head < ready.count || isFinished }

        /// The relief to call, if one is due and half of the queue is free.
        mutating func takeRelief(capacity: Int) -> (@Sendable () -> Void)? {
            guard reliefDue, count <= capacity / 2, let relief else { return nil }
            reliefDue = false
            return relief
        }
    }

    /// Answers hold whole descriptions, some KiB each, so that few of them may wait.
    private static let answerRoom = 512

    package let capacity: Int
    private let state = Mutex(State())

    package init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    /// Observations waiting, held ones included.
    package var count: Int { state.withLock { $0.count } }

    // MARK: The source's side

    /// Appends unless full; false if it was dropped.
    func offer(_ observation: Observation) -> Bool {
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
    func force(_ observation: Observation) {
        append(Item(observation: observation, isAnswer: false))
    }

    /// Appends when there is room for one more answer.
    /// - Throws: `CancellationError` if the task was cancelled or the queue finished meanwhile; nothing is appended then.
    func send(_ observation: Observation) async throws {
        try await reserve()
        fill(observation)
    }

    /// Waits for room for one answer, which `fill` then puts in without waiting.
    func reserve() async throws {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Reading `isCancelled` under the lock: a cancellation later than this finds the waiter registered.
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.isFinished || Task.isCancelled { return .failure(CancellationError()) }
                    if state.answers < Self.answerRoom {
                        state.answers += 1
                        return .success(())
                    }
                    state.waiters.append(Waiter(number: number, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
            }
            waiter?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Appends an answer whose room was reserved.
    func fill(_ observation: Observation) {
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
    func hold() {
        state.withLock { $0.isHeld = true }
    }

    /// Lets what was held follow what is queued.
    func release() {
        let consumer = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isHeld = false
            guard !state.held.isEmpty else { return nil }
            state.ready.append(contentsOf: state.held)
            state.held.removeAll()
            return state.consumer.take()
        }
        consumer?.resume()
    }

    /// How many were dropped since the last call.
    func takeDropped() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }

    /// Called once after a loss, as soon as half of the queue is free again. Called at once if that is the case already.
    func onRelief(_ relief: (@Sendable () -> Void)?) {
        let due = state.withLock { state in
            state.relief = relief
            return state.takeRelief(capacity: capacity)
        }
        due?()
    }

    /// No more comes; the consumer gets what is queued, then the end.
    func finish() {
        let (consumer, waiters) = state.withLock { state in
            state.isFinished = true
            state.ready.append(contentsOf: state.held)
            state.held.removeAll()
            defer { state.waiters.removeAll() }
            return (state.consumer.take(), state.waiters)
        }
        consumer?.resume()
        for waiter in waiters { waiter.continuation.resume(throwing: CancellationError()) }
    }

    // MARK: The consumer's side

    /// The next observations in order, 1 to `max` of them; waits while there are none. Empty at the end of the source and
    /// when the calling task is cancelled. For one consumer only.
    package func nextBatch(max: Int) async -> [Observation] {
        while true {
            let (batch, finished) = take(max)
            if !batch.isEmpty || finished || Task.isCancelled { return batch }
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
    }

    private func take(_ max: Int) -> (batch: [Observation], finished: Bool) {
        let (batch, finished, waiters, relief) = state.withLock { state in
            let end = Swift.min(state.ready.count, state.head + Swift.max(1, max))
            let items = state.ready[state.head..<end]
            state.head = end
            state.answers -= items.count { $0.isAnswer }
            let batch = items.map(\.observation)
            if state.head == state.ready.count {
                state.ready.removeAll(keepingCapacity: state.ready.count < 4096)
                state.head = 0
            } else if state.head > 1024, state.head > state.ready.count / 2 {
                state.ready.removeFirst(state.head)
                state.head = 0
            }
            let admitted = Swift.min(state.waiters.count, Self.answerRoom - state.answers)
            let waiters = Array(state.waiters.prefix(Swift.max(0, admitted)))
            state.waiters.removeFirst(waiters.count)
            state.answers += waiters.count
            return (batch, state.isFinished && batch.isEmpty, waiters, state.takeRelief(capacity: capacity))
        }
        for waiter in waiters { waiter.continuation.resume() }
        relief?()
        return (batch, finished)
    }
}

/// The same observations one by one.
package struct ObservationSequence: AsyncSequence, Sendable {
    package typealias Element = Observation
    package typealias Failure = Never

    let queue: ObservationQueue

    package func makeAsyncIterator() -> Iterator {
        Iterator(queue: queue)
    }

    package struct Iterator: AsyncIteratorProtocol {
        let queue: ObservationQueue
        private var batch: [Observation] = []
        private var index = 0

        init(queue: ObservationQueue) {
            self.queue = queue
        }

        package mutating func next() async -> Observation? {
            await next(isolation: #isolation)
        }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> Observation? {
            if index == batch.count {
                batch = await queue.nextBatch(max: 256)
                index = 0
            }
            guard index < batch.count else { return nil }
            defer { index += 1 }
            return batch[index]
        }
    }
}
