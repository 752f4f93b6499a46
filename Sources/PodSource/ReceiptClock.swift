// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
package import SessionTracking

/// The moment something was received, by the system's clocks.
package enum ReceiptClock {
    package static func now() -> Receipt {
        let wall = read(CLOCK_REALTIME)
        let boot = read(CLOCK_BOOTTIME)
        return Receipt(wall: wall, boottime: boot.nanoseconds)
    }

    /// Neither clock can fail with these arguments, and the kernel keeps both within the bounds of 64-bit nanoseconds.
    private static func read(_ clock: clockid_t) -> Timestamp {
        var time = timespec()
        clock_gettime(clock, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanos: Int64(time.tv_nsec)) ?? Timestamp(nanoseconds: 0)
    }
}
