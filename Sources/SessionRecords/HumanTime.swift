// SPDX-License-Identifier: Apache-2.0

/// Times, durations and sizes in the short form that tables show; exact ones stand in `show` and `-o json`.
package enum HumanTime {
    private static let second: Int64 = 1_000_000_000

    /// How long ago, with kubectl's steps: seconds up to two minutes, then two units where the first is small.
    package static func age(nanoseconds: Int64) -> String {
        let seconds = max(0, nanoseconds / second)
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        if seconds < 120 { return "\(seconds)s" }
        if minutes < 10 { return two(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        if hours < 8 { return two(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        if days < 8 { return two(days, "d", hours % 24, "h") }
        if days < 730 { return "\(days)d" }
        if days < 2920 { return two(days / 365, "y", days % 365, "d") }
        return "\(days / 365)y"
    }

    /// How long something took: `0.4ms`, `37ms`, `10.0s`, `3m12s`, `2h5m`, `3d4h`.
    package static func duration(nanoseconds: Int64) -> String {
        let nanos = max(0, nanoseconds)
        let seconds = nanos / second
        if nanos < 10_000_000 { return "\(nanos / 1_000_000).\(nanos / 100_000 % 10)ms" }
        if nanos < second { return "\(nanos / 1_000_000)ms" }
        if seconds < 60 { return "\(seconds).\(nanos / 100_000_000 % 10)s" }
        if seconds < 3600 { return two(seconds / 60, "m", seconds % 60, "s") }
        if seconds < 86_400 { return two(seconds / 3600, "h", seconds / 60 % 60, "m") }
        return two(seconds / 86_400, "d", seconds / 3600 % 24, "h")
    }

    /// RFC 3339 in UTC, whole seconds.
    package static func wholeSeconds(_ time: Timestamp) -> String {
        // Rounded down, as a clock shows it; also before 1970.
        let remainder = time.nanoseconds % second
        let down = time.nanoseconds &- (remainder < 0 ? remainder &+ second : remainder)
        return Timestamp(nanoseconds: down).description
    }

    /// `37B`, `1.5KiB`, `64KiB`.
    package static func size(bytes: Int64) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB"]
        guard bytes >= 1024 else { return "\(bytes)B" }
        var tenths = bytes / 1024 * 10 + bytes % 1024 * 10 / 1024
        var unit = 0
        while tenths >= 10_240, unit < units.count - 1 {
            tenths /= 1024
            unit += 1
        }
        let whole = tenths / 10
        return whole >= 100 || tenths % 10 == 0 ? "\(whole)\(units[unit])" : "\(whole).\(tenths % 10)\(units[unit])"
    }

    private static func two(_ first: Int64, _ unit: String, _ second: Int64, _ secondUnit: String) -> String {
        second == 0 ? "\(first)\(unit)" : "\(first)\(unit)\(second)\(secondUnit)"
    }
}
