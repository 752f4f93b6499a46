// SPDX-License-Identifier: Apache-2.0

/// What is known when defaults are worked out.
package struct ConfigurationDefaults: Sendable {
    package var environment: [String: String]
    package var hostName: String
}

/// One key: its name in the file, and from that its flag and its environment variable.
package struct ConfigurationKey<Value: Sendable>: AnyConfigurationKey {
    /// Dotted, as nested in the file: `logs.pinLimit`.
    package let name: String
    package let type: ConfigurationType<Value>
    /// For the reference, where the default is worked out at start; else nil.
    package let defaultText: String?
    package let defaultValue: @Sendable (ConfigurationDefaults) -> Value
    /// One or two sentences for the reference and `--help`.
    package let summary: String
    /// Whether the value is never shown, not even in a message that refuses it.
    package let isSecret: Bool

    package init(
        _ name: String, _ type: ConfigurationType<Value>, default value: Value, secret: Bool = false, _ summary: String
    ) {
        self.name = name
        self.type = type
        self.defaultText = nil
        self.defaultValue = { _ in value }
        self.summary = summary
        self.isSecret = secret
    }

    package init(
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

    package var typeName: String { type.name }
    package var bounds: String { type.bounds }
    package var isList: Bool { type.isList }
    package var isSwitch: Bool { type.isSwitch }

    package var documentedDefault: String {
        let none = ConfigurationDefaults(environment: [:], hostName: "")
        return defaultText ?? type.render(defaultValue(none))
    }
}

/// A key without its type, for tables of keys.
package protocol AnyConfigurationKey: Sendable {
    var name: String { get }
    var typeName: String { get }
    var bounds: String { get }
    var isList: Bool { get }
    var isSwitch: Bool { get }
    var isSecret: Bool { get }
    var summary: String { get }
    var documentedDefault: String { get }
}

/// Names that somebody chooses in a section such as `outputs`.
package enum MemberName {
    /// Stands for the chosen name in a key's name: `outputs.<name>.type`.
    static let placeholder = "<name>"

    static func isValid(_ name: String) -> Bool {
        (1...32).contains(name.utf8.count)
            && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}

extension AnyConfigurationKey {
    /// `outputs` for `outputs.<name>.type`; nil for a key that stands once.
    var collection: String? {
        let parts = name.split(separator: ".").map(String.init)
        return parts.count == 3 && parts[1] == MemberName.placeholder ? parts[0] : nil
    }

    /// `outputs.soc.type`; nil for a key that stands once.
    package func name(of member: String) -> String? {
        let parts = name.split(separator: ".").map(String.init)
        return parts.count == 3 && parts[1] == MemberName.placeholder ? "\(parts[0]).\(member).\(parts[2])" : nil
    }

    /// `--logs-pin-limit`
    package var flag: String {
        "--" + Self.words(name).joined(separator: "-")
    }

    /// `LASTWORD_LOGS_PIN_LIMIT`, with the prefix of the program.
    package func variable(prefix: String) -> String {
        prefix + Self.words(name).joined(separator: "_").uppercased()
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
