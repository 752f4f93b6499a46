// SPDX-License-Identifier: Apache-2.0

/// Decoding that lets an unknown shape cost only the part that has it: a peer newer than this agent, or a hostile pod, must
/// not hide the rest.
extension KeyedDecodingContainer {
    /// The value; nil where it is absent, null, or of another shape.
    package func lenient<Value: Decodable>(_ key: Key) -> Value? {
        // What could not be read is unknown, which is what nil says; there is nobody to tell the reason to.
        try? decodeIfPresent(Value.self, forKey: key)
    }

    /// The elements that could be decoded, at most `limit` of them.
    package func lenientList<Element: Decodable>(_ key: Key, limit: Int) -> [Element] {
        let list: [Lossy<Element>] = lenient(key) ?? []
        return list.lazy.compactMap(\.value).prefix(limit).map { $0 }
    }

    /// The members of an object that could be decoded.
    package func lenientMap<Value: Decodable>(_ key: Key) -> [String: Value] {
        let map: [String: Lossy<Value>] = lenient(key) ?? [:]
        return map.compactMapValues(\.value)
    }
}

/// A value that is nil instead of failing the list that it stands in.
package struct Lossy<Value: Decodable>: Decodable {
    package let value: Value?

    package init(from decoder: any Decoder) throws {
        // As in `lenient`: nil says that it could not be read.
        value = try? Value(from: decoder)
    }
}
