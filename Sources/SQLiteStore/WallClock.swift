// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SessionRecords

/// The wall clock, where nothing else is injected.
package enum WallClock {
    package static func now() -> Timestamp {
        var time = timespec()
        guard clock_gettime(CLOCK_REALTIME, &time) == 0 else { return Timestamp(nanoseconds: 0) }
        return Timestamp(seconds: Int64(time.tv_sec), nanos: Int64(time.tv_nsec)) ?? Timestamp(nanoseconds: 0)
    }
}
