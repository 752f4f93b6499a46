// SPDX-License-Identifier: Apache-2.0

package enum Shell {
    /// The text as one word of a shell, whatever is in it.
    package static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
