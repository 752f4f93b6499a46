// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Times as pages show them: in UTC, exact in the machine-readable attribute.
enum PageTime {
    /// `day`, `clock`, `exact` for the partial `time`. The day is without its year where that is the year of `now`.
    static func view(_ time: Timestamp, now: Timestamp? = nil) -> View {
        let text = HumanTime.wholeSeconds(time)
        let isThisYear = now.map { HumanTime.wholeSeconds($0).prefix(4) == text.prefix(4) } ?? false
        return [
            "day": String(text.prefix(10).dropFirst(isThisYear ? 5 : 0)), "clock": String(text.dropFirst(11).prefix(8)),
            "exact": time.description,
        ]
    }

    /// `20:53:31.123`, for lines of output.
    static func clock(_ time: Timestamp) -> String {
        let text = HumanTime.wholeSeconds(time)
        let remainder = time.nanoseconds % 1_000_000_000
        let milliseconds = String((remainder < 0 ? remainder + 1_000_000_000 : remainder) / 1_000_000)
        return text.dropFirst(11).prefix(8) + "." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds
    }

    /// `3m12s ago`; `now` for the last second and for what a clock that is ahead calls the future.
    static func age(_ time: Timestamp, now: Timestamp) -> String {
        let nanoseconds = now.nanoseconds(since: time)
        return nanoseconds < 1_000_000_000 ? "now" : HumanTime.age(nanoseconds: nanoseconds) + " ago"
    }

    /// `+1.502s`, `−180ms`, `+3m12s`: exact to the millisecond below a minute.
    static func offset(_ nanoseconds: Int64) -> String {
        let magnitude = Int64(clamping: nanoseconds.magnitude)
        let sign = nanoseconds < 0 ? "−" : "+"
        guard (1_000_000_000..<60_000_000_000).contains(magnitude) else {
            return sign + HumanTime.duration(nanoseconds: magnitude)
        }
        let milliseconds = String(magnitude / 1_000_000 % 1000)
        return sign + "\(magnitude / 1_000_000_000)." + String(repeating: "0", count: 3 - milliseconds.count)
            + milliseconds + "s"
    }
}
