// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Where the commands read from: the node's store, or the collector's API. The commands know no other door.
///
/// Every call reads a consistent state and leaves nothing open behind it. Failures are thrown as `LastwordError`.
package struct SessionSource: Sendable {
    /// What it is, in words that follow "the".
    package var name = "store"
    /// Sessions that match, newest beginning first, `limit` at most; go on with the page's `next`.
    package var list:
        @Sendable (_ filter: SessionSelection, _ limit: Int, _ after: PageMark?) async throws -> SessionListPage
    /// Sessions so named, newest beginning first, `limit` at most.
    package var find: @Sendable (_ reference: SessionReference, _ limit: Int) async throws -> [Session]
    /// Sessions that changed after the mark and match, in the order in which they changed, and the mark to go on with;
    /// without a mark no sessions, only the mark that stands for now.
    package var changes: @Sendable (_ filter: SessionSelection, _ after: ChangeMark?) async throws -> SessionChanges
    package var output: @Sendable (SessionID) async throws -> SessionOutput
    /// All gaps, or those of one node, the latest opening first.
    package var gaps: @Sendable (_ node: String?) async throws -> [NodeGap]
    package var status: @Sendable () async throws -> StatusReport
    /// Entries of one ledger or of all, each in its order, with a number above `after`; the body may throw to stop.
    package var entries:
        @Sendable (_ ledger: String?, _ after: Int64, _ body: (LedgerLine) throws -> Void) async throws -> Void
    /// Recomputes chains: a report for each ledger.
    package var verify: @Sendable (_ request: VerifyRequest) async throws -> [VerifyReport]
    /// What only a collector knows; nil for a node's store.
    package var fleet: Fleet?

    package init(
        list: @escaping @Sendable (SessionSelection, Int, PageMark?) async throws -> SessionListPage,
        find: @escaping @Sendable (SessionReference, Int) async throws -> [Session],
        changes: @escaping @Sendable (SessionSelection, ChangeMark?) async throws -> SessionChanges,
        output: @escaping @Sendable (SessionID) async throws -> SessionOutput,
        gaps: @escaping @Sendable (String?) async throws -> [NodeGap],
        status: @escaping @Sendable () async throws -> StatusReport,
        entries: @escaping @Sendable (String?, Int64, (LedgerLine) throws -> Void) async throws -> Void,
        verify: @escaping @Sendable (VerifyRequest) async throws -> [VerifyReport], fleet: Fleet? = nil
    ) {
        self.list = list
        self.find = find
        self.changes = changes
        self.output = output
        self.gaps = gaps
        self.status = status
        self.entries = entries
        self.verify = verify
        self.fleet = fleet
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
package struct ChangeMark: Sendable {
    /// Whatever the source finds its place by.
    package let place: any Sendable

    package init(_ place: any Sendable) {
        self.place = place
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

/// What is kept of a session's output.
package enum SessionOutput: Hashable, Sendable {
    case kept(CapturedTail)
    /// None (yet), or none any more; why, where the source says it: words from outside.
    case absent(String?)
}

/// A gap, and whose it is where the source has several nodes.
package struct NodeGap: Hashable, Sendable {
    package var gap: Gap
    package var node: String?
    package var ledger: String?

    package init(_ gap: Gap, node: String? = nil, ledger: String? = nil) {
        self.gap = gap
        self.node = node
        self.ledger = ledger
    }

    /// The gap's own, and whose it is behind that.
    package var json: JSONValue {
        guard case .object(var object) = gap.json else { return gap.json }
        object["node"] = node.map(JSONValue.string)
        object["ledger"] = ledger.map(JSONValue.string)
        return .object(object)
    }
}
