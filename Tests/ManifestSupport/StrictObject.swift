// SPDX-License-Identifier: Apache-2.0

/// What is wrong in a manifest, with its place.
package struct ManifestFault: Error, CustomStringConvertible {
    package let description: String
}

/// An object of a YAML document of which every key must be asked for: a key that nobody knows is a fault, not a default.
package final class StrictObject {
    package let path: String
    private var left: [String: Any]

    package init(_ value: Any?, path: String) throws {
        self.path = path
        var fields: [String: Any] = [:]
        switch value {
        case let plain as [String: Any]: fields = plain
        case let keyed as [AnyHashable: Any]:
            for (key, value) in keyed {
                guard let name = key as? String else { throw ManifestFault(description: "\(path): key \(key)") }
                fields[name] = value
            }
        default: throw ManifestFault(description: "\(path) is no object: \(value ?? "nothing")")
        }
        left = fields
    }

    private func take<Value>(_ key: String, _ type: Value.Type) throws -> Value? {
        guard let value = left.removeValue(forKey: key) else { return nil }
        guard let typed = value as? Value else {
            throw ManifestFault(description: "\(path).\(key) is no \(type): \(value)")
        }
        return typed
    }

    private func needed<Value>(_ key: String, _ value: Value?) throws -> Value {
        guard let value else { throw ManifestFault(description: "\(path).\(key) is missing") }
        return value
    }

    package func text(_ key: String) throws -> String { try needed(key, optionalText(key)) }
    package func optionalText(_ key: String) throws -> String? { try take(key, String.self) }
    package func number(_ key: String) throws -> Int { try needed(key, optionalNumber(key)) }
    package func optionalNumber(_ key: String) throws -> Int? { try take(key, Int.self) }
    package func flag(_ key: String) throws -> Bool { try needed(key, optionalFlag(key)) }
    package func optionalFlag(_ key: String) throws -> Bool? { try take(key, Bool.self) }
    package func texts(_ key: String) throws -> [String] { try take(key, [String].self) ?? [] }
    /// A text or a number, as `maxSurge` may be.
    package func either(_ key: String) throws -> String {
        let value = try needed(key, left.removeValue(forKey: key))
        return "\(value)"
    }

    /// Texts by names; absent is empty.
    package func map(_ key: String) throws -> [String: String] {
        guard let object = try optionalObject(key) else { return [:] }
        return try Dictionary(uniqueKeysWithValues: object.keys.map { ($0, try object.text($0)) })
    }

    package var keys: [String] { left.keys.sorted() }

    package func optionalObject(_ key: String) throws -> StrictObject? {
        try left.removeValue(forKey: key).map { try StrictObject($0, path: "\(path).\(key)") }
    }

    package func object<Result>(_ key: String, _ read: (StrictObject) throws -> Result) throws -> Result {
        try needed(key, optional(key, read))
    }

    package func optional<Result>(_ key: String, _ read: (StrictObject) throws -> Result) throws -> Result? {
        try optionalObject(key).map { object in
            let result = try read(object)
            try object.finish()
            return result
        }
    }

    /// The objects of a list; absent is empty.
    package func list<Result>(_ key: String, _ read: (StrictObject) throws -> Result) throws -> [Result] {
        try (take(key, [Any].self) ?? []).enumerated().map { index, value in
            let object = try StrictObject(value, path: "\(path).\(key)[\(index)]")
            let result = try read(object)
            try object.finish()
            return result
        }
    }

    /// Lets go of a part that does not matter here.
    package func ignore(_ key: String) {
        left[key] = nil
    }

    /// - Throws: naming the keys that nobody asked for.
    package func finish() throws {
        guard left.isEmpty else {
            throw ManifestFault(description: "\(path) has unknown fields: \(keys.joined(separator: ", "))")
        }
    }
}
