// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// What outputs can be told of.
package enum FeedKind: Int64, Sendable, CaseIterable {
    case sessionStarted = 1
    case sessionEnded, sessionAmended, gap
    /// An entry of any other type: of the agent, the ledger, retention on the node.
    case otherEntry
    case alarmOpened, alarmClosed
    /// What people and upkeep did to the store.
    case audit
}

/// One line of the feed.
package struct FeedEvent: Sendable, Hashable {
    package enum Subject: Sendable, Hashable {
        case entry(FeedEntry)
        case alarm(Alarm, row: Int64)
        case audit(AuditLine)
        /// Retention was here before.
        case gone
    }

    /// Grows with every line; two never have the same.
    package let number: Int64
    package let kind: FeedKind
    /// When the collector received or noted it.
    package let at: Timestamp
    package let subject: Subject
}

/// An entry as it came, with whose it is.
package struct FeedEntry: Sendable, Hashable {
    package let ledger: String
    package let node: String
    package let cluster: String?
    package let entry: StoredEntry
}

/// A piece of the feed, oldest first.
package struct FeedPage: Sendable, Hashable {
    package let events: [FeedEvent]
    /// Where the next piece begins; behind lines that were not asked for, too.
    package let through: Int64
    /// Nothing was behind it when it was read.
    package let isLast: Bool
}

/// How far an output has come.
package struct OutputMark: Sendable, Hashable {
    /// Everything up to this number has been sent, or was not for it.
    package let number: Int64
    /// Events for it that retention removed before they were sent, ever.
    package let skipped: Int
}

/// What lies behind an output's mark.
package struct FeedBacklog: Sendable, Hashable {
    /// Lines of the feed, those that are not for it included.
    package let lines: Int64
    /// When the oldest of those that are for it came, as far as 10 000 lines show.
    package let oldest: Timestamp?
}
