// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Which sessions to list; what is nil or empty does not restrict.
package struct SessionFilter: Sendable, Hashable {
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
    package var olderThan: Timestamp?
    /// Also rows that nothing has been told of and that may turn out not to be debug containers at all.
    package var includesUnresolved = false

    package init() {}

    /// Only what has a running process.
    package var isRunningOnly: Bool {
        get { states == [.running] }
        set { states = newValue ? [.running] : [] }
    }
}

/// Where a page of a list ended.
package struct SessionCursor: Sendable, Hashable {
    let sortAt: Int64
    let row: Int64
}

/// One page of a list, newest first.
package struct SessionPage: Sendable {
    package let sessions: [Session]
    /// Where the next page begins; nil if this was the last one.
    package let next: SessionCursor?
}
