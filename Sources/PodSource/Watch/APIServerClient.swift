// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import ServerAccess
import SessionRecords

/// Lists and watches the node's pods over HTTP/1.1, one connection a watch.
///
/// HTTP/2 is left alone: nothing is gained by it for one long answer, and its control frames have limits of their own.
struct APIServerClient: Sendable {
    /// A page of 500 pods of the largest usual size is about 10 MiB.
    static let maximumPageBytes = 64 << 20
    private static let maximumErrorBytes = 64 << 10

    private let client: HTTPClient
    private let nodeName: String
    private let timings: PodSourceTimings

    init(nodeName: String, timings: PodSourceTimings) {
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = TimeAmount(timings.connectTimeout)
        // Between bytes, so that it catches a hanging watch and never a merely long one.
        configuration.timeout.read = TimeAmount(timings.idleTimeout)
        // Trouble is told at once, and the waiting is done by `Backoff`.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.nodeName = nodeName
        self.timings = timings
    }

    func shutdown() async {
        do {
            try await client.shutdown()
        } catch {
            // It fails only if it was shut down before.
        }
    }

    struct Page {
        var resourceVersion: String
        /// Of the next page; nil for the last.
        var next: String?
        var items: [ArraySlice<UInt8>]
    }

    /// One page of the list. Without `next` the list is the most recent one (`resourceVersion` unset).
    func page(
        limit: Int, next: String?, credentials: ServerCredentials, tls: TLSConfiguration
    ) async throws(PodSourceFailure) -> Page {
        var query = "limit=\(limit)"
        if let next { query += "&continue=" + PercentEncoding.encode(next) }
        let request = self.request(query, credentials, tls)
        let body: [UInt8]
        do {
            body = try await withTimeLimit(timings.listTimeout) { [client] in
                let response = try await client.execute(request, deadline: .distantFuture)
                try await Self.check(response, verb: "list")
                return Array(buffer: try await response.body.collect(upTo: Self.maximumPageBytes))
            }
        } catch is NIOTooManyBytesError {
            throw .malformed("a page of the list has more than \(Self.maximumPageBytes >> 20) MiB")
        } catch {
            throw PodSourceFailure(mapping: error)
        }
        guard let list = JSONSlicer.members(["metadata", "items"], of: body[...]), let metadata = list["metadata"],
            let meta = JSONSlicer.members(["resourceVersion", "continue"], of: metadata),
            let version = JSONSlicer.plainString(meta["resourceVersion"])
        else { throw .malformed("not a PodList") }
        // `items` is null in an empty list of some servers.
        let items = list["items"].flatMap { JSONSlicer.elements(of: $0) } ?? []
        let token = JSONSlicer.plainString(meta["continue"])
        return Page(resourceVersion: version, next: token.flatMap { $0.isEmpty ? nil : $0 }, items: items)
    }

    /// Begins a watch behind `resourceVersion`; the body is its stream.
    func watch(
        from resourceVersion: String, seconds: Int? = nil, credentials: ServerCredentials, tls: TLSConfiguration
    ) async throws(PodSourceFailure) -> HTTPClientResponse.Body {
        let query =
            "watch=1&allowWatchBookmarks=true&resourceVersion=\(PercentEncoding.encode(resourceVersion))"
            + "&timeoutSeconds=\(seconds ?? timings.watchSeconds)"
        do {
            let response = try await client.execute(request(query, credentials, tls), deadline: .distantFuture)
            try await Self.check(response, verb: "watch")
            return response.body
        } catch {
            throw PodSourceFailure(mapping: error)
        }
    }

    private func request(
        _ query: String, _ credentials: ServerCredentials, _ tls: TLSConfiguration
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(
            url: "\(credentials.server)/api/v1/pods?fieldSelector="
                + PercentEncoding.encode("spec.nodeName=" + nodeName) + "&" + query)
        if let token = credentials.token { request.headers.add(name: "Authorization", value: "Bearer " + token) }
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "User-Agent", value: "lastword-agent")
        request.tlsConfiguration = tls
        return request
    }

    private static func check(_ response: HTTPClientResponse, verb: String) async throws {
        guard response.status != .ok else { return }
        var words = ""
        do {
            let body = Array(buffer: try await response.body.collect(upTo: maximumErrorBytes))
            let status = JSONSlicer.members(["message"], of: body[...])
            words = JSONSlicer.plainString(status?["message"]) ?? ""
        } catch {
            // The status alone says enough; its words were only for the reader.
        }
        throw PodSourceFailure.status(
            Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After"), verb: verb,
            words: Bounds.name(words))
    }
}

extension PodSourceFailure {
    /// What an HTTP status other than 200 means.
    static func status(_ code: Int, retryAfter: String?, verb: String, words: String) -> PodSourceFailure {
        switch code {
        case 401: return .unauthorized
        case 403: return .forbidden(verb: verb, words: words)
        case 410: return .expired
        case 429, 503:
            // Seconds; the other form, a date, is not used by Kubernetes.
            let seconds = retryAfter.flatMap { Int64($0) }.flatMap { (0...86_400).contains($0) ? $0 : nil }
            return .throttled(status: code, retryAfter: seconds.map { .seconds($0) })
        default: return .refused(status: code, words: words)
        }
    }
}
