// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// A length of time as people type it: `90s`, `10m`, `2h`, `3d`, `1w`, `1h30m`.
struct SpanExpression: Hashable, Sendable {
    let nanoseconds: Int64

    init(_ text: String) throws {
        var total: Int64 = 0
        var number: Int64?
        for byte in text.utf8 {
            if (48...57).contains(byte) {
                let (scaled, over) = (number ?? 0).multipliedReportingOverflow(by: 10)
                let (sum, over2) = scaled.addingReportingOverflow(Int64(byte - 48))
                guard !over, !over2 else { throw Self.malformed(text) }
                number = sum
                continue
            }
            guard let count = number, let unit = Self.unit(byte) else { throw Self.malformed(text) }
            let (part, over) = count.multipliedReportingOverflow(by: unit)
            let (sum, over2) = total.addingReportingOverflow(part)
            guard !over, !over2 else { throw Self.malformed(text) }
            total = sum
            number = nil
        }
        guard number == nil, !text.isEmpty else { throw Self.malformed(text) }
        nanoseconds = total
    }

    private static func unit(_ letter: UInt8) -> Int64? {
        let second: Int64 = 1_000_000_000
        switch Unicode.Scalar(letter) {
        case "s": return second
        case "m": return 60 * second
        case "h": return 3600 * second
        case "d": return 86_400 * second
        case "w": return 604_800 * second
        default: return nil
        }
    }

    private static func malformed(_ text: String) -> LastwordError {
        LastwordError(
            code: "cli.duration", message: "\"\(Bounds.name(text))\" is no length of time, such as 90s, 10m, 2h or 3d")
    }
}

/// A moment as people type it: so long ago, a day (its beginning, UTC), or an RFC 3339 time.
enum TimeExpression: Hashable, Sendable {
    case ago(SpanExpression)
    case at(Timestamp)

    init(_ text: String) throws {
        if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "T00:00:00Z") {
            self = .at(time)
        } else if let span = try? SpanExpression(text) {
            // Its reason speaks of lengths of time alone; the one below names both forms.
            self = .ago(span)
        } else {
            throw LastwordError(
                code: "cli.time",
                message:
                    "\"\(Bounds.name(text))\" is neither a length of time, such as 10m, 2h or 3d, nor a time, such as"
                    + " 2026-11-21 or 2026-11-21T02:40:10Z")
        }
    }

    func resolved(now: Timestamp) -> Timestamp {
        switch self {
        case .ago(let span): now.advanced(byNanoseconds: -span.nanoseconds)
        case .at(let time): time
        }
    }
}
