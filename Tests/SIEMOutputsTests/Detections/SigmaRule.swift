// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import TestSupport
import Yams

/// As much of Sigma as the rules in `docs/detections` use; anything else is refused, so that no rule means more than is tried.
struct SigmaRule {
    let title: String
    let detections: [String: [Item]]
    let condition: Condition
    /// Everything that stands in the file, for what is not evaluated.
    let members: [String: Any]

    struct Item {
        enum Modifier: String, CaseIterable {
            case contains, startswith, endswith, gt, gte, lt, lte
        }

        let field: String
        let modifier: Modifier?
        let values: [Any]
    }

    indirect enum Condition {
        case name(String)
        case not(Condition)
        case and(Condition, Condition)
        case or(Condition, Condition)
    }

    init(yaml: String) throws {
        guard let members = try Yams.load(yaml: yaml) as? [String: Any],
            let title = members["title"] as? String, var detection = members["detection"] as? [String: Any],
            let condition = detection.removeValue(forKey: "condition") as? String
        else { throw Self.refused("no title, detection or condition") }
        self.members = members
        self.title = title
        detections = try detection.mapValues { try Self.items($0) }
        var parser = ConditionParser(condition)
        self.condition = try parser.parse()
        for name in parser.names where detections[name] == nil { throw Self.refused("\(name) is not defined") }
        for name in detections.keys where !parser.names.contains(name) { throw Self.refused("\(name) is not used") }
    }

    static func refused(_ words: String) -> LastwordError {
        LastwordError(code: "sigma", message: "not in the subset: \(words)")
    }

    private static func items(_ value: Any) throws -> [Item] {
        guard let map = value as? [String: Any], !map.isEmpty else { throw refused("a selection that is no map") }
        return try map.map { key, value in
            let parts = key.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= 2, let field = parts.first, !field.isEmpty else { throw refused(key) }
            let modifier = try parts.dropFirst().first.map { word in
                guard let modifier = Item.Modifier(rawValue: word) else { throw refused("modifier \(word)") }
                return modifier
            }
            let values = value as? [Any] ?? [value]
            guard !values.isEmpty, values.allSatisfy({ $0 is String || $0 is Int || $0 is Bool }) else {
                throw refused("the values of \(key)")
            }
            for text in values.compactMap({ $0 as? String }) where text.contains("*") || text.contains("?") {
                throw refused("a wildcard in \(key)")
            }
            return Item(field: field, modifier: modifier, values: values)
        }
    }

    // MARK: Evaluation

    /// Whether one line of the feed is a case of the rule.
    func matches(_ event: [String: Any]) -> Bool { matches(condition, event) }

    private func matches(_ condition: Condition, _ event: [String: Any]) -> Bool {
        switch condition {
        case .name(let name): detections[name]?.allSatisfy { Self.matches($0, event) } ?? false
        case .not(let inner): !matches(inner, event)
        case .and(let left, let right): matches(left, event) && matches(right, event)
        case .or(let left, let right): matches(left, event) || matches(right, event)
        }
    }

    private static func matches(_ item: Item, _ event: [String: Any]) -> Bool {
        let found = values(item.field.split(separator: ".").map(String.init)[...], in: event)
        return item.values.contains { wanted in found.contains { isMatch($0, item.modifier, wanted) } }
    }

    /// Lists match by any of their elements, as in every backend for this kind of document.
    private static func values(_ path: ArraySlice<String>, in value: Any) -> [Any] {
        if let list = value as? [Any] { return list.flatMap { values(path, in: $0) } }
        guard let first = path.first else { return [value] }
        guard let object = value as? [String: Any], let next = object[first] else { return [] }
        return values(path.dropFirst(), in: next)
    }

    private static func isMatch(_ found: Any, _ modifier: Item.Modifier?, _ wanted: Any) -> Bool {
        switch modifier {
        case nil: return text(found).lowercased() == text(wanted).lowercased()
        case .contains: return text(found).lowercased().contains(text(wanted).lowercased())
        case .startswith: return text(found).lowercased().hasPrefix(text(wanted).lowercased())
        case .endswith: return text(found).lowercased().hasSuffix(text(wanted).lowercased())
        case .gt, .gte, .lt, .lte:
            guard let left = (found as? NSNumber)?.int64Value, let right = wanted as? Int else { return false }
            let right64 = Int64(right)
            switch modifier {
            case .gt: return left > right64
            case .gte: return left >= right64
            case .lt: return left < right64
            default: return left <= right64
            }
        }
    }

    private static func text(_ value: Any) -> String {
        if let number = value as? NSNumber, !(value is Int), String(cString: number.objCType) == "c" {
            return number.boolValue ? "true" : "false"
        }
        if let truth = value as? Bool { return truth ? "true" : "false" }
        return "\(value)"
    }
}

/// `a and not (b or c)`.
private struct ConditionParser {
    private var words: [String]
    private(set) var names: Set<String> = []

    init(_ text: String) {
        words = text.replacing("(", with: " ( ").replacing(")", with: " ) ").split(separator: " ").map(String.init)
    }

    mutating func parse() throws -> SigmaRule.Condition {
        let condition = try disjunction()
        guard words.isEmpty else { throw SigmaRule.refused("condition at \(words[0])") }
        return condition
    }

    private mutating func disjunction() throws -> SigmaRule.Condition {
        var condition = try conjunction()
        while words.first == "or" {
            words.removeFirst()
            condition = .or(condition, try conjunction())
        }
        return condition
    }

    private mutating func conjunction() throws -> SigmaRule.Condition {
        var condition = try factor()
        while words.first == "and" {
            words.removeFirst()
            condition = .and(condition, try factor())
        }
        return condition
    }

    private mutating func factor() throws -> SigmaRule.Condition {
        guard !words.isEmpty else { throw SigmaRule.refused("a condition without an end") }
        let word = words.removeFirst()
        switch word {
        case "not": return .not(try factor())
        case "(":
            let condition = try disjunction()
            guard words.first == ")" else { throw SigmaRule.refused("a bracket without an end") }
            words.removeFirst()
            return condition
        case ")", "and", "or", "of", "1", "all", "them": throw SigmaRule.refused("condition at \(word)")
        default:
            guard word.allSatisfy({ $0.isLetter || $0 == "_" }) else { throw SigmaRule.refused("condition at \(word)") }
            names.insert(word)
            return .name(word)
        }
    }
}
