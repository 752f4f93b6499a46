// SPDX-License-Identifier: Apache-2.0
import CollectorPages
import CollectorStore
import NIOHTTP1
import SessionRecords

@testable import CollectorSupport

extension RunningCollector {
    /// Where a browser says that forms come from.
    static let own = ("sec-fetch-site", "same-origin")

    /// Sends the form for signing in.
    func signIn(
        _ token: String, next: String = "", cookie: String? = nil, headers: [(String, String)] = [own]
    ) async throws -> Answer {
        try await form("/sign-in", "token=\(PageLink.encode(token))&next=\(PageLink.encode(next))", cookie, headers)
    }

    func form(
        _ path: String, _ body: String, _ cookie: String? = nil, _ headers: [(String, String)] = [own]
    ) async throws -> Answer {
        var headers = headers + [("content-type", "application/x-www-form-urlencoded")]
        if let cookie { headers.append(("cookie", cookie)) }
        return try await call(.POST, path, headers: headers, body: Array(body.utf8))
    }

    func page(_ path: String, cookie: String? = nil, token: String? = nil) async throws -> Answer {
        var headers = [("accept", "text/html")]
        if let cookie { headers.append(("cookie", cookie)) }
        return try await call(.GET, path, token: token, headers: headers)
    }

    /// Signs in; the cookie as a browser sends it back.
    func cookie(_ token: String) async throws -> String {
        try await signIn(token).cookie
    }
}

extension RunningCollector.Answer {
    /// Name and value of the cookie that the answer sets; empty if it sets none.
    var cookie: String {
        (headers["set-cookie"].first ?? "").split(separator: ";").first.map(String.init) ?? ""
    }
}
