// SPDX-License-Identifier: Apache-2.0

/// The kinds of ledger entries (`design.md` §2).
package enum EntryType: String, Sendable, Codable, CaseIterable {
    case ledgerOpened = "ledger.opened"
    case agentStarted = "agent.started"
    case agentStopped = "agent.stopped"
    case sessionStarted = "session.started"
    case sessionEnded = "session.ended"
    case sessionAmended = "session.amended"
    case gap
    case retention
}

/// An interval in which a source was not being watched, and what was done to close it.
///
/// A gap is written twice: when it opens (`closedAt` nil) and when it closes.
package struct Gap: Hashable, Sendable, Codable {
    /// Pairs opening and closing: the source's name and the opening time.
    package var id: String
    /// `runtime`, `pods`, `journal`, `agent`.
    package var source: String
    package var openedAt: Timestamp
    package var closedAt: Timestamp?
    /// Why it opened: `connection lost`, `queue full`, `agent not running`.
    package var reason: String
    /// What closed it: `relisted`, `resumed at cursor`; nil while it is open.
    package var closedBy: String?
    /// Observations dropped in it, where they could be counted.
    package var dropped: Int?

    package init(source: String, openedAt: Timestamp, reason: String) {
        id = "\(source)@\(openedAt)"
        self.source = source
        self.openedAt = openedAt
        self.reason = Bounds.clip(reason, to: Bounds.evidenceValueBytes)
    }

    package var json: JSONValue {
        var object = JSONObject([
            ("id", .string(id)), ("source", .string(source)), ("openedAt", .string(openedAt.description)),
        ])
        object["closedAt"] = closedAt.map { .string($0.description) }
        object["reason"] = .string(reason)
        object["closedBy"] = closedBy.map(JSONValue.string)
        object["dropped"] = dropped.map { .integer(Int64($0)) }
        return .object(object)
    }
}
