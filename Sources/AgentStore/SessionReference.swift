// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore

/// How a person names a session.
enum SessionReference {
    /// How many candidates an ambiguous reference lists.
    static let shown = 10

    case idPrefix(String)
    case path(namespace: String, pod: String, container: String)

    /// Nil if the text can name nothing.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 3 {
            self = .path(namespace: parts[0], pod: parts[1], container: parts[2])
            return
        }
        let id = text.lowercased()
        guard parts.count == 1, (1...36).contains(id.utf8.count),
            id.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) || $0 == 0x2D })
        else { return nil }
        self = .idPrefix(id)
    }

    /// The records that are meant, newest first, one more than are shown.
    func records(_ db: Database) throws -> [String] {
        let condition: String
        var arguments: StatementArguments
        switch self {
        case .idPrefix(let prefix):
            condition = "s.id >= ? AND s.id < ?"
            // `g` is behind every hex digit and the hyphen.
            arguments = [prefix, prefix + "g"]
        case .path(let namespace, let pod, let container):
            condition = "s.namespace = ? AND s.pod = ? AND s.container = ?"
            arguments = [namespace, pod, container]
        }
        arguments += [Self.shown + 1]
        var records: [String] = []
        try db.forEachRow(
            """
            SELECT r.record FROM session s JOIN session_record r ON r.session = s.seq WHERE \(condition)
            ORDER BY s.sort_at DESC, s.seq DESC LIMIT ?
            """, arguments
        ) { row in
            records.append(row.text(0))
            return true
        }
        return records
    }
}

/// Outside text inside an error's message, which goes to a terminal.
enum Printable {
    /// The text with every control character replaced.
    static func text(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                result.unicodeScalars.append("\u{FFFD}")
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
