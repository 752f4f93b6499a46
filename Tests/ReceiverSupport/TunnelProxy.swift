// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

/// An HTTP proxy on loopback that knows CONNECT and nothing else.
package final class TunnelProxy: Sendable {
    private let listener = Mutex<(any Channel)?>(nil)
    private let asked = Mutex<[String]>([])

    package init() {}

    package var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }
    /// What clients asked to be connected to.
    package var targets: [String] { asked.withLock { $0 } }

    package func start() async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // The listener is closed by `stop`, and with it the last of these goes.
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectHandler { target in self.asked.withLock { $0.append(target) } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
    }

    package func stop() async throws {
        try await listener.withLock { $0.take() }?.close()
    }
}

/// Reads `CONNECT host:port`, connects, and from then on passes bytes both ways.
private final class ConnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let report: @Sendable (String) -> Void
    private var head = ""
    private var isConnecting = false
    private var early: [ByteBuffer] = []

    init(report: @escaping @Sendable (String) -> Void) {
        self.report = report
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        guard !isConnecting else {
            early.append(buffer)
            return
        }
        head += String(buffer: buffer)
        guard head.contains("\r\n\r\n") else { return }
        let words = head.split(separator: " ")
        guard words.count > 2, words[0] == "CONNECT" else {
            context.close(promise: nil)
            return
        }
        isConnecting = true
        let target = String(words[1])
        report(target)
        connect(to: target.split(separator: ":").map(String.init), context)
    }

    private func connect(to parts: [String], _ context: ChannelHandlerContext) {
        guard parts.count == 2, let port = Int(parts[1]) else {
            context.close(promise: nil)
            return
        }
        let near = context.channel
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop).connect(host: parts[0], port: port).whenComplete { result in
            guard case .success(let far) = result else {
                near.close(promise: nil)
                return
            }
            do {
                try far.pipeline.syncOperations.addHandler(Relay(to: near))
                try near.pipeline.syncOperations.addHandler(Relay(to: far))
            } catch {
                near.close(promise: nil)
                far.close(promise: nil)
                return
            }
            near.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connected\r\n\r\n"), promise: nil)
            for buffer in handler.value.early { far.writeAndFlush(buffer, promise: nil) }
            near.pipeline.syncOperations.removeHandler(handler.value, promise: nil)
        }
    }
}

/// Passes what comes to the other side, and its end.
private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel

    init(to peer: any Channel) {
        self.peer = peer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        peer.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        peer.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
