// SPDX-License-Identifier: Apache-2.0

/// Whose journal is read.
package enum JournalPlace: Hashable, Sendable {
    /// The machine's own: `/run/log/journal` and `/var/log/journal`. Also in a container that has the node's two
    /// directories mounted at the same paths, whatever its own machine id is.
    case host
    /// One directory with journal files, or with directories of journal files named after machines.
    case directory(String)
    /// The machine whose root is at this path: both directories below it.
    case root(String)

    /// Where files are looked for.
    package var directories: [String] {
        switch self {
        case .host: Self.standard
        case .directory(let path): [path]
        case .root(let path): Self.standard.map { (path == "/" ? "" : path) + $0 }
        }
    }

    private static let standard = ["/run/log/journal", "/var/log/journal"]
}

extension JournalPlace: CustomStringConvertible {
    package var description: String { directories.joined(separator: " and ") }
}

/// Which of a machine's journals are read, where units are logged to name spaces of their own (`LogNamespace=`). For the
/// machine's own journal only; elsewhere the directory of a name space is a place like any other.
package enum JournalNamespaces: Hashable, Sendable {
    /// The one that has no name.
    case standard
    /// This one and the one that has no name.
    case including(String)
    case all
}
