// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Merges the sources and hands out typed values, collecting every fault on the way.
package struct ConfigurationReader {
    private let values: [String: ConfigurationValue]
    private let defaults: ConfigurationDefaults
    private let memberNames: [String: [String]]
    package private(set) var faults: [LastwordError]
    /// What each key that was asked for came to, in the order of asking.
    package private(set) var settings: [ConfigurationSetting] = []

    /// - Parameters:
    ///   - memberKeys: those that only the file can give, once for each name that is chosen there.
    ///   - defaultFile: read if it is there and neither a flag nor the environment names another one.
    package init(
        keys: [any AnyConfigurationKey], memberKeys: [any AnyConfigurationKey] = [], arguments: [String],
        environment: [String: String],
        naming: ConfigurationNaming, defaultFile: String, hostName: String
    ) {
        let flags = ConfigurationArguments(keys: keys, arguments: arguments)
        let variables = ConfigurationEnvironment(keys: keys, environment: environment, naming: naming)
        let named =
            flags.configurationFile
            ?? environment[naming.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
        var file = ConfigurationFile(keys: keys, memberKeys: memberKeys, path: named ?? defaultFile)
        file.read(mustExist: named != nil)
        values = file.values.merging(variables.values) { $1 }.merging(flags.values) { $1 }
        memberNames = file.members
        faults = file.faults + variables.faults + flags.faults
        defaults = ConfigurationDefaults(environment: environment, hostName: hostName)
    }

    /// The key's value, or its default where there is none or a wrong one (then with a fault).
    package mutating func read<Value>(_ key: ConfigurationKey<Value>) -> Value {
        read(key, named: key.name)
    }

    /// The names that were chosen in a section such as `outputs`, in the order of the file.
    package func members(of collection: String) -> [String] {
        memberNames[collection] ?? []
    }

    /// The same for one of the names in the key's section.
    package mutating func read<Value>(_ key: ConfigurationKey<Value>, of member: String) -> Value {
        read(key, named: key.name(of: member) ?? key.name)
    }

    /// Whether the file says something of it.
    package func isWritten(_ key: any AnyConfigurationKey, of member: String) -> Bool {
        values[key.name(of: member) ?? key.name] != nil
    }

    private mutating func read<Value>(_ key: ConfigurationKey<Value>, named name: String) -> Value {
        let value: Value
        let source: ConfigurationSource
        if let written = values[name] {
            source = written.source
            do throws(ConfigurationRefusal) {
                value = try key.type.parse(written.content)
            } catch {
                faults.append(Self.fault(key, name, written, error))
                value = key.defaultValue(defaults)
            }
        } else {
            source = .builtIn
            value = key.defaultValue(defaults)
        }
        let text = key.isSecret ? "<redacted>" : key.type.render(value)
        settings.append(ConfigurationSetting(name: name, text: text, source: source))
        return value
    }

    /// Where the key's value came from.
    package func source<Value>(of key: ConfigurationKey<Value>) -> ConfigurationSource {
        values[key.name]?.source ?? .builtIn
    }

    /// Adds a fault of two keys that contradict each other, at the place of `key`.
    package mutating func contradiction<Value>(_ key: ConfigurationKey<Value>, _ message: String, remedy: String? = nil)
    {
        faults.append(
            LastwordError(
                code: "config.contradiction", message: "\(source(of: key)): \(key.name): \(message)", remedy: remedy))
    }

    /// The same of one of the names in the key's section.
    package mutating func contradiction<Value>(
        _ key: ConfigurationKey<Value>, of member: String, _ message: String, remedy: String? = nil
    ) {
        let name = key.name(of: member) ?? key.name
        let place = values[name]?.source ?? .builtIn
        faults.append(
            LastwordError(code: "config.contradiction", message: "\(place): \(name): \(message)", remedy: remedy))
    }

    private static func fault<Value>(
        _ key: ConfigurationKey<Value>, _ name: String, _ written: ConfigurationValue, _ refusal: ConfigurationRefusal
    ) -> LastwordError {
        let found = key.isSecret ? "a value that is not shown" : written.found
        let place = "\(written.source): \(name): found \(found), "
        switch refusal {
        case .wrongType:
            return LastwordError(code: "config.wrong-type", message: place + "expected \(key.type.expectation)")
        case .outOfRange(let range):
            return LastwordError(
                code: "config.out-of-range", message: place + "expected \(key.type.expectation), \(range)")
        case .unusable(let why):
            return LastwordError(code: "config.unusable", message: place + why, remedy: "give \(key.type.expectation)")
        }
    }
}

/// One key's effective value and where it came from; a secret's text is redacted.
package struct ConfigurationSetting: Hashable, Sendable {
    package let name: String
    package let text: String
    package let source: ConfigurationSource

    package init(name: String, text: String, source: ConfigurationSource) {
        self.name = name
        self.text = text
        self.source = source
    }
}

extension [ConfigurationSetting] {
    /// `key = value  # source`, one line a key; secrets are redacted.
    package var rendered: String {
        map { "\($0.name) = \($0.text)  # \($0.source)" }.joined(separator: "\n")
    }
}
