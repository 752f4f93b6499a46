// SPDX-License-Identifier: Apache-2.0

/// Durations as people write them: `500ms`, `5s`, `10m`, `1h30m`, `90d`.
package enum DurationText {
    /// Largest first; the value is in milliseconds.
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Nil without a unit, with an unknown one, with units out of order or repeated, and for what does not fit.
    package static func parse(_ text: String) -> Duration? {
        var rest = text.utf8[...]
        var total: Int64 = 0
        var nextUnit = 0
        while !rest.isEmpty {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
            rest = rest.dropFirst(letters.count)
            guard let number = Int64(Substring(digits)),
                let unit = units.indices.first(where: { $0 >= nextUnit && units[$0].name == String(Substring(letters)) }
                )
            else { return nil }
            let (part, overflow) = number.multipliedReportingOverflow(by: units[unit].milliseconds)
            let (sum, overflow2) = total.addingReportingOverflow(part)
            guard !overflow, !overflow2 else { return nil }
            total = sum
            nextUnit = unit + 1
        }
        guard nextUnit > 0 else { return nil }
        return .milliseconds(total)
    }

    /// The form that `parse` reads back; parts below a millisecond are cut.
    package static func render(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow, scaled >= 0 else { return "\(seconds)s" }
        var rest = scaled + attoseconds / 1_000_000_000_000_000
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text.isEmpty ? "0s" : text
    }
}
