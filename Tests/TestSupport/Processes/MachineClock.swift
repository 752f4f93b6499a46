// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The system's clocks in nanoseconds: the same in all processes, so that what one writes the other can subtract.
package enum MachineClock {
    /// The clock that containerd's times are of.
    package static func wall() -> Int64 { read(CLOCK_REALTIME) }

    package static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
