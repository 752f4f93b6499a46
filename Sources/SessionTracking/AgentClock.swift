// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// The agent's two clocks, read together; a test puts its own in place.
package struct AgentClock: Sendable {
    /// The moment by the wall clock and by `CLOCK_BOOTTIME`.
    package var now: @Sendable () -> Receipt

    package init(now: @escaping @Sendable () -> Receipt) {
        self.now = now
    }

    /// `CLOCK_REALTIME` and `CLOCK_BOOTTIME` of the kernel. Boot time goes on while the machine is suspended, so that a
    /// laptop's sleep is not mistaken for a step of the wall clock.
    package static let system = AgentClock {
        Receipt(wall: Timestamp(nanoseconds: nanoseconds(CLOCK_REALTIME)), boottime: nanoseconds(CLOCK_BOOTTIME))
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return 0 }
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
