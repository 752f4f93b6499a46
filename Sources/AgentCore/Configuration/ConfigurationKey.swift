// SPDX-License-Identifier: Apache-2.0

/// What is known when defaults are worked out.
struct ConfigurationDefaults: Sendable {
    var environment: [String: String]
    var hostName: String
}

/// One key: its name in the file, and from that its flag and its environment variable.
struct ConfigurationKey<Value: Sendable>: AnyConfigurationKey {
    /// Dotted, as nested in the file: `logs.pinLimit`.
    let name: String
    let type: ConfigurationType<Value>
    /// For the reference, where the default is worked out at start; else nil.
    let defaultText: String?
    let defaultValue: @Sendable (ConfigurationDefaults) -> Value
    /// One or two sentences for the reference and `--help`.
    let summary: String
    /// Whether the value is never shown, not even in a message that refuses it.
    let isSecret: Bool

    init(
        _ name: String, _ type: ConfigurationType<Value>, default value: Value, secret: Bool = false, _ summary: String
    ) {
        self.name = name
        self.type = type
        self.defaultText = nil
        self.defaultValue = { _ in value }
        self.summary = summary
        self.isSecret = secret
    }

    init(
        _ name: String, _ type: ConfigurationType<Value>, defaultText: String, secret: Bool = false,
        default value: @escaping @Sendable (ConfigurationDefaults) -> Value, _ summary: String
    ) {
        self.name = name
        self.type = type
        self.defaultText = defaultText
        self.defaultValue = value
        self.summary = summary
        self.isSecret = secret
    }

    var typeName: String { type.name }
    var bounds: String { type.bounds }
    var isList: Bool { type.isList }
    var isSwitch: Bool { type.isSwitch }

    var documentedDefault: String {
        let none = ConfigurationDefaults(environment: [:], hostName: "")
        return defaultText ?? type.render(defaultValue(none))
    }
}

/// A key without its type, for tables of keys.
protocol AnyConfigurationKey: Sendable {
    var name: String { get }
    var typeName: String { get }
    var bounds: String { get }
    var isList: Bool { get }
    var isSwitch: Bool { get }
    var isSecret: Bool { get }
    var summary: String { get }
    var documentedDefault: String { get }
}

extension AnyConfigurationKey {
    /// `--logs-pin-limit`
    var flag: String {
        "--" + Self.words(name).joined(separator: "-")
    }

    /// `LASTWORD_LOGS_PIN_LIMIT`
    var variable: String {
        ConfigurationEnvironment.prefix + Self.words(name).joined(separator: "_").uppercased()
    }

    /// `logs.pinLimit` as `logs`, `pin`, `limit`.
    private static func words(_ name: String) -> [String] {
        var words = [""]
        for character in name {
            if character == "." {
                words.append("")
            } else if character.isUppercase {
                words.append(character.lowercased())
            } else {
                words[words.count - 1].append(character)
            }
        }
        return words
    }
}
