// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// A JSON object that is written by dotted names: `event.id` is `id` inside `event`. Nil writes nothing.
struct ECSDocument {
    private var root = JSONObject()

    subscript(name: String) -> JSONValue? {
        get { Self.get(name.split(separator: ".")[...], in: root) }
        set {
            guard let newValue else { return }
            Self.set(name.split(separator: ".")[...], newValue, in: &root)
        }
    }

    var json: String { JSONValue.object(root).compact }

    private static func get(_ path: ArraySlice<Substring>, in object: JSONObject) -> JSONValue? {
        guard let first = path.first, let value = object[String(first)] else { return nil }
        guard path.count > 1 else { return value }
        guard case .object(let inner) = value else { return nil }
        return get(path.dropFirst(), in: inner)
    }

    private static func set(_ path: ArraySlice<Substring>, _ value: JSONValue, in object: inout JSONObject) {
        guard let first = path.first else { return }
        guard path.count > 1 else {
            object[String(first)] = value
            return
        }
        var inner = JSONObject()
        if case .object(let known)? = object[String(first)] { inner = known }
        set(path.dropFirst(), value, in: &inner)
        object[String(first)] = .object(inner)
    }
}
