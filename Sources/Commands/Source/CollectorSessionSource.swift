// SPDX-License-Identifier: Apache-2.0
package import CollectorClient
import SessionRecords

/// A collector as a source: its query API behind the closures.
package enum CollectorSessionSource {
    /// Throws `collector.address` and `collector.credentials`; everything else at the first question.
    package static func open(_ access: CollectorAccess) throws -> SessionSource {
        let client = try CollectorClient(access)
        var source = SessionSource(
            list: { try await CollectorListing(client).list($0, limit: $1, after: $2) },
            find: { try await CollectorListing(client).find($0, limit: $1) },
            changes: { try await CollectorListing(client).changes($0, after: $1) },
            output: { try await CollectorOutputs(client).output($0) },
            gaps: { node in
                try await client.gaps(node: node).map { NodeGap($0.gap, node: $0.node, ledger: $0.ledger) }
                    .sorted { $0.gap.openedAt > $1.gap.openedAt }
            },
            status: { try await StatusReport(client) },
            entries: { ledger, after, body in
                let chains = CollectorChains(client)
                var ids = ledger.map { [$0] } ?? []
                if ledger == nil { ids = try await chains.ledgers().map(\.ledger) }
                for id in ids {
                    try await chains.forEach(in: id, after: after) { entry in
                        try body(LedgerLine(ledger: id, number: entry.number, hash: entry.hash, bytes: entry.bytes))
                    }
                }
            },
            verify: { request in try await CollectorChains(client).verify(request) },
            fleet: Fleet(
                nodes: { try await client.nodes().sorted { $0.node < $1.node } },
                alarms: {
                    try await client.alarms().sorted {
                        ($0.openedAt ?? Timestamp(nanoseconds: 0)) > ($1.openedAt ?? Timestamp(nanoseconds: 0))
                    }
                },
                details: { id in
                    guard case .value(let details) = try await client.details(id) else { return nil }
                    return details
                },
                head: { try await CollectorChains(client).head(of: $0) }))
        source.name = "collector"
        return source
    }
}

/// Lists, names and changes of the sessions that a collector has.
struct CollectorListing {
    /// A session of which a part of the path is unknown is looked for among so many of the newest.
    private static let searched = 10_000

    private let client: CollectorClient

    init(_ client: CollectorClient) {
        self.client = client
    }

    func list(_ selection: SessionSelection, limit: Int, after mark: PageMark?) async throws -> SessionListPage {
        let after = mark?.place as? String
        let page = try await client.sessions(selection.query, limit: limit, after: after)
        if let next = page.next, next == after {
            throw LastwordError(
                code: "collector.paging", message: "the collector at \(client.address) gives the same page again",
                remedy: "look at the collector's log")
        }
        return SessionListPage(
            sessions: page.sessions.filter { selection.matches($0) }, next: page.next.map { PageMark($0) })
    }

    func find(_ reference: SessionReference, limit: Int) async throws -> [Session] {
        var known = SessionSelection()
        var query: CollectorClient.Query = []
        var searched = limit
        switch reference {
        case .path(let namespace, let pod, let container)
        where namespace == nil || pod == nil || container == nil:
            (known.namespace, known.pod, known.container) = (namespace, pod, container)
            query = known.query
            searched = Self.searched
        case .idPrefix, .path: query = [("reference", reference.description)]
        }
        var found: [Session] = []
        var after: String?
        var seen = 0
        repeat {
            let page = try await client.sessions(query, limit: searched - seen, after: after)
            found += page.sessions.filter { reference.matches($0) }
            seen += page.sessions.count
            after = page.sessions.isEmpty ? nil : page.next
        } while after != nil && found.count < limit && seen < searched
        return Array(found.prefix(limit))
    }

    func changes(_ selection: SessionSelection, after mark: ChangeMark?) async throws -> SessionChanges {
        let changes = try await client.changes(selection.query, after: mark?.place as? String)
        return SessionChanges(
            sessions: mark == nil ? [] : changes.sessions.filter { selection.matches($0) },
            mark: ChangeMark(changes.mark))
    }
}

extension SessionSelection {
    /// The filters in the API's words.
    fileprivate var query: CollectorClient.Query {
        [
            ("namespace", namespace), ("pod", pod), ("container", container), ("target", target),
            ("exitCode", exitCode.map(String.init)), ("node", node), ("running", running ? "true" : nil),
            ("since", since?.description), ("until", until?.description),
            ("startedBefore", startedBefore?.description), ("q", words),
        ]
    }
}

/// Outputs, compared with what their records say of them.
struct CollectorOutputs {
    private let client: CollectorClient

    init(_ client: CollectorClient) {
        self.client = client
    }

    func output(_ id: SessionID) async throws -> SessionOutput {
        // Two questions; an amendment with another output may come between them.
        for _ in 0..<2 {
            let bytes: CollectorOutput
            switch try await client.output(id) {
            case .value(let output): bytes = output
            case .absent(let code, let message): return .absent(Self.reason(code, message))
            }
            guard case .value(let session) = try await client.session(id), let summary = session.output else {
                continue
            }
            guard Digest(of: bytes.bytes) == summary.sha256, Digest(of: bytes.frames) == summary.framesSHA256,
                let frames = OutputFrameCoding.decode(bytes.frames)
            else { continue }
            return .kept(CapturedTail(bytes: bytes.bytes, frames: frames, summary: summary))
        }
        throw LastwordError(
            code: "collector.output",
            message:
                "the output that the collector at \(client.address) has of session \(id.rawValue) is not the one that "
                + "its record names by SHA-256",
            remedy: "read it on its node, and look at the collector's alarms: lastword alarms")
    }

    private static func reason(_ code: String, _ message: String?) -> String? {
        switch code {
        case "output.erased": message ?? "it was erased"
        case "output.absent": message
        default: message ?? code
        }
    }
}
