// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SessionRecords

/// The part of a URL behind `?`. A parameter that nobody asks for is refused: a filter with a slip in its name would
/// otherwise let everything through.
struct QueryParameters {
    static let none = QueryParameters()

    private let values: [String: String]

    private init(_ values: [String: String] = [:]) {
        self.values = values
    }

    /// Throws for broken escapes and for a name given twice.
    init(_ query: String?) throws(APIError) {
        var values: [String: String] = [:]
        for part in (query ?? "").split(separator: "&") {
            let equals = part.firstIndex(of: "=")
            let rawName = part[..<(equals ?? part.endIndex)]
            let rawValue = equals.map { part[part.index(after: $0)...] } ?? ""
            // A blank may be written `+`, as forms do.
            guard let name = PercentCoding.decode(rawName),
                let value = PercentCoding.decode(rawValue.replacing("+", with: " "))
            else { throw Self.invalid("a parameter cannot be decoded") }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Self.invalid("\(Self.shown(name)) is given twice")
            }
        }
        self.values = values
    }

    /// The same with another value; nil takes the parameter away.
    func setting(_ name: String, to value: String?) -> QueryParameters {
        var values = self.values
        values[name] = value
        return QueryParameters(values)
    }

    func allow(_ names: Set<String>) throws(APIError) {
        for name in values.keys.sorted() where !names.contains(name) {
            throw Self.invalid(
                "there is no parameter \(Self.shown(name)) here",
                remedy: "known are " + names.sorted().joined(separator: ", "))
        }
    }

    /// Nil where it is absent or empty.
    func text(_ name: String, limit: Int = 1024) throws(APIError) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        guard value.utf8.count <= limit else { throw Self.invalid("\(name) is longer than \(limit) bytes") }
        return value
    }

    func integer(_ name: String, _ range: ClosedRange<Int64>) throws(APIError) -> Int64? {
        guard let text = try text(name) else { return nil }
        guard let value = Int64(text), range.contains(value) else {
            throw Self.invalid("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func truth(_ name: String) throws(APIError) -> Bool? {
        switch try text(name) {
        case nil: values[name] == nil ? nil : true
        case "true"?, "1"?: true
        case "false"?, "0"?: false
        default: throw Self.invalid("\(name) must be true or false")
        }
    }

    func time(_ name: String) throws(APIError) -> Timestamp? {
        guard let text = try text(name) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw Self.invalid("\(name) must be a time such as 2026-11-21T02:40:10Z")
        }
        return time
    }

    func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String, as: Value.Type = Value.self
    ) throws(APIError) -> Value? where Value.RawValue == String {
        guard let text = try text(name) else { return nil }
        guard let value = Value(rawValue: text) else {
            throw Self.invalid("\(name) must be one of " + Value.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return value
    }

    static func invalid(_ message: String, remedy: String? = nil) -> APIError {
        APIError(.badRequest, "query.invalid", message, remedy: remedy)
    }

    /// A name from outside, as it may stand in a message.
    private static func shown(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.prefix(40).filter { $0.value > 32 && $0.value < 127 }))
    }
}
