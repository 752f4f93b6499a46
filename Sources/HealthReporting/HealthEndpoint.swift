// SPDX-License-Identifier: Apache-2.0
package import ConfigurationReading
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import SessionRecords
import Synchronization
import Telemetry

/// Serves `/healthz`, `/readyz` and `/metrics` over HTTP/1.1.
///
/// One request a connection, then it is closed. A connection may send 16 KiB and live 10 s, and there are at most 64 at
/// a time; what comes beyond is closed at once.
package struct HealthEndpoint: Service {
    static let connectionLimit = 64
    static let requestBytes = 16 * 1024

    private let address: ListenAddress
    private let pages: HealthPages
    private let logger: Logging.Logger
    private let lifetime: TimeAmount
    private let started: @Sendable (ListenAddress) -> Void

    /// - Parameters:
    ///   - lifetime: how long a connection may last.
    ///   - started: gets the address that was bound, for port 0.
    package init(
        address: ListenAddress, pages: HealthPages, logger: Logging.Logger, lifetime: Duration = .seconds(10),
        started: @escaping @Sendable (ListenAddress) -> Void = { _ in }
    ) {
        self.address = address
        self.pages = pages
        self.logger = logger
        self.lifetime = TimeAmount(lifetime)
        self.started = started
    }

    /// Until graceful shutdown or cancellation. Throws if the address cannot be bound.
    package func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let count = ConnectionCount(limit: Self.connectionLimit)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [pages, lifetime] channel in
                guard count.enter() else { return channel.close() }
                channel.closeFuture.whenComplete { _ in count.leave() }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(RequestLimit(bytes: Self.requestBytes, lifetime: lifetime))
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
                    try pipeline.addHandler(HealthRequestHandler(pages: pages))
                }
            }
        let server: any Channel
        do {
            server = try await bootstrap.bind(host: address.host, port: address.port).get()
        } catch {
            throw LastwordError(
                code: "http.bind", message: "cannot listen on \(address) for health and metrics",
                remedy: "free the address, or set http.listen to another one or to off", cause: error)
        }
        let bound = ListenAddress(
            host: server.localAddress?.ipAddress ?? address.host, port: server.localAddress?.port ?? address.port)
        started(bound)
        logger.info("health endpoint listening", metadata: [LogKey.serverAddress: "\(bound)"])
        try await cancelWhenGracefulShutdown {
            try await withTaskCancellationHandler {
                try await server.closeFuture.get()
            } onCancel: {
                server.close(promise: nil)
            }
        }
    }
}

/// Counts the connections that are open.
private final class ConnectionCount: Sendable {
    private let limit: Int
    private let open = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    func enter() -> Bool {
        open.withLock { open in
            // A refused connection leaves no trace: `leave` is only called for those that entered.
            guard open < limit else { return false }
            open += 1
            return true
        }
    }

    func leave() {
        open.withLock { $0 -= 1 }
    }
}

/// Closes a connection that sends too much or lives too long.
private final class RequestLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var bytesLeft: Int
    private let lifetime: TimeAmount
    private var deadline: Scheduled<Void>?

    init(bytes: Int, lifetime: TimeAmount) {
        self.bytesLeft = bytes
        self.lifetime = lifetime
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: lifetime) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytesLeft -= unwrapInboundIn(data).readableBytes
        guard bytesLeft >= 0 else {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }
}

/// Answers the first request and closes.
private final class HealthRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let pages: HealthPages
    private var head: HTTPRequestHead?
    private var isAnswered = false

    init(pages: HealthPages) {
        self.pages = pages
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = self.head ?? head
        case .body: break
        case .end: answer(context)
        }
    }

    /// The codec answers a malformed request with 400 itself; there is nothing to say after that, or after a reset.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let request = head, !isAnswered else { return }
        isAnswered = true
        let answer = pages.answer(method: request.method, target: request.uri)
        var headers = HTTPHeaders([
            ("content-type", answer.contentType), ("content-length", "\(answer.body.utf8.count)"),
            ("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("connection", "close"),
        ])
        if let allow = answer.allow { headers.add(name: "allow", value: allow) }
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
        }
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
