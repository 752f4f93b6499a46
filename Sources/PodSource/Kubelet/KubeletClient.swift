// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS
import ServerAccess
import SessionRecords

/// Asks the kubelet for its pods; keeps one connection over many polls.
struct KubeletClient: ~Copyable {
    private static let maximumBody = 64 << 20

    private let access: KubeletAccess
    private let timings: PodSourceTimings
    private var channel: (any Channel)?

    init(access: KubeletAccess, timings: PodSourceTimings) {
        self.access = access
        self.timings = timings
    }

    /// The items of the kubelet's PodList.
    mutating func pods() async throws(PodSourceFailure) -> [ArraySlice<UInt8>] {
        let token: String
        do {
            // Read at every poll: it is a small file, and it is always the current one.
            token = try CredentialReader.pods.token(
                try CredentialReader.pods.read(access.tokenFile, what: "token file"), from: access.tokenFile)
        } catch {
            throw .credentials(PodSourceFailure.asError(error))
        }
        let channel = try await connected()
        let answer: KubeletExchange.Answer
        do {
            answer = try await Self.get(channel, host: hostHeader, token: token, limit: timings.listTimeout)
        } catch {
            close()
            if error is KubeletExchange.TooLarge { throw .malformed("/pods has more than 64 MiB") }
            throw PodSourceFailure(mapping: error)
        }
        if !answer.isReusable { close() }
        guard answer.status == 200 else {
            throw .status(
                answer.status, retryAfter: answer.retryAfter, verb: "get",
                words: Bounds.name(String(decoding: answer.body.prefix(512), as: UTF8.self)))
        }
        guard let list = JSONSlicer.members(["items"], of: answer.body[...]), let items = list["items"] else {
            throw .malformed("not a PodList")
        }
        // The kubelet writes null for an empty list.
        return JSONSlicer.elements(of: items) ?? []
    }

    /// Ends the connection; the next poll makes a new one.
    mutating func close() {
        channel?.close(promise: nil)
        channel = nil
    }

    private var hostHeader: String {
        (access.host.contains(":") ? "[\(access.host)]" : access.host) + ":\(access.port)"
    }

    private mutating func connected() async throws(PodSourceFailure) -> any Channel {
        if let channel, channel.isActive { return channel }
        let trust: KubeletTrust
        do {
            // Made anew for each connection, so that a renewed CA file comes into effect.
            trust = try KubeletTrust(access.trust)
        } catch {
            throw .credentials(PodSourceFailure.asError(error))
        }
        do {
            let channel = try await connect(trust)
            self.channel = channel
            return channel
        } catch {
            if let met = trust.met.digest {
                throw .certificate("the kubelet showed a certificate with the SHA-256 fingerprint \(met)")
            }
            throw PodSourceFailure(mapping: error)
        }
    }

    /// Ready once the handshake is done, so that a wrong certificate is told before the token is sent.
    private func connect(_ trust: KubeletTrust) async throws -> any Channel {
        let host = access.host
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        // Made before the connection: a handshake that fails at once must not be gone before it is looked at.
        let handshake = loop.makePromise(of: Void.self)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(timings.connectTimeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandler(try trust.handler(host: host))
                    try operations.addHandler(HandshakeWaiter(handshake))
                    try operations.addHTTPClientHandlers()
                    try operations.addHandler(KubeletExchange(maximumBody: Self.maximumBody))
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(host: host, port: access.port).get()
        } catch {
            // A promise must be kept, also where no handler was made that would keep it.
            handshake.fail(error)
            throw error
        }
        let late = loop.scheduleTask(in: TimeAmount(timings.connectTimeout)) {
            channel.close(promise: nil)
        }
        defer { late.cancel() }
        try await withTaskCancellationHandler {
            try await handshake.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
        return channel
    }

    private static func get(
        _ channel: any Channel, host: String, token: String, limit: Duration
    ) async throws -> KubeletExchange.Answer {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/pods")
        head.headers.add(name: "Host", value: host)
        head.headers.add(name: "Authorization", value: "Bearer " + token)
        head.headers.add(name: "Accept", value: "application/json")
        head.headers.add(name: "User-Agent", value: "lastword-agent")
        let answer = channel.eventLoop.makePromise(of: KubeletExchange.Answer.self)
        let request = KubeletExchange.Request(head: head, answer: answer)
        let late = channel.eventLoop.scheduleTask(in: TimeAmount(limit)) {
            // Fails the promise through `channelInactive`, unless it has been kept by then.
            answer.fail(TimedOut())
            channel.close(promise: nil)
        }
        defer { late.cancel() }
        return try await withTaskCancellationHandler {
            // Of a channel that has just closed nothing would be heard through its handlers.
            channel.writeAndFlush(request).cascadeFailure(to: answer)
            return try await answer.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }
}

/// Tells when the TLS handshake is done, or how it failed.
final class HandshakeWaiter: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let done: EventLoopPromise<Void>
    private var isDone = false

    init(_ done: EventLoopPromise<Void>) {
        self.done = done
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent, !isDone {
            isDone = true
            done.succeed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(ChannelError.eof)
    }

    private func fail(_ error: any Error) {
        guard !isDone else { return }
        isDone = true
        done.fail(error)
    }
}
