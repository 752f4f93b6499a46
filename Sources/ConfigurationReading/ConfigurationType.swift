// SPDX-License-Identifier: Apache-2.0

/// What a key accepts: how a written value becomes a Swift value and back, and how both are described to people.
package struct ConfigurationType<Value: Sendable>: Sendable {
    /// With article and an example, for messages: `a duration such as 5s or 10m`.
    package let expectation: String
    /// For the reference: `duration`.
    package let name: String
    /// For the reference: range or choices; empty where any value goes.
    package let bounds: String
    package let isList: Bool
    /// Whether a flag may stand without a value, and then means true.
    package let isSwitch: Bool
    package let parse: @Sendable (ConfigurationValue.Content) throws(ConfigurationRefusal) -> Value
    package let render: @Sendable (Value) -> String

    package init(
        _ name: String, expectation: String, bounds: String = "", isList: Bool = false, isSwitch: Bool = false,
        render: @escaping @Sendable (Value) -> String,
        parse: @escaping @Sendable (ConfigurationValue.Content) throws(ConfigurationRefusal) -> Value
    ) {
        self.name = name
        self.expectation = expectation
        self.bounds = bounds
        self.isList = isList
        self.isSwitch = isSwitch
        self.parse = parse
        self.render = render
    }

    /// The same type, where no value at all is a value.
    package static func optional<Wrapped>(_ type: ConfigurationType<Wrapped>) -> ConfigurationType
    where Value == Wrapped? {
        let (parse, render) = (type.parse, type.render)
        return ConfigurationType(
            type.name, expectation: type.expectation, bounds: type.bounds, isList: type.isList, isSwitch: type.isSwitch,
            render: { value in value.map(render) ?? "" },
            parse: { content throws(ConfigurationRefusal) in try parse(content) })
    }
}

extension ConfigurationValue.Content {
    /// The text of a scalar.
    package func text() throws(ConfigurationRefusal) -> String {
        guard case .scalar(let text, _) = self else { throw .wrongType }
        return text
    }

    /// The text of a scalar that is not in quotes.
    package func plainText() throws(ConfigurationRefusal) -> String {
        guard case .scalar(let text, quoted: false) = self else { throw .wrongType }
        return text
    }
}

extension ConfigurationType<Bool> {
    package static let truth = ConfigurationType(
        "boolean", expectation: "true or false", bounds: "`true`, `false`", isSwitch: true, render: { "\($0)" }
    ) { content throws(ConfigurationRefusal) in
        switch try content.plainText().lowercased() {
        case "true", "on", "yes": return true
        case "false", "off", "no": return false
        default: throw .wrongType
        }
    }
}

extension ConfigurationType<Int> {
    package static func integer(_ range: ClosedRange<Int>) -> ConfigurationType {
        ConfigurationType(
            "integer", expectation: "a whole number", bounds: "\(range.lowerBound)…\(range.upperBound)",
            render: { "\($0)" }
        ) { content throws(ConfigurationRefusal) in
            guard let value = Int(try content.plainText()) else { throw .wrongType }
            guard range.contains(value) else {
                throw .outOfRange("from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
    }

    /// Accepts `10%` and `10`.
    package static func percent(_ range: ClosedRange<Int>) -> ConfigurationType {
        ConfigurationType(
            "percent", expectation: "a percentage such as 10%", bounds: "\(range.lowerBound)%…\(range.upperBound)%",
            render: { "\($0)%" }
        ) { content throws(ConfigurationRefusal) in
            let text = try content.text()
            guard let value = Int(text.hasSuffix("%") ? text.dropLast() : text[...]) else { throw .wrongType }
            guard range.contains(value) else {
                throw .outOfRange("from \(range.lowerBound)% to \(range.upperBound)%")
            }
            return value
        }
    }
}

extension ConfigurationType<Duration> {
    package static func duration(_ range: ClosedRange<Duration>) -> ConfigurationType {
        let low = DurationText.render(range.lowerBound)
        let high = DurationText.render(range.upperBound)
        return ConfigurationType(
            "duration", expectation: "a duration such as 500ms, 5s or 10m", bounds: "\(low)…\(high)",
            render: DurationText.render
        ) { content throws(ConfigurationRefusal) in
            guard let value = DurationText.parse(try content.text()) else { throw .wrongType }
            guard range.contains(value) else { throw .outOfRange("from \(low) to \(high)") }
            return value
        }
    }
}

extension ConfigurationType<ByteCount> {
    package static func bytes(_ range: ClosedRange<ByteCount>) -> ConfigurationType {
        ConfigurationType(
            "bytes", expectation: "an amount of bytes such as 64KiB or 256MiB",
            bounds: "\(range.lowerBound)…\(range.upperBound)", render: { $0.description }
        ) { content throws(ConfigurationRefusal) in
            guard let value = ByteCount(text: try content.text()) else { throw .wrongType }
            guard range.contains(value) else { throw .outOfRange("from \(range.lowerBound) to \(range.upperBound)") }
            return value
        }
    }
}

extension ConfigurationType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    package static func choice() -> ConfigurationType {
        let choices = Value.allCases.map(\.rawValue)
        return ConfigurationType(
            "choice", expectation: "one of " + choices.joined(separator: ", "),
            bounds: choices.map { "`\($0)`" }.joined(separator: ", "), render: { $0.rawValue }
        ) { content throws(ConfigurationRefusal) in
            guard let value = Value(rawValue: try content.text()) else { throw .wrongType }
            return value
        }
    }
}
