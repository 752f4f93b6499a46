// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords

/// The node's store as a source: `StoreReader` behind the closures, also while no agent runs.
package enum StoreSessionSource {
    /// Opens the store in `directory`; throws the reader's `store.*` errors.
    package static func open(_ directory: String) throws -> SessionSource {
        let reader = try StoreReader(directory: directory)
        return SessionSource(
            list: { try StoreListing(reader).list($0, limit: $1, after: $2) },
            find: { try StoreListing(reader).find($0, limit: $1) },
            changes: { try StoreListing(reader).changes($0, after: $1) },
            output: { id in try reader.output(id).map { .kept($0) } ?? .absent(nil) },
            gaps: { node in
                guard node == nil else { throw SessionSource.collectorNeeded(for: "gaps by node") }
                return try reader.gaps().reversed().map { NodeGap($0) }
            },
            status: { try StatusReport(reader) },
            entries: { ledger, after, body in
                try reader.mustHave(ledger)
                var next = after &+ 1
                while true {
                    // A page a transaction: the agent's log can be folded back in between.
                    let page = try reader.entries(from: next, limit: 500)
                    for entry in page {
                        try body(LedgerLine(number: entry.number, hash: entry.hash, bytes: entry.bytes))
                    }
                    guard let last = page.last else { return }
                    next = last.number &+ 1
                }
            },
            verify: { request in
                try reader.mustHave(request.ledger)
                let kept = try await request.kept(try reader.ledger())
                let known =
                    request.heads.map { $0.known(by: VerifyReport.given) }
                    + kept.flatMap { place in place.heads.map { $0.known(by: place.keeper) } }
                var report = VerifyReport(try LedgerVerifier.verify(reader, heads: known))
                report.add(kept)
                return [report]
            })
    }
}

/// Lists, names and changes of the sessions in a store.
struct StoreListing {
    /// A session of which a part of the path is unknown is looked for among so many of the newest.
    private static let searched = 10_000

    private let reader: StoreReader

    init(_ reader: StoreReader) {
        self.reader = reader
    }

    func list(_ selection: SessionSelection, limit: Int, after mark: PageMark?) throws -> SessionListPage {
        guard selection.words == nil else { throw SessionSource.collectorNeeded(for: "what sessions printed") }
        var filter = reader.filter
        filter.namespace = selection.namespace
        filter.pod = selection.pod
        filter.container = selection.container
        filter.targetContainer = selection.target
        filter.exitCode = selection.exitCode
        filter.since = selection.since
        filter.until = selection.until
        filter.olderThan = selection.startedBefore
        if selection.running { filter.isRunningOnly = true }
        let page = try reader.page(filter, limit: limit, before: mark?.place as? SessionCursor)
        // A store has one node, as a rule: there is no index for it.
        let sessions = page.sessions.filter { selection.node == nil || $0.node == selection.node }
        return SessionListPage(sessions: sessions, next: page.next.map { PageMark($0) })
    }

    func find(_ reference: SessionReference, limit: Int) throws -> [Session] {
        switch reference {
        case .idPrefix(let prefix):
            if let id = SessionID(prefix) { return try reader.session(id).map { [$0] } ?? [] }
            // Throws an error that lists the candidates where there are several.
            return try reader.session(reference: prefix).map { [$0] } ?? []
        case .path(let namespace, let pod, let container):
            var filter = reader.filter
            filter.namespace = namespace
            filter.pod = pod
            filter.container = container
            filter.includesUnresolved = true
            let isComplete = namespace != nil && pod != nil && container != nil
            let sessions = try reader.sessions(filter, limit: isComplete ? limit : Self.searched)
            return Array(sessions.filter { reference.matches($0) }.prefix(limit))
        }
    }

    /// A change is told by an entry, so entries are what is looked at: an ending shows once its output is sealed.
    func changes(_ selection: SessionSelection, after mark: ChangeMark?) throws -> SessionChanges {
        guard selection.words == nil else { throw SessionSource.collectorNeeded(for: "what sessions printed") }
        let head = try reader.head().number
        guard let mark = mark?.place as? Int64 else { return SessionChanges(sessions: [], mark: ChangeMark(head)) }
        // A ledger that is shorter than it was is a new one, of which nothing has been seen.
        var seen = head < mark ? 0 : mark
        var ids: [SessionID] = []
        var known: Set<SessionID> = []
        while seen < head {
            let page = try reader.entries(from: seen + 1, limit: 500)
            for id in page.compactMap(\.session) where known.insert(id).inserted { ids.append(id) }
            guard let last = page.last else { break }
            seen = last.number
        }
        let sessions = try ids.compactMap { try reader.session($0) }.filter { selection.matches($0) }
        return SessionChanges(sessions: sessions, mark: ChangeMark(seen))
    }
}

extension NotedHead {
    fileprivate func known(by keeper: String) -> KnownHead {
        KnownHead(keeper: keeper, ledger: nil, head: .init(number: number, hash: hash))
    }
}

extension StoreReader {
    /// Throws where another ledger is named than the store's.
    fileprivate func mustHave(_ named: String?) throws {
        guard let named else { return }
        let ledger = try ledger()
        guard named == ledger else {
            throw LastwordError(
                code: "cli.ledger",
                message: "the store in \(directory) has ledger \(ledger), not \(Bounds.name(named))",
                remedy: "leave out --ledger, or name a collector that has the other one")
        }
    }

    /// An empty filter of the store's own type.
    fileprivate var filter: SessionFilter { SessionFilter() }
}
