// SPDX-License-Identifier: Apache-2.0

/// The reference of all keys of a program, from its table alone.
package struct ConfigurationReference: Sendable {
    let keys: [any AnyConfigurationKey]
    private let memberKeys: [any AnyConfigurationKey]
    private let naming: ConfigurationNaming
    private let defaultFile: String
    private let introduction: String

    /// - Parameter introduction: what stands above the tables, with a newline at its end.
    ///   Keys of the file alone stand in the page, and not in the help.
    package init(
        keys: [any AnyConfigurationKey], memberKeys: [any AnyConfigurationKey] = [], naming: ConfigurationNaming,
        defaultFile: String, introduction: String
    ) {
        self.keys = keys
        self.memberKeys = memberKeys
        self.naming = naming
        self.defaultFile = defaultFile
        self.introduction = introduction
    }

    /// The whole page.
    package var markdown: String {
        var text = introduction
        var section = ""
        for key in keys + memberKeys {
            let current = key.name.split(separator: ".").first.map(String.init) ?? ""
            if current != section {
                section = current
                text += "\n## `\(section)`\n\n| key | type | default | meaning |\n|---|---|---|---|\n"
            }
            text += "| " + Self.row(key).joined(separator: " | ") + " |\n"
        }
        return text
    }

    /// The keys as flags, for `--help`: one flag a line, its meaning below it.
    package var help: String {
        let file = ("--config <path>", "The configuration file (\(naming.fileVariable)).", defaultFile)
        let keys = self.keys.map { key in
            ("\(key.flag) <\(key.typeName)>", key.summary, key.documentedDefault)
        }
        return ([file] + keys).map { flag, summary, standard in
            let ending = standard.isEmpty ? "" : " Default: \(standard)."
            return "  \(flag)\n" + Self.wrapped(summary + ending, indent: 10, width: 90)
        }.joined(separator: "\n").replacing("`", with: "")
    }

    private static func row(_ key: any AnyConfigurationKey) -> [String] {
        let standard = key.documentedDefault
        let shown =
            standard.isEmpty ? "none" : standard.contains("`") || standard.contains(" ") ? standard : "`\(standard)`"
        let type = key.bounds.isEmpty ? key.typeName : "\(key.typeName): \(key.bounds)"
        return ["`\(key.name)`", type, shown, key.summary + (key.isSecret ? " Never shown." : "")]
            .map { $0.replacing("|", with: "\\|") }
    }

    static func wrapped(_ text: String, indent: Int, width: Int) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, indent + line.count + word.count + 1 > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return (lines + [line]).map { String(repeating: " ", count: indent) + $0 }.joined(separator: "\n")
    }
}
