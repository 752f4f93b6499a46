// SPDX-License-Identifier: Apache-2.0

/// Makes text from anywhere safe for a log line: one event stays one line, and a terminal showing it is not steered.
enum LogEscaping {
    /// A JSON string with its quotes. Control characters, and those that end lines or turn the direction of text for
    /// some readers, are escaped.
    static func json(_ text: String, limit: Int, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        append(text, limit: limit, into: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A logfmt value: bare where nothing in it needs quotes, else as in JSON.
    static func logfmt(_ text: String, limit: Int, into bytes: inout [UInt8]) {
        let bare =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
                    && byte != UInt8(ascii: "\\")
            }
        if bare, text.utf8.count <= limit {
            bytes += text.utf8
        } else {
            json(text, limit: limit, into: &bytes)
        }
    }

    /// A logfmt key: what could end it becomes `_`.
    static func key(_ text: String, into bytes: inout [UInt8]) {
        for byte in text.utf8.prefix(128) {
            let allowed = byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "=") && byte != UInt8(ascii: "\"")
            bytes.append(allowed ? byte : UInt8(ascii: "_"))
        }
    }

    /// At most `limit` bytes of the text, cut between characters and then marked with `…`.
    private static func append(_ text: String, limit: Int, into bytes: inout [UInt8]) {
        var used = 0
        for scalar in text.unicodeScalars {
            used += UTF8.width(scalar)
            guard used <= limit else {
                bytes += "…".utf8
                return
            }
            switch scalar {
            case "\"": bytes += "\\\"".utf8
            case "\\": bytes += "\\\\".utf8
            case "\n": bytes += "\\n".utf8
            case "\r": bytes += "\\r".utf8
            case "\t": bytes += "\\t".utf8
            case _ where isUnsafe(scalar): escape(scalar, into: &bytes)
            default: bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
        }
    }

    /// C0, DEL, C1, line and paragraph separators, and what changes the direction of text.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// All unsafe ones lie below U+10000, where one `\u` escape is enough.
    private static func escape(_ scalar: Unicode.Scalar, into bytes: inout [UInt8]) {
        let digits = String(scalar.value, radix: 16)
        bytes += "\\u".utf8
        bytes += String(repeating: "0", count: max(0, 4 - digits.utf8.count)).utf8
        bytes += digits.utf8
    }
}
