// SPDX-License-Identifier: Apache-2.0

/// Checks in one pass that bytes are RFC 8785 JSON of integers and strings, and finds the members of the outermost
/// object, without making a value of anything.
package struct CanonicalScanner {
    package struct Member {
        /// Inside the quotes.
        package let key: Range<Int>
        /// The value with its quotes or brackets.
        package let value: Range<Int>
    }

    private static let maxDepth = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0
    private var members: [Member] = []

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The members of the outermost object, in order; nil if the bytes are not one canonical object.
    package static func members(of bytes: UnsafeBufferPointer<UInt8>) -> [Member]? {
        var scanner = CanonicalScanner(bytes)
        scanner.members.reserveCapacity(6)
        guard scanner.object(depth: 0), scanner.index == bytes.count else { return nil }
        return scanner.members
    }

    /// The value under `key`, of members that `members(of:)` found.
    package static func value(
        _ key: StaticString, in members: [Member], of bytes: UnsafeBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8>? {
        let wanted = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        for member in members where member.key.count == wanted.count {
            if bytes[member.key].elementsEqual(wanted) { return UnsafeBufferPointer(rebasing: bytes[member.value]) }
        }
        return nil
    }

    /// The number that an integer value stands for.
    package static func integer(_ value: UnsafeBufferPointer<UInt8>?) -> Int64? {
        value.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
    }

    /// A string value without its quotes; escapes are left as they are.
    package static func string(_ value: UnsafeBufferPointer<UInt8>?) -> UnsafeBufferPointer<UInt8>? {
        guard let value, value.count >= 2, value.first == UInt8(ascii: "\"") else { return nil }
        return UnsafeBufferPointer(rebasing: value[1..<(value.count - 1)])
    }

    // MARK: Grammar

    private var current: UInt8? {
        index < bytes.count ? bytes[index] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        index += 1
        return true
    }

    private mutating func value(depth: Int) -> Bool {
        guard depth < Self.maxDepth, let byte = current else { return false }
        switch byte {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "\""): return string() != nil
        case UInt8(ascii: "t"): return literal("true")
        case UInt8(ascii: "f"): return literal("false")
        case UInt8(ascii: "n"): return literal("null")
        default: return number()
        }
    }

    private mutating func literal(_ text: StaticString) -> Bool {
        for offset in 0..<text.utf8CodeUnitCount {
            guard take(text.utf8Start[offset]) else { return false }
        }
        return true
    }

    private mutating func number() -> Bool {
        let isNegative = take(UInt8(ascii: "-"))
        guard let first = current, (48...57).contains(first) else { return false }
        index += 1
        if first == 48 { return !isNegative && !isDigit }
        while isDigit { index += 1 }
        return true
    }

    private var isDigit: Bool {
        current.map { (48...57).contains($0) } ?? false
    }

    private mutating func array(depth: Int) -> Bool {
        guard take(UInt8(ascii: "[")) else { return false }
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            guard value(depth: depth + 1) else { return false }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    private mutating func object(depth: Int) -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        if take(UInt8(ascii: "}")) { return true }
        var previous: Range<Int>?
        repeat {
            guard let key = string(), previous.map({ isAscending($0, key) }) ?? true, take(UInt8(ascii: ":")) else {
                return false
            }
            previous = key
            let start = index
            guard value(depth: depth + 1) else { return false }
            if depth == 0 { members.append(Member(key: key, value: start..<index)) }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    // MARK: Strings

    /// The range between the quotes; nil if it is not a string in its shortest form.
    private mutating func string() -> Range<Int>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = index
        while true {
            // Nearly all bytes are of this kind.
            var position = index
            while position < bytes.count, Self.isPlain(bytes[position]) { position += 1 }
            index = position
            guard let byte = current else { return nil }
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return start..<(index - 1)
            case UInt8(ascii: "\\"):
                guard escape() else { return nil }
            case 0..<0x20: return nil
            default:
                guard multibyte(byte) else { return nil }
            }
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func escape() -> Bool {
        index += 1
        guard let byte = current else { return false }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "b"), UInt8(ascii: "t"), UInt8(ascii: "n"),
            UInt8(ascii: "f"), UInt8(ascii: "r"):
            return true
        case UInt8(ascii: "u"):
            // Only control characters that have no short form: 0000…001f, in lower case.
            guard take(48), take(48), let high = current, high == 48 || high == 49 else { return false }
            index += 1
            guard let low = current, (48...57).contains(low) || (97...102).contains(low) else { return false }
            index += 1
            return !(high == 48 && [0x38, 0x39, 0x61, 0x63, 0x64].contains(low))
        default: return false
        }
    }

    /// One character of UTF-8 beyond ASCII (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF).
    private mutating func multibyte(_ lead: UInt8) -> Bool {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return false
        }
        guard bytes.count - index >= length, second.contains(bytes[index + 1]) else { return false }
        for offset in 2..<max(2, length) {
            guard (0x80...0xBF).contains(bytes[index + offset]) else { return false }
        }
        index += length
        return true
    }

    /// By UTF-16 code units, as RFC 8785 sorts; equal keys are not ascending.
    private func isAscending(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        var (one, other) = (left.lowerBound, right.lowerBound)
        while one < left.upperBound, other < right.upperBound {
            let (first, second) = (bytes[one], bytes[other])
            // Byte order is UTF-16 order for all but characters from U+E000 on, and escapes.
            if first >= 0xEE || second >= 0xEE || first == UInt8(ascii: "\\") || second == UInt8(ascii: "\\") {
                return units(left).lexicographicallyPrecedes(units(right))
            }
            if first != second { return first < second }
            one += 1
            other += 1
        }
        return left.count < right.count
    }

    /// A key's UTF-16 code units, with its escapes resolved.
    private func units(_ range: Range<Int>) -> [UInt16] {
        var plain: [UInt8] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let byte = bytes[position]
            position += 1
            guard byte == UInt8(ascii: "\\"), position < range.upperBound else {
                plain.append(byte)
                continue
            }
            let escaped = bytes[position]
            position += 1
            switch escaped {
            case UInt8(ascii: "b"): plain.append(0x08)
            case UInt8(ascii: "t"): plain.append(0x09)
            case UInt8(ascii: "n"): plain.append(0x0A)
            case UInt8(ascii: "f"): plain.append(0x0C)
            case UInt8(ascii: "r"): plain.append(0x0D)
            case UInt8(ascii: "u"):
                let digits = bytes[position..<min(position + 4, range.upperBound)]
                plain.append(UInt8(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0)
                position += 4
            default: plain.append(escaped)
            }
        }
        return Array(String(decoding: plain, as: UTF8.self).utf16)
    }
}
