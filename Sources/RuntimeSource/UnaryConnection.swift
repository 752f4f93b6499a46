// SPDX-License-Identifier: Apache-2.0
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Synchronization

/// Unary calls to the runtime, on connections that are renewed in time.
///
/// grpc-go sends a PING for each request it receives, and swift-nio-http2 closes a connection after 200 control frames in
/// 30 s, taking every call on it down. So each connection is used for `callsPerConnection` calls and then replaced; it is
/// closed when its last call has returned. The event stream must never live on one of these.
final class UnaryConnection: Sendable {
    private struct Lease {
        let client: RuntimeClient
        var calls = 0
        var inFlight = 0
    }

    private struct State {
        var leases: [Int: Lease] = [:]
        var current = 0
    }

    private static let callsPerConnection = 150

    private let socketPath: String
    private let metrics: RuntimeSourceMetrics
    private let state = Mutex(State())
    private let clients: AsyncStream<RuntimeClient>
    private let births: AsyncStream<RuntimeClient>.Continuation

    init(socketPath: String, metrics: RuntimeSourceMetrics) {
        self.socketPath = socketPath
        self.metrics = metrics
        (clients, births) = AsyncStream.makeStream(of: RuntimeClient.self)
    }

    /// Keeps the connections going; call once. Returns when the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await client in clients {
                group.addTask {
                    // Thrown only when the client is cancelled with this task; its calls say themselves why they fail.
                    do { try await client.runUntilCancelled() } catch {}
                }
            }
        }
    }

    /// One call. It waits for the connection, and in all for no longer than `timeout`.
    func call<Result: Sendable>(
        timeout: Duration, _ body: (RuntimeClient, CallOptions) async throws -> Result
    ) async throws -> Result {
        let (number, client) = try lease()
        defer { giveBack(number) }
        return try await body(client, .patient(timeout: timeout))
    }

    private func lease() throws -> (Int, RuntimeClient) {
        try state.withLock { state in
            if let lease = state.leases[state.current], lease.calls < Self.callsPerConnection {
                state.leases[state.current]?.calls += 1
                state.leases[state.current]?.inFlight += 1
                return (state.current, lease.client)
            }
            let client = try RuntimeClient(socketPath: socketPath)
            if let old = state.leases[state.current], old.inFlight == 0 {
                state.leases[state.current] = nil
                old.client.beginGracefulShutdown()
            }
            if state.current > 0 { metrics.add(.unaryRenewals) }
            state.current += 1
            state.leases[state.current] = Lease(client: client, calls: 1, inFlight: 1)
            births.yield(client)
            return (state.current, client)
        }
    }

    private func giveBack(_ number: Int) {
        state.withLock { state in
            state.leases[number]?.inFlight -= 1
            guard number != state.current, let lease = state.leases[number], lease.inFlight == 0 else { return }
            state.leases[number] = nil
            lease.client.beginGracefulShutdown()
        }
    }
}
