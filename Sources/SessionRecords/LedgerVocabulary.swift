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
    /// Why it opened: `connection lost`, `queue full`, `agent stopped`, `node rebooted`.
    package var reason: String
    /// What closed it, one of `GapClosing`. Nil while it is open; nil with `closedAt`: the interval is over, and nothing can
    /// say any more what was in it.
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

/// What closes a gap (`docs/record-format.md`).
package enum GapClosing {
    /// What still exists was listed. Of our own absence: containers that came and went inside it are not known.
    package static let relisted = "relisted"
    /// And the journal, which also speaks of what is gone, was read to its end.
    package static let relistedAndRead = "relisted, journal read"
    /// The journal was read on from where it was left.
    package static let resumed = "resumed at cursor"
}

extension Gap {
    /// What kind of blindness it was: few words for counting by, where `reason` may say anything.
    package enum Kind: String, Sendable, CaseIterable {
        /// The source could not be watched.
        case lost
        /// More came than could be taken.
        case overflow
        /// The agent was not running.
        case absence
        /// What was in it is gone, and nothing closed it.
        case missed
    }

    package var kind: Kind {
        if closedAt != nil, closedBy == nil { return .missed }
        if dropped != nil { return .overflow }
        return source == "agent" ? .absence : .lost
    }
}
