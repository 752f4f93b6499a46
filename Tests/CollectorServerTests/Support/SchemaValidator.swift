// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords

/// Holds a JSON value against a schema of the OpenAPI document: the keywords that the document uses, and no others.
struct SchemaValidator {
    let document: [String: Any]

    private static let known: Set = [
        "$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "pattern", "format",
        "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "description", "contentEncoding",
        "default",
    ]

    /// What does not fit, with its place.
    func faults(_ value: Any, _ schema: [String: Any], at place: String = "$") -> [String] {
        var faults = schema.keys.filter { !Self.known.contains($0) }.map { "\(place): the schema has \($0)" }
        if let reference = schema["$ref"] as? String {
            guard let target = resolve(reference) else { return ["\(place): \(reference) leads nowhere"] }
            faults += self.faults(value, target, at: place)
        }
        if let options = schema["anyOf"] as? [[String: Any]],
            !options.contains(where: { self.faults(value, $0, at: place).isEmpty })
        {
            faults.append("\(place): fits none of the options")
        }
        if let values = schema["enum"] as? [String], !values.contains(value as? String ?? "") {
            faults.append("\(place): \(value) is not one of \(values)")
        }
        let types = (schema["type"] as? String).map { [$0] } ?? schema["type"] as? [String] ?? []
        if !types.isEmpty, !types.contains(where: { has(value, type: $0) }) {
            return faults + ["\(place): \(value) is not \(types)"]
        }
        if let object = value as? [String: Any] { faults += members(object, schema, place) }
        if let list = value as? [Any] {
            if let items = schema["items"] as? [String: Any] {
                for (index, item) in list.enumerated() { faults += self.faults(item, items, at: "\(place)[\(index)]") }
            }
            if let count = schema["minItems"] as? Int, list.count < count { faults.append("\(place): too short") }
            if let count = schema["maxItems"] as? Int, list.count > count { faults.append("\(place): too long") }
        }
        if let text = value as? String { faults += self.text(text, schema, place) }
        return faults
    }

    func resolve(_ reference: String) -> [String: Any]? {
        reference.split(separator: "/").dropFirst().reduce(document as Any?) { ($0 as? [String: Any])?[String($1)] }
            as? [String: Any]
    }

    private func members(_ object: [String: Any], _ schema: [String: Any], _ place: String) -> [String] {
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        var faults = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }.map { "\(place): no \($0)" }
        for (key, value) in object {
            if let property = properties[key] {
                faults += self.faults(value, property, at: "\(place).\(key)")
            } else if schema["additionalProperties"] as? Bool == false {
                faults.append("\(place): has \(key)")
            }
        }
        return faults
    }

    private func text(_ text: String, _ schema: [String: Any], _ place: String) -> [String] {
        var faults: [String] = []
        if let pattern = schema["pattern"] as? String, text.range(of: pattern, options: .regularExpression) == nil {
            faults.append("\(place): \(text) does not match \(pattern)")
        }
        if schema["format"] as? String == "date-time", Timestamp(rfc3339: text) == nil {
            faults.append("\(place): \(text) is no time")
        }
        if schema["format"] as? String == "uuid", SessionID(text) == nil {
            faults.append("\(place): \(text) is no UUID")
        }
        if schema["contentEncoding"] as? String == "base64", Data(base64Encoded: text) == nil {
            faults.append("\(place): not base64")
        }
        return faults
    }

    private func has(_ value: Any, type: String) -> Bool {
        let number = value as? NSNumber
        let isTruth = number.map { CFBooleanLike.isBoolean($0) } ?? false
        return switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": isTruth
        case "integer": number != nil && !isTruth && number?.doubleValue.rounded() == number?.doubleValue
        case "null": value is NSNull
        default: false
        }
    }
}

private enum CFBooleanLike {
    /// JSON's `true` is a number to Foundation, told from 1 by its Objective-C type.
    static func isBoolean(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
    }
}
