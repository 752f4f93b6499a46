// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import ServerAccess
import Synchronization

/// What is known of a connection, from any thread.
final class ConnectionState: Sendable {
    /// Why we dropped it ourselves.
    enum Reason: Sendable {
        case late, stale
    }

    private struct Facts {
        var hasEnded = false
        var error: (any Error)?
        var reason: Reason?
        /// Several where the name has several addresses, which are tried side by side.
        var channels: [any Channel] = []
        var isCancelled = false
    }

    private let facts = Mutex(Facts())
    /// Connected, and where there is TLS, shaken hands.
    let ready: EventLoopPromise<Void>
    /// Succeeds when the receiver ended the stream behind our own end of it; fails with any other end.
    let ended: EventLoopPromise<Void>

    init() {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        ready = loop.makePromise()
        ended = loop.makePromise()
    }

    deinit {
        // Promises must come to an end; of one that did, this is ignored.
        ready.fail(ChannelError.eof)
        ended.fail(ChannelError.eof)
    }

    var hasEnded: Bool { facts.withLock { $0.hasEnded } }
    /// The first that was seen.
    var error: (any Error)? { facts.withLock { $0.error } }
    var reason: Reason? { facts.withLock { $0.reason } }

    /// From the moment it is made, so that connecting can be given up.
    func hold(_ channel: any Channel) {
        let isCancelled = facts.withLock { facts in
            facts.channels.append(channel)
            return facts.isCancelled
        }
        if isCancelled { channel.close(promise: nil) }
    }

    func cancelConnecting() {
        let channels = facts.withLock { facts in
            facts.isCancelled = true
            return facts.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }

    func give(up reason: Reason) {
        facts.withLock { $0.reason = $0.reason ?? reason }
    }

    func note(_ error: any Error) {
        facts.withLock { $0.error = $0.error ?? error }
    }

    /// - Parameter isOrderly: it ended behind our own end, and nothing was wrong before.
    func end(isOrderly: Bool) {
        let error = facts.withLock { facts in
            facts.hasEnded = true
            return facts.error
        }
        ready.fail(error ?? ChannelError.eof)
        if isOrderly, error == nil {
            ended.succeed(())
        } else {
            ended.fail(error ?? ChannelError.eof)
        }
    }
}

/// Sees a connection begin and end. Whatever the receiver says is dropped: syslog has no answers.
final class ConnectionWatcher: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let state: ConnectionState
    private let tls: SyslogSettings.TLS?
    /// The certificate's; nil where it is to be for the address.
    private let name: String?
    private var hasEndedOurs = false
    private var wasReset = false

    init(_ state: ConnectionState, _ settings: SyslogSettings) {
        self.state = state
        tls = settings.tls
        name = settings.tls?.name(of: settings.host)
    }

    func channelActive(context: ChannelHandlerContext) {
        if tls == nil { state.ready.succeed(()) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent {
            guard isRightName(context) else { return }
            state.ready.succeed(())
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Where the certificate is for another name, the connection ends before a byte is sent on it.
    private func isRightName(_ context: ChannelHandlerContext) -> Bool {
        guard let name else { return true }
        do {
            let handler = try context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
            if let certificate = handler.peerCertificate, ServerName.isName(name, of: certificate) { return true }
            errorCaught(context: context, error: TransportFault.certificate("it is not for the name \(name)"))
        } catch {
            errorCaught(context: context, error: error)
        }
        return false
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output { hasEndedOurs = true }
        context.close(mode: mode, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if event is ResetHandler.Reset { wasReset = true }
        context.triggerUserOutboundEvent(event, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // rsyslog's gtls driver says no farewell.
        if case NIOSSLError.uncleanShutdown = error, hasEndedOurs, tls?.needsFarewell == false { return }
        state.note(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        state.end(isOrderly: hasEndedOurs && !wasReset)
        context.fireChannelInactive()
    }
}

/// Stands next to the socket: drops the connection without TLS's farewell, and with what the kernel has not sent.
final class ResetHandler: ChannelOutboundHandler {
    struct Reset: Sendable {}

    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is Reset else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        let options = context.value.channel as? any SocketOptionProvider
        let isSet =
            options?.setSoLinger(linger(l_onoff: 1, l_linger: 0)) ?? context.value.eventLoop.makeSucceededFuture(())
        isSet.whenComplete { _ in context.value.close(mode: .all, promise: promise) }
    }
}
