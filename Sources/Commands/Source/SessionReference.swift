// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// How a person names a session: the beginning of its id, or `namespace/pod/container`. `session/<id>`, as `-o name`
/// prints it, is the former.
package enum SessionReference: Hashable, Sendable, CustomStringConvertible {
    /// Lower-case, hyphens where a UUID has them; at least `shortestPrefix` hex digits.
    case idPrefix(String)
    /// nil where the record does not know it; written `-`.
    case path(namespace: String?, pod: String?, container: String?)

    package static let shortestPrefix = 4

    package init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: self = .idPrefix(try Self.idPrefix(text, in: text))
        case 2 where parts[0] == "session": self = .idPrefix(try Self.idPrefix(parts[1], in: text))
        case 3 where parts.allSatisfy { !$0.isEmpty }:
            let known = parts.map { $0 == "-" ? nil : $0 }
            self = .path(namespace: known[0], pod: known[1], container: known[2])
        default: throw Self.malformed(text)
        }
    }

    package var description: String {
        switch self {
        case .idPrefix(let prefix): prefix
        case .path(let namespace, let pod, let container):
            "\(namespace ?? "-")/\(pod ?? "-")/\(container ?? "-")"
        }
    }

    package func matches(_ session: Session) -> Bool {
        switch self {
        case .idPrefix(let prefix): session.id.rawValue.hasPrefix(prefix)
        case .path(let namespace, let pod, let container):
            session.namespace == namespace && session.pod == pod && session.container == container
        }
    }

    private static func idPrefix(_ prefix: String, in text: String) throws -> String {
        let digits = prefix.lowercased().filter { $0 != "-" }
        guard (shortestPrefix...32).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { throw malformed(text) }
        var hyphenated = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { hyphenated += "-" }
            hyphenated.append(digit)
        }
        return hyphenated
    }

    private static func malformed(_ text: String) -> LastwordError {
        LastwordError(
            code: "cli.reference", message: "\"\(Bounds.name(text))\" names no session",
            remedy:
                "give at least \(shortestPrefix) hex digits of its id, or namespace/pod/container (- for an unknown part)"
        )
    }
}
