// SPDX-License-Identifier: Apache-2.0

/// A command line as one would type it to a shell.
package enum ShellWords {
    /// The words with single quotes around those that a shell would take apart. Made for reading: it is not safe to run.
    package static func text(_ words: [String]) -> String {
        words.map { word in
            let plain = word.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || "-_./:=@%+,".utf8.contains($0)
            }
            if plain, !word.isEmpty { return word }
            return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }.joined(separator: " ")
    }
}
