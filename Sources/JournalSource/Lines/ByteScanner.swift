// SPDX-License-Identifier: Apache-2.0

/// Reads a line from its front, piece by piece. What does not fit is not taken, and the scanner stays where it was.
struct ByteScanner {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }

    func isNext(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { rest.starts(with: $0) }
    }

    mutating func skip(_ text: StaticString) -> Bool {
        guard isNext(text) else { return false }
        rest = rest.dropFirst(text.utf8CodeUnitCount)
        return true
    }

    mutating func skipBlanks() {
        rest = rest.drop { $0 == UInt8(ascii: " ") }
    }

    /// Everything up to one of the bytes, which stays; nil if there is nothing before it.
    mutating func token(until stop: (UInt8) -> Bool) -> ArraySlice<UInt8>? {
        let token = rest.prefix { !stop($0) }
        guard !token.isEmpty else { return nil }
        rest = rest.dropFirst(token.count)
        return token
    }

    /// A decimal number of at most 18 digits, with a sign or not.
    mutating func number() -> Int64? {
        var probe = rest
        let isNegative = probe.first == UInt8(ascii: "-")
        if isNegative { probe = probe.dropFirst() }
        let digits = probe.prefix { (48...57).contains($0) }
        guard (1...18).contains(digits.count) else { return nil }
        rest = probe.dropFirst(digits.count)
        let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 48) }
        return isNegative ? -value : value
    }

    /// A string in double quotes with Go's escapes, as `%q` and protobuf's text write it.
    mutating func quoted() -> [UInt8]? {
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        var bytes: [UInt8] = []
        var index = rest.startIndex + 1
        while index < rest.endIndex {
            let byte = rest[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                rest = rest[index...]
                return bytes
            case UInt8(ascii: "\\"):
                guard let next = GoEscape.read(rest, &index, into: &bytes) else { return nil }
                index = next
            default:
                bytes.append(byte)
            }
        }
        return nil
    }
}

/// What follows a backslash in a string of Go's.
private enum GoEscape {
    /// - Returns: where to read on; nil for what is no escape.
    static func read(_ text: ArraySlice<UInt8>, _ index: inout Int, into bytes: inout [UInt8]) -> Int? {
        guard index < text.endIndex else { return nil }
        let byte = text[index]
        if let plain = plain(byte) {
            bytes.append(plain)
            return index + 1
        }
        switch byte {
        case UInt8(ascii: "x"):
            return code(text, index + 1, digits: 2, base: 16) { bytes.append(UInt8(truncatingIfNeeded: $0)) }
        case 48...55: return code(text, index, digits: 3, base: 8) { bytes.append(UInt8(truncatingIfNeeded: $0)) }
        case UInt8(ascii: "u"): return code(text, index + 1, digits: 4, base: 16) { append($0, to: &bytes) }
        case UInt8(ascii: "U"): return code(text, index + 1, digits: 8, base: 16) { append($0, to: &bytes) }
        default: return nil
        }
    }

    private static func plain(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): byte
        case UInt8(ascii: "a"): 7
        case UInt8(ascii: "b"): 8
        case UInt8(ascii: "v"): 11
        case UInt8(ascii: "f"): 12
        default: nil
        }
    }

    private static func code(
        _ text: ArraySlice<UInt8>, _ start: Int, digits: Int, base: UInt32, _ take: (UInt32) -> Void
    ) -> Int? {
        guard text.endIndex - start >= digits else { return nil }
        var value: UInt32 = 0
        for byte in text[start..<(start + digits)] {
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 97...102: digit = byte - 87
            case 65...70: digit = byte - 55
            default: return nil
            }
            guard digit < base else { return nil }
            value = value &* base &+ UInt32(digit)
        }
        take(value)
        return start + digits
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        // A surrogate is no character; the mark for what is none stands in for it.
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        bytes += Array(String(Character(scalar)).utf8)
    }
}
