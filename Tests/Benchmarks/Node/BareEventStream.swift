// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SessionRecords
import SwiftProtobuf
import Synchronization
import TestSupport

/// A subscriber to containerd's task events that does nothing but note when each came: what every agent has to wait for,
/// and so what a latency is measured against.
final class BareEventStream: Sendable {
    enum Kind: String, Sendable {
        case create, start, exit, delete
    }

    /// Wall-clock nanoseconds.
    struct Moment: Sendable {
        /// When it happened: the process's end for an exit, else the time at which containerd published the event.
        let happened: Int64
        let received: Int64
    }

    private struct State {
        var moments: [ContainerID: [Kind: Moment]] = [:]
        var markers = 0
    }

    private let state = Mutex(State())
    private static let markerNamespace = "lastword-bench"

    func moment(_ kind: Kind, of id: ContainerID) -> Moment? {
        state.withLock { $0.moments[id]?[kind] }
    }

    /// Waits for an event; asks every half millisecond.
    func wait(for kind: Kind, of id: ContainerID) async throws -> Moment {
        try await waitFor(every: .microseconds(500), "/tasks/\(kind.rawValue) of \(id) comes") { moment(kind, of: id) }
    }

    /// Subscribes, lets `body` run once the subscription is proven live, and unsubscribes.
    func whileSubscribed<Result: Sendable>(
        _ node: RigNode, _ body: @Sendable @escaping () async throws -> Result
    ) async throws -> Result {
        let client = try GRPCClient(
            transport: HTTP2ClientTransport.Posix(
                target: .unixDomainSocket(path: node.paths.socket, authority: "localhost"),
                transportSecurity: .plaintext))
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await client.runConnections()
                return nil
            }
            group.addTask {
                try await self.read(client)
                return nil
            }
            group.addTask {
                try await self.proveLive(node)
                return try await body()
            }
            defer { group.cancelAll() }
            for try await result in group {
                if let result { return result }
                throw RigError.failed("the event stream ended")
            }
            throw RigError.failed("the event stream ended")
        }
    }

    private func read(_ client: GRPCClient<HTTP2ClientTransport.Posix>) async throws {
        let request = Containerd_Services_Events_V1_SubscribeRequest.with {
            $0.filters = [#"namespace==k8s.io,topic~="^/tasks/""#, "namespace==\(Self.markerNamespace)"]
        }
        try await Containerd_Services_Events_V1_Events.Client(wrapping: client).subscribe(request) { response in
            for try await envelope in response.messages {
                try self.take(envelope, received: Clock.wall())
            }
        }
    }

    private func proveLive(_ node: RigNode) async throws {
        try await waitUntil(every: .milliseconds(20), "the bare event stream is live") {
            try await node.containerd.connection.call { client in
                _ = try await Containerd_Services_Events_V1_Events.Client(wrapping: client).publish(
                    .with {
                        $0.topic = "/lastword-bench/marker"
                        $0.event.typeURL = "lastword-bench.marker"
                    }, metadata: ["containerd-namespace": .string(Self.markerNamespace)])
            }
            return state.withLock { $0.markers > 0 }
        }
    }

    private func take(_ envelope: Containerd_Services_Events_V1_Envelope, received: Int64) throws {
        var happened = Self.nanoseconds(envelope.timestamp)
        let kind: Kind
        let name: String
        switch envelope.topic {
        case "/tasks/create":
            (kind, name) = (.create, try Containerd_Events_TaskCreate(unpackingAny: envelope.event).containerID)
        case "/tasks/start":
            (kind, name) = (.start, try Containerd_Events_TaskStart(unpackingAny: envelope.event).containerID)
        case "/tasks/exit":
            let event = try Containerd_Events_TaskExit(unpackingAny: envelope.event)
            guard event.id == event.containerID else { return }
            (kind, name) = (.exit, event.containerID)
            happened = Self.nanoseconds(event.exitedAt)
        case "/tasks/delete":
            (kind, name) = (.delete, try Containerd_Events_TaskDelete(unpackingAny: envelope.event).containerID)
        case "/lastword-bench/marker": return state.withLock { $0.markers += 1 }
        default: return
        }
        guard let id = ContainerID(name) else { return }
        state.withLock { $0.moments[id, default: [:]][kind] = Moment(happened: happened, received: received) }
    }

    private static func nanoseconds(_ time: Google_Protobuf_Timestamp) -> Int64 {
        time.seconds * 1_000_000_000 + Int64(time.nanos)
    }
}
