// SPDX-License-Identifier: Apache-2.0

/// Reads bytes as UTF-8 and hands out what is not UTF-8 byte by byte, so that nothing is lost or replaced.
///
/// Valid is what Unicode's table 3-7 (well-formed UTF-8 byte sequences) lists: no overlong forms, no surrogates.
package struct LenientUTF8<Bytes: Collection<UInt8>> {
    package enum Unit: Hashable {
        case scalar(Unicode.Scalar)
        case invalid(UInt8)
    }

    private let bytes: Bytes
    private var index: Bytes.Index

    package init(_ bytes: Bytes) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    /// The byte that `next()` begins with; nil at the end.
    package var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    package mutating func next() -> Unit? {
        guard let lead = peek else { return nil }
        index = bytes.index(after: index)
        let following: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        var value: UInt32
        switch lead {
        case 0..<0x80: return .scalar(Unicode.Scalar(lead))
        case 0xC2...0xDF: (following, value) = (1, UInt32(lead & 0x1F))
        case 0xE0...0xEF:
            (following, value) = (2, UInt32(lead & 0x0F))
            if lead == 0xE0 { second = 0xA0...0xBF }
            if lead == 0xED { second = 0x80...0x9F }
        case 0xF0...0xF4:
            (following, value) = (3, UInt32(lead & 0x07))
            if lead == 0xF0 { second = 0x90...0xBF }
            if lead == 0xF4 { second = 0x80...0x8F }
        default: return .invalid(lead)
        }
        var ahead = index
        for position in 0..<following {
            guard ahead < bytes.endIndex, (position == 0 ? second : 0x80...0xBF).contains(bytes[ahead]) else {
                return .invalid(lead)
            }
            value = value << 6 | UInt32(bytes[ahead] & 0x3F)
            ahead = bytes.index(after: ahead)
        }
        guard let scalar = Unicode.Scalar(value) else { return .invalid(lead) }
        index = ahead
        return .scalar(scalar)
    }
}
