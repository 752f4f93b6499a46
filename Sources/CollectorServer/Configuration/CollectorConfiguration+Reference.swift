// SPDX-License-Identifier: Apache-2.0
package import ConfigurationReading

extension CollectorConfiguration {
    /// `docs/collector-configuration.md` and the help.
    package static let reference = ConfigurationReference(
        keys: CollectorConfigurationKeys.all, memberKeys: OutputConfigurationKeys.all, naming: naming,
        defaultFile: defaultFile,
        introduction: """
            # Configuration of the collector

            <!-- Made from the table of keys in Sources/CollectorServer/Configuration; a test compares them.
                 UPDATE_GOLDEN=1 swift test --filter ConfigurationReferenceTests writes it anew. -->

            Flags come before environment variables, these before the file, this before the defaults. The file is
            `\(defaultFile)`, and may be absent; `--config PATH` or `LASTWORD_COLLECTOR_CONFIG` names another
            one, which must be there. It is YAML; a dot in a key's name is a level of nesting:

            ```yaml
            server:
              listen: 0.0.0.0:4318
            tls:
              certificateFile: /etc/lastword/tls.crt
              keyFile: /etc/lastword/tls.key
            serviceAccounts:
              issuer: https://kubernetes.default.svc.cluster.local
              jwksFile: /etc/lastword/jwks.json
            outputs:
              soc:
                type: syslog
                address: siem.example:6514
                caFile: /etc/lastword/siem-ca.crt
              archive:
                type: file
                path: /var/log/lastword-collector/events.jsonl
                events: [session.started, session.ended, session.amended, gap, alarm, audit]
            ```

            A key's flag and variable follow from its name: `store.maxAge` is `--store-max-age 90d` and
            `LASTWORD_COLLECTOR_STORE_MAX_AGE=90d`. Lists are separated by commas there; a list's flag may be repeated. A
            boolean's flag may stand alone, or as `--no-…`. An empty variable counts as not set.

            The keys of `outputs` are the file's alone, without flags and variables: `<name>` is a name of your own choosing,
            of a-z, 0-9 and `-`. [siem.md](siem.md) says what is sent.

            Unknown keys, flags and variables, keys given twice and values of the wrong type or out of range are refused, all in
            one go, with the place of each; the collector then ends with exit code 2. `lastword-collector check` proves a
            configuration without starting anything.

            - *duration*: numbers with units, largest first: `500ms`, `5s`, `10m`, `1h30m`, `90d`
            - *bytes*: a number with `KiB`, `MiB`, `GiB` or `TiB`, or a plain number of bytes
            - *path*: absolute; secrets are only ever named by the path of a file that holds them

            """)

    /// `systemd/collector.yaml`, which packages lay down as the default file.
    package static let packagedFile = reference.file(introduction: [
        "Configuration of lastword-collector(8). Every key stands here, commented out; what is left out has its default.",
        "To set one, take the first # from its line and from the lines of the levels above it.",
        "Then: lastword-collector check, and systemctl restart lastword-collector.", "",
        "Made from the table of keys in Sources/CollectorServer/Configuration; a test compares them.",
    ])
}
