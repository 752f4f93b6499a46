// SPDX-License-Identifier: Apache-2.0

/// The reference of all keys, from the table alone.
package enum ConfigurationReference {
    /// The contents of `docs/configuration.md`.
    package static var markdown: String {
        var text = """
            # Configuration of the agent

            <!-- Made from the table of keys in Sources/AgentCore/Configuration; a test compares them.
                 UPDATE_GOLDEN=1 swift test --filter ConfigurationReferenceTests writes it anew. -->

            Flags come before environment variables, these before the file, this before the defaults. The file is
            `\(AgentConfiguration.defaultFile)`, and may be absent; `--config PATH` or `LASTWORD_CONFIG` names another one, which
            must be there. It is YAML; a dot in a key's name is a level of nesting:

            ```yaml
            runtime:
              socket: /run/k3s/containerd/containerd.sock
            scope:
              namespaces:
                exclude: [kube-system]
            output:
              tailBytes: 128KiB
            ```

            A key's flag and variable follow from its name: `logs.pinLimit` is `--logs-pin-limit 256MiB` and
            `LASTWORD_LOGS_PIN_LIMIT=256MiB`. Lists are separated by commas there; a list's flag may be repeated. A boolean's flag
            may stand alone, or as `--no-…`. An empty variable counts as not set.

            Unknown keys, flags and variables, keys given twice and values of the wrong type or out of range are refused, all in
            one go, with the place of each; the agent then ends with exit code 2. `lastword-agent check` proves a configuration
            and the node's access without starting anything.

            - *duration*: numbers with units, largest first: `500ms`, `5s`, `10m`, `1h30m`, `90d`
            - *bytes*: a number with `KiB`, `MiB`, `GiB` or `TiB`, or a plain number of bytes
            - *path*: absolute; secrets are only ever named by the path of a file that holds them

            """
        var section = ""
        for key in AgentConfigurationKeys.all {
            let current = key.name.split(separator: ".").first.map(String.init) ?? ""
            if current != section {
                section = current
                text += "\n## `\(section)`\n\n| key | type | default | meaning |\n|---|---|---|---|\n"
            }
            text += "| " + row(key).joined(separator: " | ") + " |\n"
        }
        return text
    }

    /// The keys as flags, for `--help`: one flag a line, its meaning below it.
    package static var help: String {
        let file = ("--config <path>", "The configuration file (LASTWORD_CONFIG).", AgentConfiguration.defaultFile)
        let keys = AgentConfigurationKeys.all.map { key in
            ("\(key.flag) <\(key.typeName)>", key.summary, key.documentedDefault)
        }
        return ([file] + keys).map { flag, summary, standard in
            let ending = standard.isEmpty ? "" : " Default: \(standard)."
            return "  \(flag)\n" + wrapped(summary + ending, indent: 10, width: 90)
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

    private static func wrapped(_ text: String, indent: Int, width: Int) -> String {
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
