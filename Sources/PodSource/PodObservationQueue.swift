// SPDX-License-Identifier: Apache-2.0
package import SessionTracking
import Synchronization

/// The bounded queue behind a pod source: the source never waits for its reader, and a full queue drops and counts.
///
/// One producer, one consumer. After a drop the producer waits for room, tells how many were lost, and lists again.
package final class PodObservationQueue: Sendable {
    private struct State {
        var items: [Observation] = []
        /// Index of the next item; the taken ones before it are cut off now and then.
        var head = 0
        var dropped = 0
        var finished = false
        var reader: CheckedContinuation<Void, Never>?
        var roomWaiter: CheckedContinuation<Void, Never>?

        var count: Int { items.count - head }
    }

    package let capacity: Int
    private let state = Mutex(State())

    package init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    package var count: Int { state.withLock { $0.count } }

    /// The next observations in order, at most `max`; waits for the first. Nil once the source has finished and all was
    /// taken, or the task was cancelled.
    package func nextBatch(max: Int) async -> [Observation]? {
        await withTaskCancellationHandler {
            while !Task.isCancelled {
                let (batch, finished, waiter) = take(max)
                waiter?.resume()
                if !batch.isEmpty { return batch }
                if finished { return nil }
                await waitForItem()
            }
            return nil
        } onCancel: {
            wakeReader()
        }
    }

    private func take(_ max: Int) -> ([Observation], Bool, CheckedContinuation<Void, Never>?) {
        state.withLock { state in
            let end = min(state.items.count, state.head + Swift.max(1, max))
            let batch = Array(state.items[state.head..<end])
            state.head = end
            if state.head == state.items.count {
                state.items.removeAll(keepingCapacity: state.items.count <= 1024)
                state.head = 0
            } else if state.head > 4096, state.head * 2 > state.items.count {
                state.items.removeFirst(state.head)
                state.head = 0
            }
            var waiter: CheckedContinuation<Void, Never>?
            if state.count <= capacity / 2 { swap(&waiter, &state.roomWaiter) }
            return (batch, state.finished, waiter)
        }
    }

    private func waitForItem() async {
        await withCheckedContinuation { continuation in
            let atOnce = state.withLock { state in
                // Cancelled between the check above and here: the handler has found no reader to wake.
                if state.count > 0 || state.finished || Task.isCancelled { return true }
                state.reader = continuation
                return false
            }
            if atOnce { continuation.resume() }
        }
    }

    private func wakeReader() {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// False if the queue was full and the observation was dropped and counted.
    @discardableResult
    func offer(_ observation: Observation) -> Bool {
        let taken = state.withLock { state in
            guard state.count < capacity, !state.finished else {
                state.dropped += 1
                return false
            }
            state.items.append(observation)
            return true
        }
        if taken { wakeReader() }
        return taken
    }

    var hasDropped: Bool { state.withLock { $0.dropped > 0 } }

    /// How many were dropped since it was last asked.
    func takeDropped() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }

    /// Waits until the queue is at most half full.
    func waitForRoom() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let atOnce = state.withLock { state in
                    if state.count <= capacity / 2 || state.finished || Task.isCancelled { return true }
                    state.roomWaiter = continuation
                    return false
                }
                if atOnce { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.roomWaiter = nil }
                return state.roomWaiter
            }
            waiter?.resume()
        }
    }

    /// No more will come; what is there can still be taken.
    func finish() {
        let waiter = state.withLock { state in
            state.finished = true
            defer { state.roomWaiter = nil }
            return state.roomWaiter
        }
        waiter?.resume()
        wakeReader()
    }
}
