// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Synchronization

extension APIServerStandIn {
    func respond(to request: HummingbirdCore.Request, on channel: any Channel) async throws -> Response {
        let query = Dictionary(
            request.uri.queryParameters.map { (String($0.key), String($0.value)) }, uniquingKeysWith: { $1 })
        let path = request.uri.path
        let verb =
            switch path {
            case "/api/v1/pods": query["watch"] == "1" || query["watch"] == "true" ? "watch" : "list"
            case "/pods", "/pods/": "kubelet"
            case "/openid/v1/jwks": "keys"
            default: "other"
            }
        remember(channel, isWatch: verb == "watch")
        let token = request.headers[.authorization].flatMap { value in
            value.hasPrefix("Bearer ") ? String(value.dropFirst(7)) : nil
        }
        let index = state.withLock { state in
            state.requests.append(Request(verb: verb, path: path, query: query, token: token, status: 0))
            return state.requests.count - 1
        }
        while state.withLock({ $0.isHanging }) { try await Task.sleep(for: .milliseconds(10)) }

        let response = refusal(verb, token) ?? answer(verb, query)
        state.withLock { $0.requests[index].status = response.status.code }
        return response
    }

    private func refusal(_ verb: String, _ token: String?) -> Response? {
        state.withLock { state -> Response? in
            while let refusal = state.refusals.first {
                guard refusal.remaining > 0 else {
                    state.refusals.removeFirst()
                    continue
                }
                state.refusals[0].remaining -= 1
                return Self.failure(refusal.status, "told to", retryAfter: refusal.retryAfter)
            }
            if !options.clientCertificates, token != state.token { return Self.failure(401, "Unauthorized") }
            if state.forbiddenVerbs.contains(verb) {
                return Self.failure(403, "pods is forbidden: User 'agent' cannot \(verb) resource 'pods'")
            }
            return nil
        }
    }

    private func answer(_ verb: String, _ query: [String: String]) -> Response {
        switch verb {
        case "list": list(query)
        case "watch": watch(query)
        case "kubelet":
            Self.json(
                200,
                "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\"items\":["
                    + state.withLock { $0.pods.sorted { $0.key < $1.key }.map(\.value.json) }.joined(separator: ",")
                    + "]}")
        case "keys": Self.json(200, issuer.jwks)
        default: Self.failure(404, "the server could not find the requested resource")
        }
    }

    static func node(_ query: [String: String]) -> String? {
        query["fieldSelector"].flatMap { selector in
            selector.hasPrefix("spec.nodeName=") ? String(selector.dropFirst("spec.nodeName=".count)) : nil
        }
    }

    /// A `continue` token is `revision.offset`; the pods of a later page are today's, which is enough here.
    private func list(_ query: [String: String]) -> Response {
        let node = Self.node(query)
        let limit = query["limit"].flatMap { Int($0) } ?? 0
        return state.withLock { state in
            var revision = state.revision
            var offset = 0
            if let token = query["continue"] {
                let parts = token.split(separator: ".").compactMap { Int($0) }
                guard parts.count == 2, parts[0] >= state.oldest else {
                    return Self.failure(410, "The provided continue parameter is too old")
                }
                revision = parts[0]
                offset = parts[1]
            }
            let pods = state.pods.filter { node == nil || $0.value.node == node }.sorted { $0.key < $1.key }
                .map(\.value.json)
            let page = limit > 0 ? Array(pods.dropFirst(offset).prefix(limit)) : pods
            let next = offset + page.count < pods.count ? "\(revision).\(offset + page.count)" : ""
            return Self.json(
                200,
                "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"\(revision)\","
                    + "\"continue\":\"\(next)\"},\"items\":[\(page.joined(separator: ","))]}")
        }
    }

    private func watch(_ query: [String: String]) -> Response {
        let from = query["resourceVersion"].flatMap { Int($0) } ?? 0
        let (isExpired, form, epoch) = state.withLock { ($0.oldest > from, $0.expiryForm, $0.watchEpoch) }
        if isExpired, form == .status { return Self.failure(410, "too old resource version: \(from)") }
        let node = Self.node(query)
        let wantsBookmarks = query["allowWatchBookmarks"] == "true" || query["allowWatchBookmarks"] == "1"
        let seconds = query["timeoutSeconds"].flatMap { Int($0) } ?? 1800
        let stream = WatchStream(
            server: self, node: node, bookmarkInterval: wantsBookmarks ? options.bookmarkInterval : nil,
            deadline: .now + .seconds(seconds), epoch: epoch, position: from)
        return Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: isExpired
                ? ResponseBody(byteBuffer: ByteBuffer(string: WatchStream.expiredLine))
                : ResponseBody(asyncSequence: stream))
    }

    static func json(_ status: Int, _ text: String) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    static func failure(_ code: Int, _ message: String, retryAfter: Int? = nil) -> Response {
        var response = json(
            code,
            "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"\(message)\","
                + "\"code\":\(code)}")
        if let retryAfter { response.headers[.retryAfter] = String(retryAfter) }
        return response
    }
}
