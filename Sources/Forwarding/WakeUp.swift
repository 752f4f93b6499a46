// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Reasons for sleepers to go on; each stays until it is taken.
final class WakeUp: Sendable {
    enum Reason: Hashable, Sendable {
        /// There may be new entries.
        case entries
        /// What was refused is to be sent again.
        case again
        /// No more than what is there is to be delivered.
        case stop
    }

    private struct State {
        var pending: Set<Reason> = []
        var waiting: [Int: (reasons: Set<Reason>, continuation: CheckedContinuation<Void, Never>)] = [:]
        var last = 0
        /// Cancelled before it came to wait.
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    func signal(_ reason: Reason) {
        let waiters = state.withLock { state in
            state.pending.insert(reason)
            let ready = state.waiting.filter { $0.value.reasons.contains(reason) }
            for key in ready.keys { state.waiting[key] = nil }
            return ready.values.map(\.continuation)
        }
        for waiter in waiters { waiter.resume() }
    }

    func isPending(_ reason: Reason) -> Bool {
        state.withLock { $0.pending.contains(reason) }
    }

    /// Whether it was pending; it no longer is.
    func take(_ reason: Reason) -> Bool {
        state.withLock { $0.pending.remove(reason) != nil }
    }

    /// Returns once one of the reasons is pending, or the task is cancelled.
    func wait(for reasons: Set<Reason>) async {
        let key = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let isCancelled = state.cancelled.remove(key) != nil
                    guard state.pending.isDisjoint(with: reasons), !isCancelled else { return true }
                    state.waiting[key] = (reasons, continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiting.removeValue(forKey: key)
                if waiter == nil { state.cancelled.insert(key) }
                return waiter?.continuation
            }
            waiter?.resume()
        }
        state.withLock { state in _ = state.cancelled.remove(key) }
    }
}
