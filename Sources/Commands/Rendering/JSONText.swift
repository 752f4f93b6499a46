// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// JSON for standard output: the record's own JSON, with every character that a terminal might obey or hide written as
/// `\uXXXX`. The data is the same.
package enum JSONText {
    /// One line with its line feed.
    package static func line(_ value: JSONValue) -> String {
        safe(value.compact) + "\n"
    }

    /// Indented, with its line feed.
    package static func pretty(_ value: JSONValue) -> String {
        safe(value.pretty) + "\n"
    }

    /// An element of an array that is written piece by piece: indented one step further, no comma, no line feed.
    package static func element(_ value: JSONValue) -> String {
        // Line feeds inside strings are escaped, so each one here is layout.
        "  " + safe(value.pretty).split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n  ")
    }

    /// Such characters stand only inside strings: JSON's own syntax is ASCII.
    private static func safe(_ json: String) -> String {
        if json.utf8.allSatisfy({ $0 < 0x7F }) { return json }
        var text = ""
        for scalar in json.unicodeScalars {
            if TerminalText.isSafeInData(scalar) {
                text.unicodeScalars.append(scalar)
            } else {
                for unit in String(scalar).utf16 { text += escape(unit) }
            }
        }
        return text
    }

    static func escape(_ unit: UInt16) -> String {
        let hex = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }
}
