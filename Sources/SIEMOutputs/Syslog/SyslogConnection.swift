// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import ServerAccess
import SessionRecords

/// One connection to a receiver. Nothing is read from it but its end.
final class SyslogConnection: Sendable {
    private static let tick = TimeAmount.milliseconds(20)

    private let channel: any Channel
    private let state: ConnectionState
    private let settings: SyslogSettings

    private init(
        _ channel: any Channel, _ state: ConnectionState, _ settings: SyslogSettings
    ) {
        self.channel = channel
        self.state = state
        self.settings = settings
    }

    /// Connects, and shakes hands where TLS is asked for.
    static func open(_ settings: SyslogSettings) async throws -> SyslogConnection {
        let context = try settings.tls?.context()
        let state = ConnectionState()
        let group = MultiThreadedEventLoopGroup.singleton
        do {
            let connecting = ClientBootstrap(group: group)
                .connectTimeout(TimeAmount(settings.timeout))
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelInitializer { channel in
                    state.hold(channel)
                    return channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ResetHandler())
                        if let context, let tls = settings.tls {
                            try channel.pipeline.syncOperations.addHandler(
                                NIOSSLClientHandler(context: context, serverHostname: tls.name(of: settings.host)))
                        }
                        try channel.pipeline.syncOperations.addHandler(
                            ConnectionWatcher(state, settings))
                    }
                }
                .connect(host: settings.host, port: settings.port)
            let channel = try await withTaskCancellationHandler {
                try await connecting.get()
            } onCancel: {
                state.cancelConnecting()
            }
            let connection = SyslogConnection(channel, state, settings)
            do {
                try await connection.wait("shake hands", state.ready.futureResult, unless: { false })
            } catch {
                await connection.abort()
                throw error
            }
            return connection
        } catch let error as LastwordError {
            throw error
        } catch {
            throw fault(error, settings)
        }
    }

    /// Why it is of no use any more; nil while it stands.
    var fault: LastwordError? {
        guard state.hasEnded else { return nil }
        return state.error.map { Self.fault($0, settings) } ?? SyslogFault.dropped("without a word", settings)
    }

    /// Returns when the bytes are with the kernel.
    func write(_ bytes: [UInt8], unless isStale: @escaping @Sendable () -> Bool) async throws {
        if let fault { throw fault }
        if isStale() { throw OutputFault.stale }
        let written = channel.eventLoop.makePromise(of: Void.self)
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: written)
        try await wait("take what was sent", written.futureResult, unless: isStale)
    }

    /// Ends our side, and returns when the receiver has ended its own, having read everything.
    ///
    /// First the receiver's kernel has to have it all: then a receiver that ends without reading it can only reset.
    func finish(unless isStale: @escaping @Sendable () -> Bool) async throws {
        let deadline = ContinuousClock.now + settings.timeout
        while try await unacknowledged() > 0 {
            if let fault { throw fault }
            if isStale() { throw OutputFault.stale }
            guard ContinuousClock.now < deadline else { throw SyslogFault.hung("acknowledge what was sent", settings) }
            try await Task.sleep(for: .milliseconds(5))
        }
        if let fault { throw fault }
        channel.close(mode: .output, promise: nil)
        try await wait("read what was sent", state.ended.futureResult, unless: isStale)
    }

    /// Drops it at once, with everything that the kernel has not sent.
    func abort() async {
        let channel = self.channel
        do {
            try await channel.triggerUserOutboundEvent(ResetHandler.Reset()).get()
            try await channel.closeFuture.get()
        } catch {
            // Closed already.
            return
        }
    }

    /// Bytes that the receiver's kernel does not have (tcp(7), SIOCOUTQ).
    private func unacknowledged() async throws -> Int {
        let channel = self.channel
        return try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
                var count: Int32 = 0
                return ioctl(socket, UInt(TIOCOUTQ), &count) == 0 ? Int(count) : 0
            } ?? 0
        }.get()
    }

    /// Waits for `future`, with the settings' limit. Where it passes, or `isStale` says yes, the connection is dropped.
    private func wait(
        _ what: String, _ future: EventLoopFuture<Void>, unless isStale: @escaping @Sendable () -> Bool
    ) async throws {
        let deadline = NIODeadline.now() + TimeAmount(settings.timeout)
        let (channel, state) = (channel, state)
        let task = channel.eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { task in
            let reason: ConnectionState.Reason? = isStale() ? .stale : NIODeadline.now() >= deadline ? .late : nil
            guard let reason else { return }
            state.give(up: reason)
            task.cancel()
            channel.triggerUserOutboundEvent(ResetHandler.Reset(), promise: nil)
        }
        defer { task.cancel() }
        do {
            try await withTaskCancellationHandler {
                try await future.get()
            } onCancel: {
                channel.triggerUserOutboundEvent(ResetHandler.Reset(), promise: nil)
            }
        } catch {
            try Task.checkCancellation()
            switch state.reason {
            case .late: throw SyslogFault.hung(what, settings)
            case .stale: throw OutputFault.stale
            case nil: throw Self.fault(state.error ?? error, settings)
            }
        }
    }

    private static func fault(_ error: any Error, _ settings: SyslogSettings) -> LastwordError {
        switch TransportFault(error) {
        case .unreachable(let words): SyslogFault.unreachable(words, settings)
        case .certificate(let words): SyslogFault.certificate(words, settings)
        case .hung: SyslogFault.hung("answer", settings)
        case .dropped(let words): SyslogFault.dropped(words, settings)
        }
    }
}
