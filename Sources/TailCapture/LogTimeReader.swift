// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Reads the times of log lines: RFC 3339 with a fraction of any width, `Z` or an offset (containerd writes
/// `time.RFC3339Nano` in its local zone, conmon nine digits and an offset: `reference/cri.md` §5).
///
/// It gives what `Timestamp(rfc3339:)` gives and is an order of magnitude faster on the lines of one day, because it
/// remembers the last date's midnight: a tail of short lines has thousands of times, and its goal is 2 ms.
struct LogTimeReader {
    enum Reading: Hashable {
        case moment(Timestamp)
        /// It has the shape of a time and is none that can be told: 31 hours, a tenth digit, the year 1.
        case unreadable
        /// It does not look like a time: the line is not one of a container log.
        case malformed
    }

    private var date: UInt64 = 0
    private var day: UInt16 = 0
    /// Seconds since the epoch; meaningful while `date` is not 0.
    private var midnight: Int64 = 0

    mutating func read(_ text: UnsafeRawBufferPointer) -> Reading {
        // yyyy-mm-ddThh:mm:ssZ is the shortest.
        guard text.count >= 20, text.count <= 64, Self.hasShape(text) else { return .malformed }
        let end = text.count
        var index = 19
        var nanos: Int64 = 0
        var readable = true
        if text[index] == UInt8(ascii: ".") {
            index += 1
            var scale: Int64 = 100_000_000
            let first = index
            while index < end, let digit = Self.digit(text[index]) {
                nanos += digit * scale
                scale /= 10
                index += 1
            }
            guard index > first else { return .malformed }
            readable = index - first <= 9
        }
        guard index < end else { return .malformed }
        var offset: Int64 = 0
        switch text[index] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            guard index + 1 == end else { return .malformed }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard index + 6 == end, text[index + 3] == UInt8(ascii: ":"), let hours = Self.pair(text, index + 1),
                let minutes = Self.pair(text, index + 4)
            else { return .malformed }
            readable = readable && hours < 24 && minutes < 60
            offset = (hours * 3600 + minutes * 60) * (text[index] == UInt8(ascii: "-") ? -1 : 1)
        default:
            return .malformed
        }
        guard let hour = Self.pair(text, 11), let minute = Self.pair(text, 14), let second = Self.pair(text, 17) else {
            return .malformed
        }
        guard readable, hour < 24, minute < 60, second < 61 else { return .unreadable }
        guard findMidnight(text) else {
            // No such date; or the first day that can be told at all, whose midnight cannot.
            return Timestamp(rfc3339: Array(text)[...]).map { .moment($0) } ?? .unreadable
        }
        guard
            let moment = Timestamp(
                seconds: midnight + hour * 3600 + minute * 60 + second - offset, nanos: nanos)
        else { return .unreadable }
        return .moment(moment)
    }

    /// Sets `midnight` to the text's date; false if there is no such date.
    private mutating func findMidnight(_ text: UnsafeRawBufferPointer) -> Bool {
        let date = text.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        let day = text.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        if date == self.date, day == self.day { return true }
        guard let start = Timestamp(rfc3339: Array(text[0..<10]) + Array("T00:00:00Z".utf8)[...]) else { return false }
        (self.date, self.day, midnight) = (date, day, start.nanoseconds / 1_000_000_000)
        return true
    }

    private static func hasShape(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T") || text[10] == UInt8(ascii: "t"), text[13] == UInt8(ascii: ":"),
            text[16] == UInt8(ascii: ":")
        else { return false }
        for index in 0..<10 where index != 4 && index != 7 && digit(text[index]) == nil { return false }
        return true
    }

    private static func digit(_ byte: UInt8) -> Int64? {
        byte >= 48 && byte <= 57 ? Int64(byte - 48) : nil
    }

    private static func pair(_ text: UnsafeRawBufferPointer, _ index: Int) -> Int64? {
        guard let tens = digit(text[index]), let ones = digit(text[index + 1]) else { return nil }
        return tens * 10 + ones
    }
}
