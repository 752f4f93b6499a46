// SPDX-License-Identifier: Apache-2.0

/// A moment in UTC, in nanoseconds since 1970-01-01T00:00:00Z.
///
/// Bounds: September 1677 to April 2262 (what 64 bits of nanoseconds hold). Text is RFC 3339 with the trailing zeros of the
/// fraction cut, as the runtime writes it, so that equal moments have equal text.
package struct Timestamp: Hashable, Sendable, Comparable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// Nil if the moment does not fit, as a hostile or broken sender's may not.
    package init?(seconds: Int64, nanos: Int64) {
        guard (0..<1_000_000_000).contains(nanos) else { return nil }
        // Before 1970 the nanoseconds count towards it: the earliest moments fit only if they are taken off first.
        let isBefore = seconds < 0 && nanos > 0
        let (scaled, overflow) = (isBefore ? seconds + 1 : seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = scaled.addingReportingOverflow(isBefore ? nanos - 1_000_000_000 : nanos)
        guard !overflow, !overflow2 else { return nil }
        self.nanoseconds = sum
    }

    package static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
        lhs.nanoseconds < rhs.nanoseconds
    }

    /// Nanoseconds from `earlier` to this moment; saturates instead of overflowing.
    package func nanoseconds(since earlier: Timestamp) -> Int64 {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        guard overflow else { return difference }
        return nanoseconds < earlier.nanoseconds ? .min : .max
    }

    /// The moment moved by `nanoseconds`; saturates instead of overflowing.
    package func advanced(byNanoseconds delta: Int64) -> Timestamp {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(delta)
        return Timestamp(nanoseconds: overflow ? (delta < 0 ? .min : .max) : sum)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC, `2026-11-21T02:40:10.522775261Z`.
    package var description: String {
        var seconds = nanoseconds / 1_000_000_000
        var nanos = nanoseconds % 1_000_000_000
        if nanos < 0 {
            nanos += 1_000_000_000
            seconds -= 1
        }
        var days = seconds / 86_400
        var second = seconds % 86_400
        if second < 0 {
            second += 86_400
            days -= 1
        }
        let (year, month, day) = Self.civil(fromDays: days)
        var text = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        text += "T\(Self.padded(second / 3600, 2)):\(Self.padded(second / 60 % 60, 2)):\(Self.padded(second % 60, 2))"
        if nanos != 0 {
            var fraction = Self.padded(nanos, 9)
            while fraction.hasSuffix("0") { fraction.removeLast() }
            text += "." + fraction
        }
        return text + "Z"
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return digits.count >= width ? digits : String(repeating: "0", count: width - digits.count) + digits
    }

    /// Days since the epoch to the proleptic Gregorian date (the 400-year-era arithmetic).
    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Days since the epoch of a proleptic Gregorian date.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Reads RFC 3339 with `Z` or a numeric offset and a fraction of 1 to 9 digits or none; nil for anything else, also
    /// for the year-1 times that the kubelet makes up.
    package init?(rfc3339 text: some StringProtocol) {
        self.init(rfc3339: Array(text.utf8)[...])
    }

    /// The same on raw bytes, as a log line holds them.
    package init?(rfc3339 bytes: ArraySlice<UInt8>) {
        var index = bytes.startIndex
        func number(_ count: Int) -> Int64? {
            guard bytes.endIndex - index >= count else { return nil }
            var value: Int64 = 0
            for _ in 0..<count {
                let digit = bytes[index]
                guard (48...57).contains(digit) else { return nil }
                value = value * 10 + Int64(digit - 48)
                index += 1
            }
            return value
        }
        func literal(_ character: Unicode.Scalar...) -> Bool {
            guard index < bytes.endIndex, character.contains(where: { $0.value == UInt32(bytes[index]) }) else {
                return false
            }
            index += 1
            return true
        }
        guard let year = number(4), literal("-"), let month = number(2), literal("-"), let day = number(2),
            literal("T", "t"), let hour = number(2), literal(":"), let minute = number(2), literal(":"),
            let second = number(2), (1677...2262).contains(year), (1...12).contains(month),
            (1...Self.days(inMonth: month, of: year)).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var nanos: Int64 = 0
        if literal(".") {
            var scale: Int64 = 100_000_000
            var digits = 0
            while index < bytes.endIndex, (48...57).contains(bytes[index]) {
                digits += 1
                guard digits <= 9 else { return nil }
                nanos += Int64(bytes[index] - 48) * scale
                scale /= 10
                index += 1
            }
            guard digits > 0 else { return nil }
        }
        var offset: Int64 = 0
        if !literal("Z", "z") {
            let negative: Bool
            if literal("+") { negative = false } else if literal("-") { negative = true } else { return nil }
            guard let hours = number(2), literal(":"), let minutes = number(2), hours < 24, minutes < 60 else {
                return nil
            }
            offset = (hours * 3600 + minutes * 60) * (negative ? -1 : 1)
        }
        guard index == bytes.endIndex else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        self.init(seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset, nanos: nanos)
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(rfc3339: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an RFC 3339 time: \(text)")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
