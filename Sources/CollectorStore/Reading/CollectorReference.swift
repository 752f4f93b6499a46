// SPDX-License-Identifier: Apache-2.0

/// How a request names sessions.
package enum CollectorReference: Sendable, Hashable {
    /// The beginning of an id, in lower case.
    case idPrefix(String)
    /// Nil where the record does not know it; written `-`.
    case path(namespace: String?, pod: String?, container: String?)

    /// Nil if the text can name nothing.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) {
            let known = parts.map { $0 == "-" ? nil : $0 }
            self = .path(namespace: known[0], pod: known[1], container: known[2])
            return
        }
        let id = text.lowercased()
        guard parts.count == 1, (1...36).contains(id.utf8.count),
            id.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) || $0 == 0x2D })
        else { return nil }
        self = .idPrefix(id)
    }
}
