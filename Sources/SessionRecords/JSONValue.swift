// SPDX-License-Identifier: Apache-2.0

/// A JSON value without fractions: all that a record or an entry may hold (`design.md`: integers and strings only).
///
/// Objects keep the order in which their keys were added, which is the order a person reads them in; `canonical` sorts.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// Keys and values in order. Setting nil leaves a key out: what is unknown is absent.
package struct JSONObject: Hashable, Sendable {
    package private(set) var members: [(key: String, value: JSONValue)] = []

    package init() {}

    package init(_ members: [(String, JSONValue)]) {
        for (key, value) in members { self[key] = value }
    }

    package subscript(key: String) -> JSONValue? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }

    package static func == (lhs: JSONObject, rhs: JSONObject) -> Bool {
        lhs.members.count == rhs.members.count && lhs.members.allSatisfy { rhs[$0.key] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        for member in members.sorted(by: { $0.key < $1.key }) {
            hasher.combine(member.key)
            hasher.combine(member.value)
        }
    }
}

extension JSONValue {
    /// RFC 8785 (JSON Canonicalization Scheme): keys sorted by UTF-16 code units, no white space, shortest escapes.
    package var canonical: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes, sorted: true, indent: nil)
        return bytes
    }

    /// One line, keys in the order in which they were added.
    package var compact: String {
        var bytes: [UInt8] = []
        write(to: &bytes, sorted: false, indent: nil)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Indented by two spaces, keys in the order in which they were added.
    package var pretty: String {
        var bytes: [UInt8] = []
        write(to: &bytes, sorted: false, indent: 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(to bytes: inout [UInt8], sorted: Bool, indent: Int?) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .string(let value): Self.writeString(value, to: &bytes)
        case .array(let values):
            Self.writeList(values, open: "[", close: "]", indent: indent, to: &bytes) { value, bytes, inner in
                value.write(to: &bytes, sorted: sorted, indent: inner)
            }
        case .object(let object):
            let members =
                sorted
                ? object.members.sorted { Self.precedes($0.key, $1.key) } : object.members
            Self.writeList(members, open: "{", close: "}", indent: indent, to: &bytes) { member, bytes, inner in
                Self.writeString(member.key, to: &bytes)
                bytes.append(contentsOf: (indent == nil ? ":" : ": ").utf8)
                member.value.write(to: &bytes, sorted: sorted, indent: inner)
            }
        }
    }

    private static func writeList<Element>(
        _ elements: [Element], open: String, close: String, indent: Int?, to bytes: inout [UInt8],
        element: (Element, inout [UInt8], Int?) -> Void
    ) {
        bytes.append(contentsOf: open.utf8)
        for (index, value) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if let indent { bytes.append(contentsOf: ("\n" + String(repeating: "  ", count: indent + 1)).utf8) }
            element(value, &bytes, indent.map { $0 + 1 })
        }
        if let indent, !elements.isEmpty {
            bytes.append(contentsOf: ("\n" + String(repeating: "  ", count: indent)).utf8)
        }
        bytes.append(contentsOf: close.utf8)
    }

    private static func writeString(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            // What needs no escape goes in whole runs.
            var plain = 0
            for index in utf8.indices where utf8[index] < 0x20 || utf8[index] == 0x22 || utf8[index] == 0x5C {
                bytes.append(contentsOf: utf8[plain..<index])
                plain = index + 1
                writeEscape(utf8[index], to: &bytes)
            }
            bytes.append(contentsOf: utf8[plain...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func writeEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case 0x22: bytes.append(contentsOf: "\\\"".utf8)
        case 0x5C: bytes.append(contentsOf: "\\\\".utf8)
        case 0x08: bytes.append(contentsOf: "\\b".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0C: bytes.append(contentsOf: "\\f".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        default:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(contentsOf: Hex.encode([byte]).utf8)
        }
    }

    /// The order of UTF-16 code units, without making them: it is that of UTF-8's bytes, but for characters beyond U+FFFF
    /// (a first byte from F0 on), whose surrogates stand before U+E000 to U+FFFF (EE and EF).
    static func precedes(_ left: String, _ right: String) -> Bool {
        for (one, other) in zip(left.utf8, right.utf8) where one != other {
            if one >= 0xEE, other >= 0xEE, (one >= 0xF0) != (other >= 0xF0) { return one >= 0xF0 }
            return one < other
        }
        return left.utf8.count < right.utf8.count
    }
}

extension JSONValue {
    /// An array of strings, or nil for an empty one where emptiness is not a fact.
    package static func strings(_ values: [String]) -> JSONValue {
        .array(values.map(JSONValue.string))
    }

    /// An object of strings, keys sorted.
    package static func strings(_ values: [String: String]) -> JSONValue {
        .object(JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
}
