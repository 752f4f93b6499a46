// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// The routes of the query API that reading needs, each with the size that its answer may have.
extension CollectorClient {
    /// More sessions than this the API does not give in one page.
    package static let largestPage = 1000

    private static let listBytes = 128 << 20
    private static let documentBytes = 16 << 20
    /// 4 MiB of output and the frames of its lines, in base64.
    private static let outputBytes = 64 << 20

    /// Filters as the API names them: `namespace`, `exitCode`, `q`, ….
    package typealias Query = [(name: String, value: String?)]

    package func sessions(_ query: Query, limit: Int, after: String?) async throws -> CollectorSessions {
        let size = String(min(max(1, limit), Self.largestPage))
        return try present(
            try await get(
                "/v1/sessions", query + [("limit", size), ("after", after)], limit: Self.listBytes,
                as: CollectorSessions.self))
    }

    package func session(_ id: SessionID) async throws -> Found<Session> {
        try await get("/v1/sessions/\(id.rawValue)", limit: Self.documentBytes, as: Session.self)
    }

    package func details(_ id: SessionID) async throws -> Found<CollectorDetails> {
        switch try await get(
            "/v1/sessions/\(id.rawValue)", [("details", "true")], limit: Self.listBytes,
            as: CollectorSessionDetails.self)
        {
        case .value(let session): .value(session.collector)
        case .absent(let code, let message): .absent(code: code, message: message)
        }
    }

    package func output(_ id: SessionID) async throws -> Found<CollectorOutput> {
        try await get(
            "/v1/sessions/\(id.rawValue)/output", [("format", "frames")], limit: Self.outputBytes,
            as: CollectorOutput.self)
    }

    package func changes(_ query: Query, after mark: String?) async throws -> CollectorChanges {
        try present(
            try await get(
                "/v1/changes", query + [("after", mark)], limit: Self.listBytes, as: CollectorChanges.self))
    }

    package func gaps(node: String?) async throws -> [CollectorGap] {
        try present(
            try await get("/v1/gaps", [("node", node)], limit: Self.listBytes, as: CollectorGaps.self)
        ).gaps
    }

    package func nodes() async throws -> [CollectorNode] {
        try present(try await get("/v1/nodes", limit: Self.listBytes, as: CollectorNodes.self)).nodes
    }

    package func alarms() async throws -> [CollectorAlarm] {
        try present(try await get("/v1/alarms", limit: Self.listBytes, as: CollectorAlarms.self)).alarms
    }

    package func ledger(_ id: String) async throws -> Found<CollectorLedger> {
        try await get("/v1/ledgers/\(PercentEncoding.encode(id))", limit: Self.documentBytes, as: CollectorLedger.self)
    }

    package func entries(ledger: String, after: Int64, limit: Int) async throws -> Found<CollectorEntries> {
        try await get(
            "/v1/ledgers/\(PercentEncoding.encode(ledger))/entries", [("after", "\(after)"), ("limit", "\(limit)")],
            limit: Self.listBytes, as: CollectorEntries.self)
    }

    package func status() async throws -> CollectorStatus {
        try present(try await get("/v1/status", limit: Self.documentBytes, as: CollectorStatus.self))
    }

    /// Of the sessions that the reader may see.
    package func statistics() async throws -> CollectorStatistics {
        try present(try await get("/v1/statistics", limit: Self.documentBytes, as: CollectorStatistics.self))
    }

    /// Of a route that is always there.
    private func present<Value>(_ found: Found<Value>) throws -> Value {
        switch found {
        case .value(let value): return value
        case .absent(_, let message):
            throw LastwordError(
                code: "collector.not-found",
                message: "the collector at \(address) does not have that" + (message.map { ": " + $0 } ?? ""),
                remedy: "use a lastword of the collector's version")
        }
    }
}
