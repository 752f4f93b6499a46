// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// A `JSONValue` as a YAML 1.2 document that a YAML 1.1 reader understands the same way.
///
/// A string stands bare only where no reader can take it for something else; all others are in double quotes, with
/// escapes for whatever is not printable.
package enum YAMLText {
    package static func document(_ value: JSONValue) -> String {
        var text = ""
        write(value, indent: 0, to: &text)
        return text
    }

    private static func write(_ value: JSONValue, indent: Int, to text: inout String) {
        switch value {
        case .object(let object) where !object.members.isEmpty:
            for (index, member) in object.members.enumerated() {
                if index > 0 { text += spaces(indent) }
                text += scalar(member.key) + ":"
                writeNested(member.value, indent: indent, to: &text)
            }
        case .array(let values) where !values.isEmpty:
            for (index, element) in values.enumerated() {
                if index > 0 { text += spaces(indent) }
                text += "- "
                write(element, indent: indent + 2, to: &text)
            }
        case .object: text += "{}\n"
        case .array: text += "[]\n"
        case .null: text += "null\n"
        case .bool(let flag): text += flag ? "true\n" : "false\n"
        case .integer(let number): text += "\(number)\n"
        case .string(let string): text += scalar(string) + "\n"
        }
    }

    private static func writeNested(_ value: JSONValue, indent: Int, to text: inout String) {
        switch value {
        case .object(let object) where !object.members.isEmpty:
            text += "\n" + spaces(indent + 2)
            write(value, indent: indent + 2, to: &text)
        case .array(let values) where !values.isEmpty:
            text += "\n" + spaces(indent)
            write(value, indent: indent, to: &text)
        default:
            text += " "
            write(value, indent: indent, to: &text)
        }
    }

    private static func spaces(_ count: Int) -> String {
        String(repeating: " ", count: count)
    }

    /// Words that YAML 1.1 or 1.2 reads as something other than text, in lower case.
    private static let reserved: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]

    private static func scalar(_ string: String) -> String {
        isPlain(string) ? string : quoted(string)
    }

    private static func isPlain(_ string: String) -> Bool {
        let bytes = Array(string.utf8)
        guard let first = bytes.first, bytes.count <= 1024, bytes.last != UInt8(ascii: ":") else { return false }
        guard isLetter(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: "_") else { return false }
        let inner = bytes.allSatisfy {
            isLetter($0) || (48...57).contains($0) || [0x2D, 0x2E, 0x2F, 0x3A, 0x40, 0x5F].contains($0)
        }
        return inner && !reserved.contains(string.lowercased())
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            default:
                if scalar.value >= 0x20, TerminalText.isSafeInData(scalar) {
                    text.unicodeScalars.append(scalar)
                } else if scalar.value > 0xFFFF {
                    let hex = String(scalar.value, radix: 16)
                    text += "\\U" + String(repeating: "0", count: 8 - hex.count) + hex
                } else {
                    text += JSONText.escape(UInt16(truncatingIfNeeded: scalar.value))
                }
            }
        }
        return text + "\""
    }
}
