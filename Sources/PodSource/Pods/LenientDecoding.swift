// SPDX-License-Identifier: Apache-2.0

/// Decoding that lets an unknown shape cost only the part that has it: an API server newer than this agent, or a hostile
/// pod, must not hide the rest of the pod.
extension KeyedDecodingContainer {
    /// The value; nil where it is absent, null, or of another shape.
    func lenient<Value: Decodable>(_ key: Key) -> Value? {
        // What could not be read is unknown, which is what nil says; there is nobody to tell the reason to.
        try? decodeIfPresent(Value.self, forKey: key)
    }

    /// The elements that could be decoded, at most `limit` of them.
    func lenientList<Element: Decodable>(_ key: Key, limit: Int) -> [Element] {
        let list: [Lossy<Element>] = lenient(key) ?? []
        return list.lazy.compactMap(\.value).prefix(limit).map { $0 }
    }

    /// The members of an object that could be decoded.
    func lenientMap<Value: Decodable>(_ key: Key) -> [String: Value] {
        let map: [String: Lossy<Value>] = lenient(key) ?? [:]
        return map.compactMapValues(\.value)
    }
}

/// A value that is nil instead of failing the list that it stands in.
struct Lossy<Value: Decodable>: Decodable {
    let value: Value?

    init(from decoder: any Decoder) throws {
        // As in `lenient`: nil says that it could not be read.
        value = try? Value(from: decoder)
    }
}

/// A key known only when it is read.
struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ text: String) {
        stringValue = text
    }

    init?(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        nil
    }
}
