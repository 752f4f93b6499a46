// SPDX-License-Identifier: Apache-2.0
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Synchronization

/// TLS with HTTP/1.1 or HTTP/2, whichever the client asks for; new connections get the newest certificates.
///
/// The whole TLS configuration is replaced at once, client authorities included; NIOCertificateReloading, which would
/// do for a certificate and its key, leaves those as they were.
struct SecureChannel: HTTPChannelHandler {
    typealias Value = HTTP2UpgradeChannel.Value

    /// A client has so long to finish its handshake.
    private static let handshakeLimit = TimeAmount.seconds(10)

    /// What connections that begin now are served with.
    final class Current: Sendable {
        private let configuration: HTTP2UpgradeChannel.Configuration
        fileprivate let responder: HTTPChannelHandler.Responder
        private let channel: Mutex<HTTP2UpgradeChannel>

        init(
            _ tls: TLSConfiguration, _ configuration: HTTP2UpgradeChannel.Configuration,
            responder: @escaping HTTPChannelHandler.Responder
        ) throws {
            self.configuration = configuration
            self.responder = responder
            channel = Mutex(
                try HTTP2UpgradeChannel(tlsConfiguration: tls, configuration: configuration, responder: responder))
        }

        func replace(_ tls: TLSConfiguration) throws {
            let new = try HTTP2UpgradeChannel(
                tlsConfiguration: tls, configuration: configuration, responder: responder)
            channel.withLock { $0 = new }
        }

        fileprivate var value: HTTP2UpgradeChannel { channel.withLock { $0 } }
    }

    let current: Current

    var responder: HTTPChannelHandler.Responder { current.responder }

    func setup(channel: any Channel, logger: Logging.Logger) -> EventLoopFuture<Value> {
        current.value.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
            try pipeline.addHandler(HandshakeDeadline(Self.handshakeLimit), position: .after(tls))
            return value
        }
    }

    func handle(value: Value, logger: Logging.Logger) async {
        await current.value.handle(value: value, logger: logger)
    }
}

/// Closes a connection that does not finish its handshake in time: until then nobody else looks at it.
private final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let limit: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ limit: TimeAmount) {
        self.limit = limit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { deadline?.cancel() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }
}
