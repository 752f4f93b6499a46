// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import ConfigurationReading
import HTTPTypes
import HealthReporting
import HummingbirdCore
import NIOCore
import NIOHTTP1

/// Every route that is served on the network. The OpenAPI document has those of the API, which a test makes sure of.
struct RouteTable: Sendable {
    /// For programs.
    let api: [Route]
    /// For people; nil where they are switched off.
    let pages: PageRoutes?
    let all: [Route]

    init(
        ingest: IngestHandler, store: CollectorStore, health: HealthPages, version: String, admin: AdminHandlers,
        pages: PageRoutes?
    ) {
        let sessions = SessionHandlers(store: store)
        let output = OutputHandler(store: store)
        let nodes = NodeHandlers(store: store)
        let statistics = StatisticsHandlers(store: store, version: version)
        self.pages = pages
        api = [
            Route(
                .post, "/v1/logs", .role(.agent), bodyLimit: ingest.limits.requestBytes.bytes,
                failure: IngestHandler.failure
            ) { try await ingest.respond(to: $0) },
            Route(.get, "/v1/sessions", .role(.reader)) { try await sessions.list($0) },
            Route(.get, "/v1/sessions/{id}", .role(.reader)) { try await sessions.one($0) },
            Route(.get, "/v1/sessions/{id}/output", .role(.reader)) { try await output.respond(to: $0) },
            Route(.get, "/v1/changes", .role(.reader)) { try await sessions.changes($0) },
            Route(.get, "/v1/statistics", .role(.reader)) { try await statistics.statistics($0) },
            Route(.get, "/v1/status", .role(.reader)) { try await statistics.status($0) },
            Route(.get, "/v1/gaps", .unlimitedReader) { try await nodes.gaps($0) },
            Route(.get, "/v1/nodes", .unlimitedReader) { try await nodes.nodes($0) },
            Route(.get, "/v1/alarms", .unlimitedReader) { try await nodes.alarms($0) },
            Route(.get, "/v1/ledgers/{id}", .unlimitedReader) { try await nodes.ledger($0) },
            Route(.get, "/v1/ledgers/{id}/entries", .unlimitedReader) { try await nodes.entries($0) },
            Route(.put, "/v1/sessions/{id}/hold", .role(.admin), bodyLimit: AdminHandlers.bodyLimit) {
                try await admin.hold($0)
            },
            Route(.delete, "/v1/sessions/{id}/hold", .role(.admin), bodyLimit: AdminHandlers.bodyLimit) {
                try await admin.release($0)
            },
            Route(.post, "/v1/sessions/{id}/erase", .role(.admin), bodyLimit: AdminHandlers.bodyLimit) {
                try await admin.erase($0)
            },
            Route(.get, "/openapi.json", .open) { _ in
                Response(
                    status: .ok, headers: [.contentType: "application/json"],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: OpenAPIDocument.json)))
            },
            Route(.get, "/healthz", .open) { _ in Self.page("/healthz", health) },
            Route(.get, "/readyz", .open) { _ in Self.page("/readyz", health) },
            Route(.get, "/metrics", .loopbackOrReader) { _ in Self.page("/metrics", health) },
        ]
        all = api + (pages?.all ?? [])
    }

    private static func page(_ path: String, _ health: HealthPages) -> Response {
        let answer = health.answer(method: .GET, target: path)
        return Response(
            status: .init(code: Int(answer.status.code)), headers: [.contentType: answer.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body)))
    }
}
