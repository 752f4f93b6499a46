// SPDX-License-Identifier: Apache-2.0
import CollectorPages
import CollectorStore
import HTTPTypes
import HummingbirdCore
import SessionRecords

/// Pages of sessions and pods, and what has changed of them.
struct SessionPages: Sendable {
    private static let rows: Int64 = 50
    private static let filters = SessionHandlers.filters.union(["within"])

    let service: PageService

    private var store: CollectorStore { service.store }

    // MARK: The list

    func list(_ request: APIRequest) async throws -> Response {
        try request.query.allow(Self.filters)
        let page = try await listPage(request)
        return PageResponse.html(page.html(service.renderer, service.frame(request)))
    }

    func changedList(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(Self.filters.union(["mark"]))
        // Whatever a filter says: a session that ends leaves a list of running ones.
        let (isNews, mark) = try await changed(request, CollectorQuery(), scope)
        guard isNews else { return PageResponse.fragment(nil, mark: mark) }
        let page = try await listPage(request)
        return PageResponse.fragment(page.fragment(service.renderer, service.frame(request)), mark: mark)
    }

    private func listPage(_ request: APIRequest) async throws -> SessionListPage {
        let scope = try request.scope
        var filters = SessionFilters(values: [:])
        for name in Self.filters.subtracting(["after"]) {
            if let value = try request.query.text(name) { filters.values[name] = value }
            // Alone it means true; kept so in what leads on from here.
            if name == "running", filters.values[name]?.isEmpty == true { filters.values[name] = "true" }
        }
        var cursor: PageCursor?
        if let text = try request.query.text("after") {
            guard let parsed = store.cursors.cursor(text) else {
                throw QueryParameters.invalid("after is not the next of a page of this list")
            }
            cursor = parsed
        }
        let limit = Int(try request.query.integer("limit", 1...500) ?? Self.rows)
        // Before the list: what comes in between is shown twice rather than never.
        let mark = try await newest(scope)
        let page = try await store.sessions(try query(request.query), scope: scope, limit: limit, after: cursor)
        let records = page.sessions.map(ReadRecord.init)
        let live = LiveSource(url: PageLink.query("/live/sessions", filters.parameters()), mark: mark)
        return SessionListPage(
            filters: filters, sessions: records,
            nodes: try await service.marks(records.compactMap { $0.session?.node }, scope),
            next: try page.next.map { try store.cursors.text($0) }, isLater: cursor != nil,
            live: cursor == nil ? live : nil)
    }

    /// As the API reads it, with times as a browser's field writes them, and `within`.
    private func query(_ parameters: QueryParameters) throws -> CollectorQuery {
        var parameters = parameters
        for name in ["since", "until", "startedBefore"] {
            // `2026-11-21T02:40`, with seconds or without; what it means is said beside the field.
            guard let text = try parameters.text(name), !text.hasSuffix("Z"), [16, 19].contains(text.utf8.count) else {
                continue
            }
            parameters = parameters.setting(name, to: text + (text.utf8.count == 16 ? ":00Z" : "Z"))
        }
        var query = try SessionHandlers.query(parameters)
        if let text = try parameters.text("within") {
            guard let seconds = Self.seconds(text) else {
                throw QueryParameters.invalid("within must be a number of minutes, hours or days, such as 24h")
            }
            let since = service.now().advanced(byNanoseconds: -seconds * 1_000_000_000)
            query.since = query.since.map { max($0, since) } ?? since
        }
        return query
    }

    /// `90m`, `24h`, `7d`; at most ten years.
    private static func seconds(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (1...5_256_000).contains(count), count * unit <= 3653 * 86_400
        else { return nil }
        return count * unit
    }

    // MARK: One session

    func one(_ request: APIRequest) async throws -> Response {
        try request.query.allow(["part"])
        let page = try await onePage(request)
        return PageResponse.html(page.html(service.renderer, service.frame(request)))
    }

    func changedOne(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["part", "mark"])
        var query = CollectorQuery()
        query.reference = .idPrefix(try request.sessionID.rawValue)
        let (isNews, mark) = try await changed(request, query, scope)
        guard isNews else {
            guard try await store.count(query, scope: scope) > 0 else { throw APIError.unknownSession }
            return PageResponse.fragment(nil, mark: mark)
        }
        let page = try await onePage(request)
        return PageResponse.fragment(page.fragment(service.renderer, service.frame(request)), mark: mark)
    }

    private func onePage(_ request: APIRequest) async throws -> SessionPage {
        let scope = try request.scope
        let id = try request.sessionID
        let part = try request.query.integer("part", 1...1_000_000).map { Int($0) }
        let mark = try await newest(scope)
        guard let session = try await store.session(id, scope: scope) else { throw APIError.unknownSession }
        let nodes = [session.node] + session.others.map(\.node)
        let live = PageLink.query("/live/sessions/\(id.rawValue)", [("part", part.map(String.init) ?? "")])
        return SessionPage(
            stored: session, output: try await store.output(id, scope: scope), part: part,
            nodes: try await service.marks(nodes, scope), live: LiveSource(url: live, mark: mark))
    }

    /// For keeping as a file; a browser shows nothing of it.
    func output(_ request: APIRequest) async throws -> Response {
        var response = try await OutputHandler(store: store).respond(to: request)
        let isPlain = response.headers[.contentType]?.hasPrefix("text/plain") == true
        let name = "lastword-\(try request.sessionID.rawValue.prefix(8)).\(isPlain ? "txt" : "bin")"
        for field in PageResponse.guarded { response.headers[field.name] = field.value }
        response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        return response
    }

    // MARK: A pod

    func pod(_ request: APIRequest) async throws -> Response {
        try request.query.allow([])
        let page = try await podPage(request)
        guard !page.sessions.isEmpty else {
            throw APIError(.notFound, "pod.unknown", "there is no session of a pod of this name")
        }
        return PageResponse.html(page.html(service.renderer, service.frame(request)))
    }

    func changedPod(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["mark"])
        let (isNews, mark) = try await changed(request, Self.podQuery(request), scope)
        guard isNews else { return PageResponse.fragment(nil, mark: mark) }
        let page = try await podPage(request)
        return PageResponse.fragment(page.fragment(service.renderer, service.frame(request)), mark: mark)
    }

    private func podPage(_ request: APIRequest) async throws -> PodPage {
        let scope = try request.scope
        let query = Self.podQuery(request)
        let mark = try await newest(scope)
        let found = try await store.sessions(query, scope: scope, limit: PodPage.limit)
        let records = found.sessions.map(ReadRecord.init)
        let (namespace, pod) = (query.namespace ?? "", query.pod ?? "")
        return PodPage(
            namespace: namespace, pod: pod, sessions: records,
            nodes: try await service.marks(records.compactMap { $0.session?.node }, scope),
            live: LiveSource(url: "/live" + PageLink.pod(namespace: namespace, pod: pod), mark: mark))
    }

    private static func podQuery(_ request: APIRequest) -> CollectorQuery {
        var query = CollectorQuery()
        query.namespace = request.parameters["namespace"]
        query.pod = request.parameters["pod"]
        return query
    }

    // MARK: What changed

    /// Whether something that the reader may see has changed behind the mark that the request brings, and the mark of the very
    /// moment that was looked at: what is committed a moment later is behind it.
    private func changed(
        _ request: APIRequest, _ query: CollectorQuery, _ scope: ReadScope
    ) async throws -> (isNews: Bool, mark: String) {
        guard let mark = try request.query.text("mark").flatMap({ store.cursors.mark($0) }) else {
            throw QueryParameters.invalid("mark is not one of this store")
        }
        let changes = try await store.changes(after: mark, query, scope: scope, limit: 1)
        guard changes.sessions.isEmpty else { return (true, try await newest(scope)) }
        return (false, try store.cursors.text(mark: changes.mark))
    }

    private func newest(_ scope: ReadScope) async throws -> String {
        try store.cursors.text(mark: try await store.changes(after: nil, scope: scope, limit: 0).mark)
    }
}
