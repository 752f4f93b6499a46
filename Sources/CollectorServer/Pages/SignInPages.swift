// SPDX-License-Identifier: Apache-2.0
import CollectorPages
import CollectorStore
import HTTPTypes
import HummingbirdCore
import Logging
import SessionRecords
import Telemetry

/// Signing in and out. What the browser keeps is a secret of this collector's memory, never the token.
struct SignInPages: Sendable {
    static let bodyLimit = 8 * 1024
    private static let tokenLimit = 512

    let service: PageService

    func show(_ request: APIRequest) async throws -> Response {
        try request.query.allow(["next"])
        return PageResponse.html(page(request, next: try request.query.text("next", limit: 2048)))
    }

    func signIn(_ request: APIRequest) async throws -> Response {
        try SameOrigin.check(request.headers, authority: request.authority)
        let form = try await form(request)
        try form.allow(["token", "next"])
        let next = try form.text("next", limit: 4096)
        // What was copied often brings a blank or a line's end.
        let token = (try form.text("token", limit: Self.tokenLimit) ?? "").split(whereSeparator: \.isWhitespace)
        do {
            let facts = try await service.authenticator.signIn(token.joined(), request.peer)
            let principal = Principal(facts)
            try limit(facts.id)
            guard principal.has(.reader) else {
                throw APIError(
                    .forbidden, "auth.role", "this is an agent's token; pages are for readers",
                    remedy: "make a token with lastword-collector token create --role reader")
            }
            await note("page.sign-in", principal.name, request)
            // Whoever was signed in before is not any more.
            _ = service.sessions.end(request.headers)
            return PageResponse.redirect(to: Self.local(next), cookie: service.sessions.begin(facts.id))
        } catch let error as APIError {
            if error.status != .tooManyRequests {
                await note("page.sign-in-refused", "somebody", request, reason: error.code)
            }
            let text = PageService.sentence(error.message) + (error.remedy.map { " " + PageService.sentence($0) } ?? "")
            var response = PageResponse.html(page(request, next: next, failure: text), status: error.status)
            response.headers[.retryAfter] = error.headers[.retryAfter]
            return response
        }
    }

    /// Each one is a line of the audit trail, which nothing removes.
    private func limit(_ token: String) throws(APIError) {
        if let delay = service.signIns.delay(token) {
            throw APIError(
                .tooManyRequests, "page.too-many-sign-ins", "this token has signed in too often",
                remedy: "wait, or use the session that is there", retryAfter: delay)
        }
        service.signIns.note(token)
    }

    func signOut(_ request: APIRequest) async throws -> Response {
        try SameOrigin.check(request.headers, authority: request.authority)
        _ = try await request.body.collect(upTo: Self.bodyLimit)
        if let reader = service.authenticator.pageReader(request.headers) {
            await note("page.sign-out", reader.name, request)
        }
        return PageResponse.redirect(to: "/sign-in", cookie: service.sessions.end(request.headers))
    }

    private func page(_ request: APIRequest, next: String?, failure: String? = nil) -> String {
        let lifetime = HumanTime.duration(nanoseconds: Int64(service.sessions.lifetime / .nanoseconds(1)))
        return SignInPage(next: Self.local(next), lifetime: lifetime, failure: failure)
            .html(service.renderer, service.frame(request))
    }

    private func form(_ request: APIRequest) async throws -> QueryParameters {
        guard request.headers[.contentType]?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true else {
            throw APIError(.unsupportedMediaType, "page.form", "that is not the form of this page")
        }
        let bytes = try await request.body.collect(upTo: Self.bodyLimit)
        return try QueryParameters(String(decoding: bytes, as: UTF8.self))
    }

    /// A path of these pages; never another host, however it is written.
    static func local(_ next: String?) -> String {
        guard let next, next.hasPrefix("/"), !next.hasPrefix("//"), !next.hasPrefix("/sign-"), next.utf8.count <= 2048,
            next.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return "/sessions" }
        return next
    }

    /// Into the audit trail. A store that cannot be written keeps nobody from reading; the log says that it happened.
    private func note(_ action: String, _ actor: String, _ request: APIRequest, reason: String? = nil) async {
        service.logger.notice(
            "somebody signed in or out of the pages",
            metadata: [
                LogKey.topic: "\(action)", LogKey.sender: "\(actor)", LogKey.peerAddress: "\(request.peer.address)",
            ])
        do {
            try await service.store.audit(
                action, actor: actor, reason: reason, detail: [("address", .string(request.peer.address))])
        } catch {
            service.logger.error(
                "the audit trail could not be written", metadata: [LogKey.errorMessage: "\(error)"])
        }
    }
}
