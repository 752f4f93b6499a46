// SPDX-License-Identifier: Apache-2.0

extension ConfigurationReference {
    /// The configuration file that a package lays down: every key with its meaning, all of it commented out, so that it
    /// changes nothing. Without the first `#` of each line it is a file that sets every default that can be written down;
    /// keys without one stay comments.
    ///
    /// - Parameter introduction: lines without `#` that stand at its head.
    package func file(introduction: [String]) -> String {
        var text = "# SPDX-License-Identifier: Apache-2.0\n"
        text += introduction.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
        var open: [String] = []
        for key in keys {
            let path = key.name.split(separator: ".").map(String.init)
            let shared = zip(open, path.dropLast()).prefix { $0 == $1 }.count
            if shared == 0 { text += "\n" }
            open = Array(path.dropLast())
            for depth in shared..<open.count {
                text += Self.line(
                    depth, open[depth] + ":", isSet: isSet(below: open[...depth].joined(separator: ".")))
            }
            text += Self.comment(key, depth: path.count - 1)
            text += Self.line(path.count - 1, (path.last ?? "") + ": " + Self.value(key), isSet: Self.isLiteral(key))
        }
        return text
    }

    /// Whether the default is a value as it may stand in the file.
    private static func isLiteral(_ key: any AnyConfigurationKey) -> Bool {
        let text = key.documentedDefault
        return !text.isEmpty && !text.contains("`") && !text.contains(" ")
    }

    /// The default, as YAML; or what kind of value belongs there.
    private static func value(_ key: any AnyConfigurationKey) -> String {
        guard isLiteral(key) else { return "<\(key.typeName)>" }
        return key.typeName == "list" ? "[\(key.documentedDefault)]" : key.documentedDefault
    }

    private func isSet(below level: String) -> Bool {
        keys.contains { $0.name.hasPrefix(level + ".") && Self.isLiteral($0) }
    }

    private static func line(_ depth: Int, _ text: String, isSet: Bool) -> String {
        "#" + String(repeating: "  ", count: depth) + (isSet ? "" : "#") + text + "\n"
    }

    private static func comment(_ key: any AnyConfigurationKey, depth: Int) -> String {
        let standard = isLiteral(key) || key.documentedDefault.isEmpty ? "" : " Default: \(key.documentedDefault)."
        let bounds = key.bounds.isEmpty ? "" : " (\(key.bounds))"
        let indent = String(repeating: "  ", count: depth)
        return wrapped(key.summary + standard + bounds, indent: 0, width: 100)
            .split(separator: "\n").map { "#\(indent)# \($0)\n" }.joined().replacing("`", with: "")
    }
}
