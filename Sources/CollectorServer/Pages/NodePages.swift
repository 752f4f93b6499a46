// SPDX-License-Identifier: Apache-2.0
import CollectorPages
import CollectorStore
import HTTPTypes
import HummingbirdCore
import SessionRecords

/// Pages about nodes, and the statistics.
struct NodePages: Sendable {
    let service: PageService

    private var store: CollectorStore { service.store }

    func list(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow([])
        let nodes = try await store.nodes(scope: scope)
        let page = NodeListPage(nodes: nodes, live: LiveSource(url: "/live/nodes", mark: "none"))
        return PageResponse.html(page.html(service.renderer, service.frame(request)))
    }

    /// Its mark is a hash of what it shows: nodes have no counter of changes.
    func changedList(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["mark"])
        let nodes = try await store.nodes(scope: scope)
        let page = NodeListPage(nodes: nodes, live: nil)
        let frame = service.frame(request)
        // An age alone is no news, but once a minute.
        let minute: Int64 = 60_000_000_000
        var still = frame
        still.now = Timestamp(nanoseconds: frame.now.nanoseconds / minute * minute)
        let mark = String(
            Digest(of: Array(page.fragment(service.renderer, still).utf8)).description.prefix(32))
        let isNews = try request.query.text("mark") != mark
        return PageResponse.fragment(isNews ? page.fragment(service.renderer, frame) : nil, mark: mark)
    }

    func one(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow([])
        let name = request.parameters["name"] ?? ""
        guard let node = try await store.nodes(scope: scope).first(where: { $0.node == name }) else {
            throw APIError(.notFound, "node.unknown", "no node of this name has delivered anything")
        }
        let page = NodePage(
            node: node, alarms: try await store.alarms(node: name, scope: scope, limit: NodePage.limit),
            gaps: try await store.gaps(node: name, scope: scope, limit: NodePage.limit))
        return PageResponse.html(page.html(service.renderer, service.frame(request)))
    }

    func statistics(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["span"])
        let span = try request.query.choice("span", as: StatisticsSpan.self) ?? .week
        // Slices begin at whole hours or days; the last one holds the present.
        let slice = span.sliceSeconds * 1_000_000_000
        let now = service.now().nanoseconds
        let until = Timestamp(nanoseconds: now - now % slice).advanced(byNanoseconds: slice)
        let since = until.advanced(byNanoseconds: -span.seconds * 1_000_000_000)
        let page = StatisticsPage(
            span: span, since: since,
            counts: try await store.statistics(
                since: since, until: until.advanced(byNanoseconds: -1), scope: scope),
            histogram: try await store.histogram(
                since: since, until: until, slices: Int(span.seconds / span.sliceSeconds), scope: scope))
        return PageResponse.html(page.html(service.renderer, service.frame(request)))
    }
}
