// SPDX-License-Identifier: Apache-2.0
import CollectorPages
import HTTPTypes
import HummingbirdCore

/// The routes of the pages. None of them is in the OpenAPI document, and none begins with `/v1`.
struct PageRoutes: Sendable {
    let all: [Route]
    private let service: PageService

    init(_ service: PageService) {
        self.service = service
        let sessions = SessionPages(service: service)
        let nodes = NodePages(service: service)
        let signing = SignInPages(service: service)
        @Sendable func failed(_ request: APIRequest, _ error: APIError) -> Response { service.failure(request, error) }
        @Sendable func failedQuietly(_ request: APIRequest, _ error: APIError) -> Response {
            service.fragmentFailure(request, error)
        }
        func page(
            _ path: String, _ access: Route.Access = .page,
            _ handler: @escaping @Sendable (APIRequest) async throws -> Response
        ) -> Route { Route(.get, path, access, failure: failed, handler: handler) }
        func live(
            _ path: String, _ access: Route.Access = .page,
            _ handler: @escaping @Sendable (APIRequest) async throws -> Response
        ) -> Route { Route(.get, path, access, failure: failedQuietly, handler: handler) }
        func form(_ path: String, _ handler: @escaping @Sendable (APIRequest) async throws -> Response) -> Route {
            Route(.post, path, .open, bodyLimit: SignInPages.bodyLimit, failure: failed, handler: handler)
        }
        all = [
            page("/", .open) { _ in PageResponse.redirect(to: "/sessions") },
            page("/sessions") { try await sessions.list($0) },
            live("/live/sessions") { try await sessions.changedList($0) },
            page("/sessions/{id}") { try await sessions.one($0) },
            live("/live/sessions/{id}") { try await sessions.changedOne($0) },
            page("/sessions/{id}/output") { try await sessions.output($0) },
            page("/pods/{namespace}/{pod}") { try await sessions.pod($0) },
            live("/live/pods/{namespace}/{pod}") { try await sessions.changedPod($0) },
            page("/nodes", .nodePage) { try await nodes.list($0) },
            live("/live/nodes", .nodePage) { try await nodes.changedList($0) },
            page("/nodes/{name}", .nodePage) { try await nodes.one($0) },
            page("/statistics") { try await nodes.statistics($0) },
            page("/sign-in", .open) { try await signing.show($0) },
            form("/sign-in") { try await signing.signIn($0) },
            form("/sign-out") { try await signing.signOut($0) },
            page("/assets/{name}", .open) { request in
                guard let asset = Assets.named(request.parameters["name"] ?? "") else {
                    throw APIError(.notFound, "asset.unknown", "there is no such file")
                }
                return PageResponse.asset(asset)
            },
        ]
    }

    /// For an address at which there is nothing.
    func unknown(_ headers: HTTPFields) -> Response { service.unknown(headers) }
}
