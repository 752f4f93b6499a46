// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Where the commands read from: the node's store, or the collector's API. The commands know no other door.
///
/// Every call reads a consistent state and leaves nothing open behind it. Failures are thrown as `LastwordError`.
package struct SessionSource: Sendable {
    /// Sessions that match, newest beginning first, `limit` at most; go on with the page's `next`.
    package var list:
        @Sendable (_ filter: SessionSelection, _ limit: Int, _ after: PageMark?) async throws -> SessionListPage
    /// Sessions so named, newest beginning first, `limit` at most.
    package var find: @Sendable (_ reference: SessionReference, _ limit: Int) async throws -> [Session]
    /// Sessions that changed after the mark and match, in the order in which they changed, and the mark to go on with;
    /// without a mark no sessions, only the mark that stands for now.
    package var changes: @Sendable (_ filter: SessionSelection, _ after: ChangeMark?) async throws -> SessionChanges
    /// Nil where there is no output (yet), or where retention removed it.
    package var output: @Sendable (SessionID) async throws -> CapturedTail?
    /// All gaps, the latest opening first.
    package var gaps: @Sendable () async throws -> [Gap]
    package var status: @Sendable () async throws -> StatusReport
    /// Entries in ledger order with a number above `after`; the body may throw to stop.
    package var entries: @Sendable (_ after: Int64, _ body: (LedgerLine) throws -> Void) async throws -> Void
    /// Recomputes the whole chain and compares it with these heads, and with those that are kept for this ledger elsewhere.
    package var verify:
        @Sendable (_ heads: [NotedHead], _ kept: @Sendable (_ ledger: String) -> KeptHeads) async throws -> VerifyReport

    package init(
        list: @escaping @Sendable (SessionSelection, Int, PageMark?) async throws -> SessionListPage,
        find: @escaping @Sendable (SessionReference, Int) async throws -> [Session],
        changes: @escaping @Sendable (SessionSelection, ChangeMark?) async throws -> SessionChanges,
        output: @escaping @Sendable (SessionID) async throws -> CapturedTail?,
        gaps: @escaping @Sendable () async throws -> [Gap],
        status: @escaping @Sendable () async throws -> StatusReport,
        entries: @escaping @Sendable (Int64, (LedgerLine) throws -> Void) async throws -> Void,
        verify: @escaping @Sendable ([NotedHead], @Sendable (String) -> KeptHeads) async throws -> VerifyReport
    ) {
        self.list = list
        self.find = find
        self.changes = changes
        self.output = output
        self.gaps = gaps
        self.status = status
        self.entries = entries
        self.verify = verify
    }
}

/// Where a page ended; opaque, and good for the same source and selection alone.
package struct PageMark: Sendable {
    /// Whatever the source finds its place by.
    package let place: any Sendable

    package init(_ place: any Sendable) {
        self.place = place
    }
}

package struct SessionListPage: Sendable {
    package var sessions: [Session]
    /// Nil on the last page.
    package var next: PageMark?

    package init(sessions: [Session], next: PageMark?) {
        self.sessions = sessions
        self.next = next
    }
}

/// A moment in the source's own order of changes; opaque.
package struct ChangeMark: Hashable, Sendable {
    package let number: Int64

    package init(_ number: Int64) {
        self.number = number
    }
}

package struct SessionChanges: Sendable {
    package var sessions: [Session]
    package var mark: ChangeMark

    package init(sessions: [Session], mark: ChangeMark) {
        self.sessions = sessions
        self.mark = mark
    }
}
