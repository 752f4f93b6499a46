// SPDX-License-Identifier: Apache-2.0
import SessionTracking
import Synchronization

/// Wakes the ticker when something is due, and otherwise lets it sleep: an idle agent is not to wake several times a second.
final class Alarm: Sendable {
    private struct State {
        var due: Int64?
        /// When the present sleep ends; nil while nobody sleeps.
        var wakesAt: Int64?
        var sleeper: Task<Void, Never>?
    }

    /// Boot-time nanoseconds between two rings at least: what is due a moment later goes with the next.
    private static let shortest: Int64 = 50_000_000
    private let longest: Int64
    private let state = Mutex(State())

    /// - Parameter longest: nanoseconds after which a sleep ends although nothing is due.
    init(longest: Int64) {
        self.longest = longest
    }

    /// What is due next, by the boot-time clock. A sleep that would end later ends now, to be begun anew.
    func set(_ due: Int64?) {
        state.withLock { state in
            state.due = due
            guard let due, let wakesAt = state.wakesAt, due < wakesAt else { return }
            state.wakesAt = nil
            state.sleeper?.cancel()
        }
    }

    func isDue(_ now: Int64) -> Bool {
        state.withLock { $0.due.map { $0 <= now } ?? false }
    }

    /// Until something is due, an earlier moment is set, or `longest` is over. For one caller at a time.
    func sleep(from now: Int64) async {
        let sleeper = state.withLock { state in
            let limit = now + longest
            let wakesAt = max(now + Self.shortest, min(state.due ?? limit, limit))
            // A task of its own, because cancelling is the one way to end a sleep, and nothing else is to be cancelled.
            let sleeper = Task { () -> Void in
                // Cancelled is just awake.
                try? await Task.sleep(for: .nanoseconds(wakesAt - now))
            }
            // What is due within the shortest sleep need not end it.
            state.wakesAt = wakesAt > now + Self.shortest ? wakesAt : nil
            state.sleeper = sleeper
            return sleeper
        }
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
    }
}
