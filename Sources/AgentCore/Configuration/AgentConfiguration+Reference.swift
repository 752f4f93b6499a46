// SPDX-License-Identifier: Apache-2.0
package import ConfigurationReading

extension AgentConfiguration {
    /// `docs/configuration.md` and the help.
    package static let reference = ConfigurationReference(
        keys: AgentConfigurationKeys.all, naming: naming, defaultFile: defaultFile,
        introduction: """
            # Configuration of the agent

            <!-- Made from the table of keys in Sources/AgentCore/Configuration; a test compares them.
                 UPDATE_GOLDEN=1 swift test --filter ConfigurationReferenceTests writes it anew. -->

            Flags come before environment variables, these before the file, this before the defaults. The file is
            `\(defaultFile)`, and may be absent; `--config PATH` or `LASTWORD_CONFIG` names another one, which
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

            """)

    /// `systemd/agent.yaml`, which packages lay down as the default file.
    package static let packagedFile = reference.file(introduction: [
        "Configuration of lastword-agent(8). Every key stands here, commented out; what is left out has its default.",
        "To set one, take the first # from its line and from the lines of the levels above it.",
        "Then: lastword-agent check, and systemctl restart lastword-agent.", "",
        "Made from the table of keys in Sources/AgentCore/Configuration; a test compares them.",
    ])
}
