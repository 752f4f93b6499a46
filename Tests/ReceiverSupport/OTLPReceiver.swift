// SPDX-License-Identifier: Apache-2.0
package import APIServerSupport
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
package import OTLPCoding
import ServiceLifecycle
import Synchronization

/// An OTLP receiver on loopback, over real HTTP and TLS, that answers what a test wants.
package final class OTLPReceiver: Sendable {
    package enum Answer: Sendable {
        /// 200, and the entries are kept.
        case take
        /// 200 with a partial success; nothing is kept.
        case partly(rejected: Int64)
        case status(Int, retryAfter: String? = nil)
        /// 200 with a page: some proxy's.
        case page
        /// 200 with any body of any type.
        case other(type: String?, String)
        /// The connection breaks in the middle of the answer; the entries are kept.
        case half
        /// Never.
        case silence
    }

    package struct Request: Sendable {
        package let path: String
        /// Names in lower case.
        package let headers: [String: String]
        /// Unpacked.
        package let body: [UInt8]
        package let packedBytes: Int
        /// Nil where it is no OTLP or contradicts itself.
        package let batch: IncomingBatch?
    }

    package struct Options: Sendable {
        package var tls: StandInCertificates?
        /// Clients must show a certificate of this authority.
        package var clientAuthority: String?

        package init(tls: StandInCertificates? = nil, clientAuthority: String? = nil) {
            self.tls = tls
            self.clientAuthority = clientAuthority
        }
    }

    private struct State {
        var requests: [Request] = []
        var entries: [IncomingEntry] = []
        var port = 0
        var group: ServiceGroup?
        var task: Task<Void, Never>?
    }

    private let options: Options
    private let answer: @Sendable (Request) -> Answer
    private let state = Mutex(State())

    package init(_ options: Options = Options(), answer: @escaping @Sendable (Request) -> Answer = { _ in .take }) {
        self.options = options
        self.answer = answer
    }

    package var port: Int { state.withLock { $0.port } }
    package var url: String { "\(options.tls == nil ? "http" : "https")://127.0.0.1:\(port)" }
    package var requests: [Request] { state.withLock { $0.requests } }
    /// Taken, in the order in which they came, repetitions too.
    package var entries: [IncomingEntry] { state.withLock { $0.entries } }

    /// Serves; again on the same port after a `stop`.
    package func start() async throws {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "otlp-receiver")
        logger.logLevel = .critical
        let app = Application(
            responder: CallbackResponder<ReceiverContext> { [weak self] request, context in
                guard let self else { throw CancellationError() }
                return try await self.respond(request, on: context.channel)
            },
            server: try server(),
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in found.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: app)], gracefulShutdownSignals: [], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(1)
        let group = ServiceGroup(configuration: configuration)
        // The server outlives this call; `stop` ends and awaits it.
        let task = Task {
            do {
                try await group.run()
            } catch {
                // Told to `start` by the stream's end.
            }
            found.finish()
        }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next(), port > 0 else { throw CancellationError() }
        state.withLock { state in (state.port, state.group, state.task) = (port, group, task) }
    }

    /// The port refuses, and connections end; a request that hangs is given up after a second. Not by cancelling alone:
    /// NIO ends the process over a connection that was accepted and not looked at yet.
    package func stop() async {
        let (group, task) = state.withLock { ($0.group.take(), $0.task.take()) }
        await group?.triggerGracefulShutdown()
        await task?.value
    }

    private func server() throws -> HTTPServerBuilder {
        guard let certificates = options.tls else { return .http1() }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificates.server.utf8))
                .map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(certificates.serverKey.utf8), format: .pem)))
        if let authority = options.clientAuthority {
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        }
        return try .tls(.http1(), tlsConfiguration: tls)
    }

    private func respond(_ request: HummingbirdCore.Request, on channel: any Channel) async throws -> Response {
        let packed = Array(buffer: try await request.body.collect(upTo: 64 << 20))
        let headers = Dictionary(
            request.headers.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { first, _ in first })
        let body = headers["content-encoding"] == "gzip" ? Gunzip.unpack(packed, limit: 64 << 20) ?? [] : packed
        let format = OTLPFormat(contentType: headers["content-type"] ?? "")
        let came = Request(
            path: request.uri.path, headers: headers, body: body, packedBytes: packed.count,
            batch: format.flatMap { try? OTLPDecoder().decode(body, as: $0) })
        state.withLock { $0.requests.append(came) }
        switch answer(came) {
        case .take:
            guard let batch = came.batch else {
                return Self.answer(400, OTLPAnswer.body(refusal: "not OTLP", as: .protobuf))
            }
            state.withLock { $0.entries += batch.entries }
            return Self.answer(200, OTLPAnswer.body(.init(), as: .protobuf))
        case .partly(let rejected):
            return Self.answer(200, OTLPAnswer.body(.init(rejected: rejected, message: "too old"), as: .protobuf))
        case .status(let status, let retryAfter):
            var response = Self.answer(status, OTLPAnswer.body(refusal: "as the test wants it", as: .protobuf))
            if let retryAfter { response.headers[.retryAfter] = retryAfter }
            return response
        case .page:
            return Response(
                status: .ok, headers: [.contentType: "text/html"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "<html>Sign in first</html>")))
        case .other(let type, let text):
            return Response(
                status: .ok, headers: type.map { [.contentType: $0] } ?? [:],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        case .half:
            state.withLock { $0.entries += came.batch?.entries ?? [] }
            return Response(
                status: .ok, headers: [.contentType: "application/x-protobuf"],
                body: ResponseBody(contentLength: 1000) { writer in
                    try await writer.write(ByteBuffer(bytes: [0x0A, 0x05]))
                    try await channel.close()
                })
        case .silence:
            try await Task.sleep(for: .seconds(600))
            throw CancellationError()
        }
    }

    private static func answer(_ status: Int, _ body: [UInt8]) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/x-protobuf"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

/// Gives the handler its connection, which some answers break.
struct ReceiverContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
