// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import SessionRecords
import Telemetry

/// Takes every request: finds its route, asks who sends it, lets the route answer, and says how it went.
struct HTTPService: Sendable {
    /// A body that nobody wants is taken in up to here, so that the client reads the answer; then the connection is closed.
    private static let unreadLimit = 256 * 1024
    private static let unreadTime = Duration.seconds(2)

    let routes: RouteTable
    let authenticator: Authenticator
    let bodyTimeout: Duration
    let logger: Logging.Logger

    private enum Admission {
        case admitted(Route, APIRequest)
        case refused(Response, route: String)
    }

    /// Throws only where the connection is of no use any more.
    ///
    /// `@concurrent`, as the writer's own functions are: it cannot be handed from one isolation to another.
    @concurrent
    func respond(to request: Request, writer: consuming ResponseWriter, channel: any Channel) async throws {
        let began = ContinuousClock.now
        let body = RequestBodyReader(request, channel: channel, timeout: bodyTimeout)
        let (response, route): (Response, String)
        switch await admit(request, body, channel) {
        case .refused(let refusal, let path):
            (response, route) = (refusal, path)
        case .admitted(let found, let admitted):
            route = found.path
            if found.bodyLimit != nil, request.headers[.expect]?.lowercased() == "100-continue" {
                try await writer.writeInformationalHead(HTTPResponse(status: .continue))
            }
            response = await answer(found, admitted)
        }
        count(route, response.status, began)
        let isWhole = await send(response, writer, body, channel)
        if !isWhole { channel.close(promise: nil) }
    }

    // MARK: Before the body

    private func admit(_ request: Request, _ body: RequestBodyReader, _ channel: any Channel) async -> Admission {
        let path = request.uri.path
        let candidates = routes.all.compactMap { route in route.match(path).map { (route, $0) } }
        guard let (route, parameters) = candidates.first(where: { $0.0.method == request.method }) else {
            return .refused(unknown(request, candidates.map(\.0)), route: "none")
        }
        let peer = await Peer(of: channel)
        do throws(APIError) {
            let principal = try await authenticator.admit(request.head, peer: peer, to: route.access)
            let admitted = APIRequest(
                headers: request.headers, target: request.head.path ?? "", authority: request.head.authority,
                parameters: parameters, query: try QueryParameters(request.uri.query),
                peer: peer, principal: principal, body: body)
            if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > (route.bodyLimit ?? 0) {
                let refusal =
                    route.bodyLimit.map { RequestBodyReader.tooLarge($0) }
                    ?? APIError(.badRequest, "request.body", "this route takes no body")
                return .refused(route.failure(admitted, refusal), route: route.path)
            }
            return .admitted(route, admitted)
        } catch {
            let nobody = APIRequest(
                headers: request.headers, target: request.head.path ?? "", authority: request.head.authority,
                parameters: parameters, query: .none, peer: peer, principal: Principal(name: "nobody"), body: body)
            return .refused(route.failure(nobody, error), route: route.path)
        }
    }

    private func unknown(_ request: Request, _ others: [Route]) -> Response {
        guard !others.isEmpty else {
            if let pages = routes.pages, request.headers[.accept]?.contains("text/html") == true {
                return pages.unknown(request.headers)
            }
            return APIError(
                .notFound, "route.unknown", "there is nothing here", remedy: "/openapi.json says what there is"
            ).response
        }
        let methods = others.map(\.method.rawValue).sorted().joined(separator: ", ")
        var response = APIError(.methodNotAllowed, "route.method", "only \(methods) here").response
        response.headers[.allow] = methods
        return response
    }

    // MARK: The answer

    private func answer(_ route: Route, _ request: APIRequest) async -> Response {
        do {
            return try await route.handler(request)
        } catch let error as APIError {
            return route.failure(request, error)
        } catch let error as LastwordError {
            logger.error(
                "a request failed",
                metadata: [
                    LogKey.url: "\(route.path)", LogKey.errorType: "\(error.code)", LogKey.errorMessage: "\(error)",
                ])
            return route.failure(request, APIError(store: error))
        } catch is CancellationError {
            return route.failure(
                request,
                APIError(.serviceUnavailable, "server.stopping", "the collector is stopping", retryAfter: .seconds(5)))
        } catch {
            // The body's end never came: whatever is said here, nobody is likely to read it.
            logger.debug(
                "a request ended early", metadata: [LogKey.url: "\(route.path)", LogKey.errorMessage: "\(error)"])
            return route.failure(request, APIError(.badRequest, "request.incomplete", "the request did not come whole"))
        }
    }

    /// Returns whether the connection may be used further.
    @concurrent
    private func send(
        _ response: Response, _ writer: consuming ResponseWriter, _ body: RequestBodyReader, _ channel: any Channel
    ) async -> Bool {
        var response = response
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        response.headers[.xContentTypeOptions] = "nosniff"
        do {
            try await writer.write(response: response.head, body: response.body)
        } catch {
            return false
        }
        return await body.finish(bytes: Self.unreadLimit, within: Self.unreadTime)
    }

    private func count(_ route: String, _ status: HTTPResponse.Status, _ began: ContinuousClock.Instant) {
        Counter(
            label: "lastword_collector_requests_total", dimensions: [("route", route), ("status", "\(status.code)")]
        ).increment()
        Metrics.Timer(label: "lastword_collector_request_seconds", dimensions: [("route", route)])
            .recordNanoseconds(Int64((ContinuousClock.now - began) / .nanoseconds(1)))
    }
}
