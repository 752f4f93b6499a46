// SPDX-License-Identifier: Apache-2.0
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// Stands in for a cluster's API server (list and watch of pods, the keys of its tokens) and for a kubelet's `/pods`, over real
/// HTTP on loopback, with switches for what goes wrong in clusters.
///
/// `start` it, `put` and `delete` pods, point a client at `url` with `caPath` and `tokenPath`, `close` it.
package final class APIServerStandIn: Sendable {
    package struct Options: Sendable {
        package var tls = true
        /// Ask for a client certificate of the stand-in's CA, instead of the token.
        package var clientCertificates = false
        package var bookmarkInterval: Duration = .seconds(60)

        package init() {}
    }

    /// The two forms in which a server tells that a version is too old.
    package enum ExpiryForm: Sendable {
        case status, event
    }

    package struct Failure: Error, CustomStringConvertible {
        package let what: String
        package var description: String { "API server stand-in: " + what }
    }

    package struct Request: Sendable {
        /// `list`, `watch`, `kubelet`, `keys`, or `other`.
        package let verb: String
        package let path: String
        package let query: [String: String]
        package let token: String?
        /// Status of the answer, as far as it was decided at once; 0 while hanging.
        package var status: Int
    }

    /// Holds `token` and `ca.crt` as a service account's directory does, and the client certificate.
    package let directory: String
    package let options: Options
    /// Of the tokens for pods; its keys are at `/openid/v1/jwks`.
    package let issuer = ServiceAccountIssuer()
    let certificates: StandInCertificates
    let state: Mutex<APIServerState>
    private let running = Mutex(Running())

    struct Running {
        var port = 0
        var task: Task<Void, Never>?
        /// Connections by identity; those that carry a watch are marked.
        var channels: [ObjectIdentifier: (channel: any Channel, isWatch: Bool)] = [:]
    }

    package init(options: Options = Options()) throws {
        self.options = options
        certificates = try StandInCertificates()
        directory = NSTemporaryDirectory() + "apiserver-" + UUID().uuidString
        let token = "token-" + UUID().uuidString
        state = Mutex(APIServerState(token: token))
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (name, text) in [
            ("token", token + "\n"), ("ca.crt", certificates.authority), ("client.crt", certificates.client),
            ("client.key", certificates.clientKey),
        ] { try write(text, to: name) }
    }

    // MARK: Where it is

    /// Without a slash at its end. Empty before the first `start`.
    package var url: String {
        port == 0 ? "" : "\(options.tls ? "https" : "http")://127.0.0.1:\(port)"
    }
    package var port: Int { running.withLock { $0.port } }
    package var tokenPath: String { directory + "/token" }
    package var caPath: String { directory + "/ca.crt" }
    package var clientCertificatePath: String { directory + "/client.crt" }
    package var clientKeyPath: String { directory + "/client.key" }
    /// SHA-256 of the server's certificate, lower-case hex.
    package var fingerprint: String { certificates.serverFingerprint }
    package var token: String { state.withLock { $0.token } }

    /// Writes a kubeconfig and gives its path. `user` is the YAML of the user, indented by four spaces.
    package func writeKubeconfig(_ name: String = "kubeconfig", user: String, cluster: String? = nil) throws -> String {
        let trust = options.tls ? "    certificate-authority: ca.crt\n" : ""
        try write(
            """
            apiVersion: v1
            kind: Config
            current-context: stand-in
            contexts:
            - name: stand-in
              context:
                cluster: stand-in
                user: agent
            clusters:
            - name: stand-in
              cluster:
                server: \(url)
            \(cluster ?? trust)
            users:
            - name: agent
              user:
            \(user)
            """, to: name)
        return directory + "/" + name
    }

    /// Replaces a file in one step, as the kubelet does with a token.
    package func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/" + name), options: .atomic)
    }

    // MARK: Life

    /// Serves; again on the same port after a `stop`.
    package func start() async throws {
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "apiserver-stand-in")
        logger.logLevel = .critical
        let app = Application(
            responder: CallbackResponder<StandInContext> { [weak self] request, context in
                guard let self else { throw Failure(what: "gone") }
                return try await self.respond(to: request, on: context.channel)
            },
            server: try serverBuilder(),
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in found.yield(channel.localAddress?.port ?? 0) },
            logger: logger)
        // The server outlives this call; `stop` cancels and awaits it.
        let task = Task {
            do {
                try await app.run()
            } catch {
                // Told to `start` by the stream's end; after that a server that stops is one that was stopped.
            }
            found.finish()
        }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next(), port > 0 else {
            throw Failure(what: "cannot listen on 127.0.0.1:\(self.port)")
        }
        running.withLock {
            $0.port = port
            $0.task = task
        }
    }

    /// As a killed server: connections break, the port refuses.
    package func stop() async {
        let (task, channels) = running.withLock { running in
            defer {
                running.task = nil
                running.channels = [:]
            }
            return (running.task, running.channels.values.map(\.channel))
        }
        for channel in channels { channel.close(promise: nil) }
        task?.cancel()
        await task?.value
    }

    /// Stops it and removes its directory.
    package func close() async {
        await stop()
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            // Already removed by the test.
        }
    }

    private func serverBuilder() throws -> HTTPServerBuilder {
        guard options.tls else { return .http1() }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(certificates.server.utf8))
                .map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(certificates.serverKey.utf8), format: .pem)))
        if options.clientCertificates {
            tls.certificateVerification = .noHostnameVerification
            tls.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(certificates.authority.utf8)))
        }
        return try .tls(.http1(), tlsConfiguration: tls)
    }

    func remember(_ channel: any Channel, isWatch: Bool) {
        let key = ObjectIdentifier(channel)
        let isNew = running.withLock { $0.channels.updateValue((channel, isWatch), forKey: key) } == nil
        guard isNew else { return }
        channel.eventLoop.execute {
            do {
                try channel.pipeline.syncOperations.addHandler(CloseWhenLeft())
            } catch {
                // Closed in the meantime, which is all that the handler would do.
            }
        }
        channel.closeFuture.whenComplete { [weak self] _ in
            self?.running.withLock { $0.channels[key] = nil }
        }
    }

    var watchChannels: [any Channel] {
        running.withLock { $0.channels.values.filter(\.isWatch).map(\.channel) }
    }
}

/// Closes the connection when the client has closed its half: a silent watch would otherwise never notice.
private final class CloseWhenLeft: ChannelInboundHandler {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}

/// Gives the handler its connection, which the switches break.
struct StandInContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
