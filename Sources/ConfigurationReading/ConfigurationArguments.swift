// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Reads flags into written values: `--key value` or `--key=value`.
///
/// A switch may stand alone (true) or as `--no-key` (false). A list may be given several times; anything else only once.
package struct ConfigurationArguments {
    /// Names the file, and is no key of it.
    package static let fileFlag = "--config"

    private(set) var values: [String: ConfigurationValue] = [:]
    private(set) var faults: [LastwordError] = []
    private(set) var configurationFile: String?

    init(keys: [any AnyConfigurationKey], arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), argument != "--" else {
                faults.append(
                    LastwordError(
                        code: "config.unknown-flag", message: "unexpected argument \(Quoted.text(argument))",
                        remedy: "settings are given as --key value"))
                continue
            }
            let equals = argument.firstIndex(of: "=")
            let flag = String(argument[..<(equals ?? argument.endIndex)])
            let attached = equals.map { String(argument[argument.index(after: $0)...]) }
            if flag == Self.fileFlag {
                readFileName(attached ?? Self.next(&rest))
            } else if let key = keys.first(where: { $0.flag == flag }) {
                read(key, attached: attached, rest: &rest)
            } else if let key = keys.first(where: { $0.isSwitch && "--no-" + $0.flag.dropFirst(2) == flag }),
                attached == nil
            {
                store(key, flag: flag, content: .scalar("false", quoted: false))
            } else {
                faults.append(
                    LastwordError(
                        code: "config.unknown-flag", message: "unknown flag \(Quoted.text(flag))",
                        remedy: NearestName.find(flag, among: keys.map(\.flag) + [Self.fileFlag])
                            .map { "did you mean \($0)?" }))
            }
        }
    }

    private mutating func readFileName(_ path: String?) {
        guard let path, !path.isEmpty else {
            faults.append(
                LastwordError(code: "config.missing-value", message: "flag --config: needs the path of a file"))
            return
        }
        if configurationFile != nil {
            faults.append(LastwordError(code: "config.duplicate-key", message: "flag --config: given twice"))
        }
        configurationFile = path
    }

    private mutating func read(_ key: any AnyConfigurationKey, attached: String?, rest: inout ArraySlice<String>) {
        guard let text = attached ?? (key.isSwitch ? "true" : Self.next(&rest)) else {
            faults.append(
                LastwordError(
                    code: "config.missing-value", message: "flag \(key.flag): needs a value (\(key.typeName))"))
            return
        }
        let content: ConfigurationValue.Content =
            key.isList ? .list(ConfigurationEnvironment.items(text)) : .scalar(text, quoted: false)
        store(key, flag: key.flag, content: content)
    }

    private mutating func store(_ key: any AnyConfigurationKey, flag: String, content: ConfigurationValue.Content) {
        var content = content
        if let earlier = values[key.name] {
            guard case .list(let items) = earlier.content, case .list(let more) = content else {
                faults.append(LastwordError(code: "config.duplicate-key", message: "flag \(key.flag): given twice"))
                return
            }
            content = .list(items + more)
        }
        values[key.name] = ConfigurationValue(content: content, source: .flag(flag))
    }

    /// The next argument, unless that is a flag: a forgotten value must not swallow it.
    private static func next(_ rest: inout ArraySlice<String>) -> String? {
        guard let value = rest.first, !value.hasPrefix("--") else { return nil }
        return rest.popFirst()
    }
}
