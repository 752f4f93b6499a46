// SPDX-License-Identifier: Apache-2.0
import Glibc

package enum StandardError {
    /// What cannot be written there cannot be told anywhere else.
    package static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    /// An error's description as a program says it before it ends: `error: …` and, below it, its remedy.
    package static func write(refusal text: String) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let prefix = line.hasPrefix("  remedy:") ? "" : "error: "
            write(prefix + line + "\n")
        }
    }
}

/// The process's environment, read once.
package enum ProcessEnvironment {
    package static let variables: [String: String] = {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            next = next.successor()
        }
        return variables
    }()
}
