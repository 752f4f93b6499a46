// SPDX-License-Identifier: Apache-2.0

/// The environment variables of one program: what its own begin with, and which of those are somebody else's.
package struct ConfigurationNaming: Sendable {
    /// With its underscore at the end: `LASTWORD_`.
    package let prefix: String
    /// Variables of other programs that begin with the prefix and may stand in the same environment.
    package let foreign: Set<String>

    package init(prefix: String, foreign: Set<String>) {
        self.prefix = prefix
        self.foreign = foreign
    }

    /// Names the file, and is no key of it.
    package var fileVariable: String { prefix + "CONFIG" }
}
