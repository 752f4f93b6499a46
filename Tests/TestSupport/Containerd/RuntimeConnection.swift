// SPDX-License-Identifier: Apache-2.0
package import GRPCCore
package import GRPCNIOTransportHTTP2Posix
import SessionRecords

/// Unary calls to one containerd, on clients that are replaced before the HTTP/2 layer would drop them.
///
/// grpc-go answers each request with a PING, and swift-nio-http2 closes a connection that brings 200 control frames within
/// 30 s. So a client is given out 80 times and then drained while the next one is already in use; after a containerd
/// restart a fresh client also saves the wait for the old one's backoff.
package actor RuntimeConnection {
    package typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

    /// A client and the calls on it; shut down when it is retired *and* the last call has ended: a client that is draining
    /// takes no new call, also not one that was given it a moment before.
    private struct Lease {
        let client: Client
        var uses = 0
        var inFlight = 0
    }

    private let socket: String
    private let usesPerClient: Int
    /// The number of the lease that is given out; a new number for each client.
    private var current = 0
    private var leases: [Int: Lease] = [:]

    /// - Parameter usesPerClient: the default suits calls one after the other; many at once bring fewer PINGs a call.
    package init(socket: String, usesPerClient: Int = 80) {
        self.socket = socket
        self.usesPerClient = usesPerClient
    }

    /// What a call gets: it waits for the connection, but not for ever.
    package static func options(_ limit: Duration = .seconds(30)) -> CallOptions {
        var options = CallOptions.defaults
        options.timeout = limit
        options.waitForReady = true
        return options
    }

    /// Runs one or a few unary calls on a client. Not for streams: a long stream needs a client of its own.
    package nonisolated func call<Result: Sendable>(
        _ body: @Sendable (Client) async throws -> Result
    ) async throws -> Result {
        let (client, lease) = try await take()
        do {
            let result = try await body(client)
            await giveBack(lease)
            return result
        } catch {
            await giveBack(lease)
            throw error
        }
    }

    /// The same for a question that changes nothing: asked again, on a new client, while the runtime is unavailable.
    package nonisolated func ask<Result: Sendable>(
        limit: Duration = .seconds(30), _ body: @Sendable (Client) async throws -> Result
    ) async throws -> Result {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            do {
                return try await call(body)
            } catch let error as RPCError where error.code == .unavailable && clock.now < deadline {
                await reset()
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Lets go of the current client; calls in flight end on it.
    package func reset() {
        let retired = current
        current += 1
        drain(retired)
    }

    private func take() throws -> (Client, Int) {
        if let lease = leases[current], lease.uses >= usesPerClient { reset() }
        var lease = try leases[current] ?? Lease(client: makeClient())
        lease.uses += 1
        lease.inFlight += 1
        leases[current] = lease
        return (lease.client, current)
    }

    private func makeClient() throws -> Client {
        let transport = try HTTP2ClientTransport.Posix(
            target: .unixDomainSocket(path: socket, authority: "localhost"), transportSecurity: .plaintext,
            config: .defaults {
                $0.backoff = .init(initial: .milliseconds(20), max: .milliseconds(200), multiplier: 1.6, jitter: 0.2)
            })
        let client = Client(transport: transport)
        // Ends by itself once the client is drained; its error is what every call on it reports already.
        Task { try? await client.runConnections() }
        return client
    }

    private func giveBack(_ number: Int) {
        leases[number]?.inFlight -= 1
        if number != current { drain(number) }
    }

    private func drain(_ number: Int) {
        guard let lease = leases[number], lease.inFlight == 0 else { return }
        lease.client.beginGracefulShutdown()
        leases[number] = nil
    }
}
