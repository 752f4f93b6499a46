// SPDX-License-Identifier: Apache-2.0

/// A message as a strict receiver reads it, by the grammar of RFC 5424, section 6; nil for what is not one.
struct SyslogReading {
    let priority: Int
    let timestamp: String
    let host: String
    let app: String
    let process: String
    let messageID: String
    private(set) var elements: [String: [String: String]] = [:]
    /// Without the byte order mark; nil where there is none.
    private(set) var message: String?

    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let scalars = Array(text.unicodeScalars)
        // Up to the structured data there are six blanks.
        let blanks = scalars.indices.filter { scalars[$0] == " " }.prefix(6)
        guard blanks.count == 6, let last = blanks.last else { return nil }
        let fields = String(String.UnicodeScalarView(scalars[..<last])).split(
            separator: " ", omittingEmptySubsequences: false
        ).map(String.init)
        guard fields.count == 6, let head = fields.first, head.hasPrefix("<"), head.hasSuffix(">1"),
            let priority = Int(head.dropFirst().dropLast(2)), (0...191).contains(priority)
        else { return nil }
        let limits = [64, 64, 255, 48, 128, 32]
        for (field, limit) in zip(fields, limits) {
            guard (1...limit).contains(field.count), field.unicodeScalars.allSatisfy({ (33...126).contains($0.value) })
            else { return nil }
        }
        self.priority = priority
        (timestamp, host, app) = (fields[1], fields[2], fields[3])
        (process, messageID) = (fields[4], fields[5])
        var index = last + 1
        while index < scalars.count, scalars[index] == "[" {
            guard let (name, values) = Self.element(scalars, &index), elements[name] == nil else { return nil }
            elements[name] = values
        }
        guard !elements.isEmpty else { return nil }
        guard index < scalars.count else { return }
        guard scalars[index] == " ", index + 1 < scalars.count, scalars[index + 1] == "\u{FEFF}" else { return nil }
        message = String(String.UnicodeScalarView(scalars[(index + 2)...]))
    }

    private static func element(
        _ scalars: [Unicode.Scalar], _ index: inout Int
    ) -> (String, [String: String])? {
        index += 1
        guard let name = name(scalars, &index) else { return nil }
        var values: [String: String] = [:]
        while index < scalars.count, scalars[index] == " " {
            index += 1
            guard let key = self.name(scalars, &index), values[key] == nil, index + 1 < scalars.count,
                scalars[index] == "=", scalars[index + 1] == "\""
            else { return nil }
            index += 2
            guard let value = value(scalars, &index) else { return nil }
            values[key] = value
        }
        guard index < scalars.count, scalars[index] == "]" else { return nil }
        index += 1
        return (name, values)
    }

    private static func name(_ scalars: [Unicode.Scalar], _ index: inout Int) -> String? {
        var name = String.UnicodeScalarView()
        while index < scalars.count, (33...126).contains(scalars[index].value),
            !"=]\"".unicodeScalars.contains(scalars[index])
        {
            name.append(scalars[index])
            index += 1
        }
        return (1...32).contains(name.count) ? String(name) : nil
    }

    private static func value(_ scalars: [Unicode.Scalar], _ index: inout Int) -> String? {
        var value = String.UnicodeScalarView()
        while index < scalars.count {
            switch scalars[index] {
            case "\"":
                index += 1
                return String(value)
            case "]": return nil
            case "\\":
                guard index + 1 < scalars.count, "\"\\]".unicodeScalars.contains(scalars[index + 1]) else { return nil }
                value.append(scalars[index + 1])
                index += 2
            default:
                value.append(scalars[index])
                index += 1
            }
        }
        return nil
    }

    /// A value with its `\u{hex}` put back to characters.
    static func plain(_ value: String) -> String {
        var result = ""
        var rest = value[...]
        while let start = rest.firstRange(of: "\\u{") {
            result += rest[..<start.lowerBound]
            let digits = rest[start.upperBound...].prefix { $0 != "}" }
            if let number = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(number) {
                result.unicodeScalars.append(scalar)
            }
            rest = rest[digits.endIndex...].dropFirst()
        }
        return result + rest
    }
}
