// SPDX-License-Identifier: Apache-2.0
import CollectorPages
import CollectorStore
import HTTPTypes
import HummingbirdCore
import Logging
import SessionRecords

/// What the handlers of pages share: where they read, what they fill, and who looks.
struct PageService: Sendable {
    let store: CollectorStore
    let authenticator: Authenticator
    let renderer: PageRenderer
    let version: String
    let now: @Sendable () -> Timestamp
    let logger: Logging.Logger
    /// By token.
    let signIns = FailedLogins(limit: 60, window: .seconds(3600))

    init(
        store: CollectorStore, authenticator: Authenticator, version: String,
        now: @escaping @Sendable () -> Timestamp, logger: Logging.Logger
    ) throws {
        self.store = store
        self.authenticator = authenticator
        self.version = version
        self.now = now
        self.logger = logger
        renderer = try PageRenderer()
    }

    var sessions: PageSessions { authenticator.pageSessions }

    func frame(_ request: APIRequest) -> PageFrame {
        frame(request.principal, request.headers)
    }

    private func frame(_ principal: Principal?, _ headers: HTTPFields) -> PageFrame {
        let isNobody = principal?.reads == nil || principal?.name == Principal.anybody
        return PageFrame(
            reader: isNobody ? nil : principal?.name, scope: principal?.reads,
            canSignOut: authenticator.pageReader(headers) != nil, now: now(), version: version)
    }

    /// Which of the nodes that stand in records are to be marked.
    func marks(_ nodes: some Sequence<String>, _ scope: ReadScope) async throws -> NodeMarks {
        NodeMarks(weak: try await store.weakNodes(among: Set(nodes)), areLinked: scope.isUnlimited)
    }

    // MARK: What is not shown

    /// An error as a page. Who is not signed in is taken to where one can, and back.
    func failure(_ request: APIRequest, _ error: APIError) -> Response {
        // A request that was refused before its handler has no principal; a cookie still says whose frame it is.
        let principal = request.principal.reads == nil ? authenticator.pageReader(request.headers) : request.principal
        if error.code == "auth.required", request.headers[.authorization] == nil {
            let isLong = request.target.utf8.count > 2048
            return PageResponse.redirect(
                to: isLong ? "/sign-in" : PageLink.query("/sign-in", [("next", request.target)]))
        }
        return page(error, frame(principal, request.headers))
    }

    /// An error where a script asked.
    func fragmentFailure(_ request: APIRequest, _ error: APIError) -> Response {
        Response(status: error.status, headers: PageResponse.guarded)
    }

    func unknown(_ headers: HTTPFields) -> Response {
        page(
            APIError(.notFound, "route.unknown", "there is no page at this address"),
            frame(authenticator.pageReader(headers), headers))
    }

    private func page(_ error: APIError, _ frame: PageFrame) -> Response {
        let page = ErrorPage(
            status: error.status.code, heading: Self.heading(error), message: Self.sentence(error.message),
            remedy: error.remedy.map(Self.sentence), signIn: error.status == .unauthorized ? "/sign-in" : nil)
        var response = PageResponse.html(page.html(renderer, frame), status: error.status)
        response.headers[.retryAfter] = error.headers[.retryAfter]
        return response
    }

    private static func heading(_ error: APIError) -> String {
        switch error.status {
        case .badRequest: "That cannot be asked"
        case .unauthorized: "Not signed in"
        case .forbidden: error.code == "auth.limited" ? "Only for readers of all namespaces" : "Not allowed"
        case .notFound: "Not here"
        case .tooManyRequests: "Too many failed logins"
        case .serviceUnavailable: "Not now"
        default: "Something went wrong"
        }
    }

    /// With a capital, unless it begins with a name such as `exitCode`, and a full stop.
    static func sentence(_ text: String) -> String {
        guard let first = text.first else { return text }
        let isName = text.prefix { $0 != " " }.contains { $0.isUppercase }
        return (isName ? String(first) : first.uppercased()) + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }
}
