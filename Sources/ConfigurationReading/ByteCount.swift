// SPDX-License-Identifier: Apache-2.0

/// An amount of bytes, so that a number of seconds or lines cannot be passed for one.
package struct ByteCount: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let bytes: Int

    package init(bytes: Int) {
        self.bytes = bytes
    }

    package static func kibibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count << 10) }
    package static func mebibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count << 20) }
    package static func gibibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count << 30) }

    package static func < (lhs: ByteCount, rhs: ByteCount) -> Bool {
        lhs.bytes < rhs.bytes
    }

    /// Reads `4096`, `64KiB` or `64Ki`, `256MiB`, `1GiB`, `1TiB`; nil for anything else and for what does not fit.
    ///
    /// Units of 1000 are left out on purpose: `1MB` is read as 1000 by some and as 1024 by others.
    package init?(text: String) {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let number = Int(String(digits) ?? "") else { return nil }
        guard
            let unit = Self.units.first(where: { $0.names.contains(String(text.utf8.dropFirst(digits.count)) ?? "?") })
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << unit.shift)
        guard !overflow else { return nil }
        self.bytes = bytes
    }

    /// The shortest exact form: `64KiB`, `1GiB`, `1500B`.
    package var description: String {
        guard bytes > 0 else { return "\(bytes)B" }
        for unit in Self.units.reversed() where bytes % (1 << unit.shift) == 0 {
            return "\(bytes >> unit.shift)\(unit.names[0])"
        }
        return "\(bytes)B"
    }

    private static let units: [(names: [String], shift: Int)] = [
        (["B", ""], 0), (["KiB", "Ki"], 10), (["MiB", "Mi"], 20), (["GiB", "Gi"], 30), (["TiB", "Ti"], 40),
    ]
}
