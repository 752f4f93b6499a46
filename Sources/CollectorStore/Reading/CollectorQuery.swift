// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Which sessions to list; what is nil or empty does not restrict.
package struct CollectorQuery: Sendable, Hashable {
    package var cluster: String?
    package var node: String?
    package var namespace: String?
    package var pod: String?
    package var container: String?
    package var targetContainer: String?
    package var exitCode: Int?
    package var states: Set<SessionState> = []
    /// Begun at this moment or later. A session begins when its container started, or else was created, asked for, or
    /// noticed.
    package var since: Timestamp?
    /// Begun at this moment or earlier.
    package var until: Timestamp?
    /// Begun before this moment.
    package var startedBefore: Timestamp?
    /// Words that the output must hold, all of them; any text, never a syntax. Text without a word finds nothing.
    package var search: String?
    package var reference: CollectorReference?

    package init() {}

    /// Only what has a running process.
    package var isRunningOnly: Bool {
        get { states == [.running] }
        set { states = newValue ? [.running] : [] }
    }
}

/// Where a page of a list ended. The text is opaque to whoever gets it.
package struct PageCursor: Sendable, Hashable {
    let sortAt: Int64
    let row: Int64

    init(sortAt: Int64, row: Int64) {
        self.sortAt = sortAt
        self.row = row
    }

    /// Nil unless the text came from `text`.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let sortAt = Int64(parts[0]), let row = Int64(parts[1]) else { return nil }
        self.init(sortAt: sortAt, row: row)
    }

    package var text: String { "\(sortAt).\(row)" }
}

/// A session's record, as the agent made it.
package struct StoredRecord: Sendable, Hashable {
    package let id: SessionID
    /// One JSON object.
    package let json: String
}

/// One page of a list, newest first.
package struct CollectorPage: Sendable, Hashable {
    package let sessions: [StoredRecord]
    /// Where the next page begins; nil if this was the last one.
    package let next: PageCursor?
}

/// What changed since a mark.
package struct ChangesPage: Sendable, Hashable {
    /// In the order in which they changed; of several changes of one session the last.
    package let sessions: [StoredRecord]
    /// To be given as `after` the next time.
    package let mark: Int64
}
