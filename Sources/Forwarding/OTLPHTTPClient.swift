// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Delivery
import NIOCore
import NIOHTTP1
import NIOSSL
import OTLPCoding
import ServerAccess
package import SessionRecords

/// Posts requests to one OTLP receiver over HTTP/1.1, and says what came of it. Credentials are read again when their files
/// change, and after a 401 or 403.
final class OTLPHTTPClient: Sendable {
    /// OTLP recommends 4 MiB at most for answers.
    private static let maximumAnswer = 4 << 20

    private let configuration: ForwardingConfiguration
    private let client: HTTPClient
    private let credentials: WatchedFiles<ForwardingCredentials>
    private let now: @Sendable () -> Timestamp

    /// - Parameter now: for `Retry-After` with a date.
    init(_ configuration: ForwardingConfiguration, now: @escaping @Sendable () -> Timestamp) {
        self.configuration = configuration
        self.now = now
        var http = HTTPClient.Configuration()
        http.httpVersion = .http1Only
        // A receiver elsewhere is not the one that was configured, and would get the token.
        http.redirectConfiguration = .disallow
        http.timeout.connect = TimeAmount(configuration.connectTimeout)
        // Trouble is told at once, and the waiting is done by `Delivery`.
        http.connectionPool.retryConnectionEstablishment = false
        http.proxy = configuration.proxy.map { .server(host: $0.host, port: $0.port) }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: http)
        credentials = WatchedFiles(configuration.files.all) { try ForwardingCredentials.read(configuration) }
    }

    /// Begins it, and does not wait: a connection that is being made ends with its own timeout, and the process need not
    /// stay for that.
    func shutdown() {
        Task { [client] in
            do {
                try await client.shutdown()
            } catch {
                // It fails only if it was shut down before.
            }
        }
    }

    /// Sends one body of protobuf. A cancelled task gets `noAnswer`.
    func send(_ body: [UInt8]) async -> DeliveryOutcome {
        let credentials: ForwardingCredentials
        do {
            credentials = try self.credentials.current()
        } catch {
            return .notSent(words: (error as? LastwordError)?.message ?? "\(error)")
        }
        let request = request(body, credentials)
        do {
            let outcome = try await withTimeLimit(configuration.requestTimeout) { [client, now] in
                let response = try await client.execute(request, deadline: .distantFuture)
                let body = try await response.body.collect(upTo: Self.maximumAnswer)
                return Self.outcome(response, Array(buffer: body), now)
            }
            if case .refused(let status, _, _) = outcome, status == 401 || status == 403 {
                self.credentials.invalidate()
            }
            return outcome
        } catch is NIOTooManyBytesError {
            return .noAnswer(words: "the answer has more than \(Self.maximumAnswer >> 20) MiB")
        } catch {
            return .noAnswer(words: TransportFault(error).words)
        }
    }

    private func request(_ body: [UInt8], _ credentials: ForwardingCredentials) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: configuration.endpoint.url)
        request.method = .POST
        for (name, value) in credentials.headers { request.headers.add(name: name, value: value) }
        request.headers.add(name: "Content-Type", value: OTLPFormat.protobuf.contentType)
        request.headers.add(name: "User-Agent", value: "lastword-agent")
        if let packed = Gzip.pack(body) {
            request.headers.add(name: "Content-Encoding", value: "gzip")
            request.body = .bytes(ByteBuffer(bytes: packed))
        } else {
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        request.tlsConfiguration = credentials.tls
        return request
    }

    private static func outcome(
        _ response: HTTPClientResponse, _ body: [UInt8], _ now: () -> Timestamp
    ) -> DeliveryOutcome {
        let status = Int(response.status.code)
        let type = response.headers.first(name: "Content-Type")
        let format = type.flatMap { OTLPFormat(contentType: $0) }
        guard (200..<300).contains(status) else {
            let retryAfter = RetrySchedule.retryAfter(response.headers.first(name: "Retry-After")) { text in
                HTTPDate.parse(text).map { $0.nanoseconds(since: now()) / 1_000_000_000 }
            }
            let words = format.map { OTLPAnswer.refusal(body, as: $0) } ?? ""
            return .refused(status: status, retryAfter: retryAfter, words: Bounds.name(words))
        }
        // A page of some proxy that says 200 must not count as a delivery, nor an empty one.
        guard type == nil || format != nil, let success = OTLPAnswer.success(body, as: format ?? .protobuf) else {
            return .noAnswer(words: "\(status) with an answer that is no OTLP response: not an OTLP receiver")
        }
        return .accepted(rejected: max(0, success.rejected), words: Bounds.name(success.message))
    }
}

extension ForwardingConfiguration {
    /// One try of everything that forwarding needs, for `check`: an empty request, which changes nothing at the receiver.
    ///
    /// - Parameter now: for `Retry-After` with a date.
    ///
    /// Throws `forward.credentials`, `forward.unreachable` or `forward.refused`, with what to do.
    package func trial(now: @escaping @Sendable () -> Timestamp) async throws {
        try validate()
        let client = OTLPHTTPClient(self, now: now)
        let outcome = await client.send([])
        client.shutdown()
        switch outcome {
        case .accepted: return
        case .notSent(let words):
            throw LastwordError(
                code: "forward.credentials", message: words,
                remedy: "check the token, header and certificate files, and that the agent's user may read them")
        case .noAnswer(let words):
            throw LastwordError(
                code: "forward.unreachable", message: "no answer from \(endpoint.url): \(words)",
                remedy: "check the address, the CA and the proxy, and that this host may connect to it")
        case .refused(let status, _, let words):
            let remedy =
                switch status {
                case 401, 403: "check the token or client certificate, and that it is meant for this node"
                case 404, 405: "check the path: an OTLP receiver takes logs at /v1/logs"
                default: "look into the receiver's log"
                }
            throw LastwordError(
                code: "forward.refused",
                message: "\(endpoint.url) answered \(status)\(words.isEmpty ? "" : ": " + words)",
                remedy: remedy)
        }
    }
}
