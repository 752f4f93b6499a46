// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A clock that a test moves.
final class ManualClock: Sendable {
    private let value = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { value.withLock { $0 } }

    func advance(_ duration: Duration) {
        value.withLock { $0 += duration }
    }
}
