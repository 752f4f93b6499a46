// SPDX-License-Identifier: Apache-2.0

/// Text from anywhere as it may stand in a message of RFC 5424.
///
/// Receivers change control characters each in their own way, or end the record at one. So they, and what turns the
/// direction of text, stand as `\u{hex}` before RFC 5424's own escapes; a `\u{` that is in the text itself as `\u{5c}u{`.
/// Nothing is lost: replacing each `\u{hex}` by its character gives the text back.
enum SyslogEscaping {
    static func visible(_ text: String) -> String {
        // Nearly everything is plain words.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\\") }) { return text }
        let scalars = text.unicodeScalars
        guard scalars.contains(where: { isHidden($0) || $0 == "\\" }) else { return text }
        var result = ""
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let scalar = scalars[index]
            if isHidden(scalar) || (scalar == "\\" && scalars[index...].starts(with: "\\u{".unicodeScalars)) {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
            index = scalars.index(after: index)
        }
        return result
    }

    /// A PARAM-VALUE (RFC 5424, section 6.3.3): `"`, `\` and `]` with a backslash.
    static func parameter(_ visible: String, into bytes: inout [UInt8]) {
        for byte in visible.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "]") {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
        }
    }

    /// A header's field: printable ASCII without blanks, `?` for all else, `-` for nothing.
    static func header(_ text: String?, limit: Int) -> String {
        guard let text, !text.isEmpty else { return "-" }
        return String(
            decoding: text.unicodeScalars.prefix(limit).map { scalar -> UInt8 in
                (0x21...0x7E).contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : UInt8(ascii: "?")
            }, as: UTF8.self)
    }

    /// C0, DEL, C1, line and paragraph separators, and what changes the direction of text or cannot be seen.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: true
        default: false
        }
    }
}
