// SPDX-License-Identifier: Apache-2.0
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SessionRecords

typealias RuntimeClient = GRPCClient<HTTP2ClientTransport.Posix>

extension GRPCClient where Transport == HTTP2ClientTransport.Posix {
    /// A client of the runtime's unix socket, one connection.
    convenience init(socketPath: String) throws {
        let transport = try HTTP2ClientTransport.Posix(
            // The path itself, percent-encoded, would be the authority otherwise; stricter servers refuse that.
            target: .unixDomainSocket(path: socketPath, authority: "localhost"),
            transportSecurity: .plaintext,
            config: .defaults {
                // The default waits up to two minutes.
                $0.backoff = .init(initial: .milliseconds(50), max: .seconds(1), multiplier: 1.6, jitter: 0.2)
            })
        self.init(transport: transport)
    }

    /// Keeps the connection going until the task is cancelled; call once.
    ///
    /// A call may wait for a connection in a queue of the client's, and a client that is merely cancelled (2.9,
    /// https://github.com/grpc/grpc-swift-nio-transport/issues/108) can forget those that wait there, cancelled or not: they
    /// never return. One that is closed refuses them, so it is closed first.
    func runUntilCancelled() async throws {
        let connections = Task { try await runConnections() }
        try await withTaskCancellationHandler {
            try await connections.value
        } onCancel: {
            beginGracefulShutdown()
            connections.cancel()
        }
    }
}

extension CallOptions {
    /// containerd sends 16 MiB at most; a little more is let in so that the limit that bites is the server's.
    private static let messageBytes = 17 * 1024 * 1024

    /// Waits for the connection, for no longer than `timeout` in all; without one, for ever.
    static func patient(timeout: Duration?) -> CallOptions {
        var options = CallOptions.defaults
        options.waitForReady = true
        options.timeout = timeout
        options.maxResponseMessageBytes = messageBytes
        // The transport (2.9) takes the limit of what it receives from the limit on requests.
        options.maxRequestMessageBytes = messageBytes
        return options
    }
}

extension ContainerdNamespace {
    /// What a namespaced call carries.
    static func metadata(_ name: String) -> Metadata {
        ["containerd-namespace": .string(name)]
    }
}

/// Why a connection or a call failed, in one bounded line.
enum FailureReason {
    static func text(_ error: any Error) -> String {
        switch error {
        case let error as LastwordError: Bounds.clip(error.message, to: Bounds.evidenceValueBytes)
        case let error as RPCError:
            Bounds.clip("\(error.code): \(error.message)", to: Bounds.evidenceValueBytes)
        case let error as RuntimeError: Bounds.clip(error.message, to: Bounds.evidenceValueBytes)
        default: Bounds.clip("\(error)", to: Bounds.evidenceValueBytes)
        }
    }
}
