// SPDX-License-Identifier: Apache-2.0

/// The environment variables of one program: what its own begin with, and which of those are somebody else's.
package struct ConfigurationNaming: Sendable {
    /// With its underscore at the end: `LASTWORD_`.
    package let prefix: String
    /// Variables of other programs that begin with the prefix and may stand in the same environment.
    package let foreign: Set<String>

    /// Variables of the command line `lastword`, which may run in the same container as either program.
    package static let commandLine: Set<String> = [
        "LASTWORD_STORE", "LASTWORD_COLLECTOR", "LASTWORD_COLLECTOR_TOKEN", "LASTWORD_COLLECTOR_TOKEN_FILE",
        "LASTWORD_COLLECTOR_CA_FILE", "LASTWORD_COLLECTOR_CERTIFICATE_FILE", "LASTWORD_COLLECTOR_KEY_FILE",
    ]

    package init(prefix: String, foreign: Set<String>) {
        self.prefix = prefix
        self.foreign = foreign
    }

    /// Names the file, and is no key of it.
    package var fileVariable: String { prefix + "CONFIG" }
}
