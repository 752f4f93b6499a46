// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import SessionRecords
import Telemetry

/// Holding, releasing and erasing sessions over the API.
struct AdminHandlers: Sendable {
    static let bodyLimit = 64 * 1024

    let store: CollectorStore
    let logger: Logging.Logger

    func hold(_ request: APIRequest) async throws -> Response {
        try await act("held", request) { id, reason in
            try await store.hold(id, by: request.principal.name, reason: reason)
            return true
        }
    }

    func release(_ request: APIRequest) async throws -> Response {
        try await act("released", request) { id, reason in
            try await store.release(id, by: request.principal.name, reason: reason)
        }
    }

    func erase(_ request: APIRequest) async throws -> Response {
        try await act("erased", request) { id, reason in
            try await store.erase(id, by: request.principal.name, reason: reason)
        }
    }

    /// `{"id":"…","done":"held","changed":true}`; `changed` is false where it was so already.
    private func act(
        _ what: String, _ request: APIRequest, _ body: (SessionID, String) async throws -> Bool
    ) async throws -> Response {
        try request.query.allow([])
        let id = try request.sessionID
        let reason = try await reason(request)
        let changed: Bool
        do {
            changed = try await body(id, reason)
        } catch let error as LastwordError where error.code == "session.unknown" {
            throw APIError.unknownSession
        } catch let error as LastwordError where error.code == "session.held" {
            throw APIError(.conflict, error.code, error.message, remedy: error.remedy)
        }
        logger.notice(
            "an administrator changed a session",
            metadata: [
                LogKey.sessionID: "\(id)", LogKey.topic: "\(what)", LogKey.sender: "\(request.principal.name)",
                LogKey.reason: "\(reason)",
            ])
        return JSONBody.response { json in
            json.member("id", .string(id.rawValue))
            json.member("done", .string(what))
            json.member("changed", .bool(changed))
        }
    }

    private struct Body: Decodable {
        var reason: String
    }

    private func reason(_ request: APIRequest) async throws -> String {
        let bytes = try await request.body.collect(upTo: Self.bodyLimit)
        let body: Body
        do {
            body = try JSONDecoder().decode(Body.self, from: Data(bytes))
        } catch {
            throw APIError(
                .badRequest, "request.body", "the body must be {\"reason\":\"…\"}",
                remedy: "say why; it goes into the audit trail")
        }
        guard (1...1000).contains(body.reason.utf8.count), !body.reason.allSatisfy(\.isWhitespace) else {
            throw APIError(.badRequest, "request.reason", "the reason must have from 1 to 1000 bytes")
        }
        return body.reason
    }
}
