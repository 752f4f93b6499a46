// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import GRPCCore
import SessionRecords
import SwiftProtobuf
import Synchronization

/// Plays many container lives a second on containerd's own bus: the record is written, the log is there, `/tasks/create`,
/// `start`, `exit` and `delete` are told as a shim's events are, and a moment later, as by a kubelet, the record is removed.
package final class BurstPublisher: Sendable {
    private struct State {
        var containers: [SyntheticContainer] = []
        var ended = 0
        var removals: [(id: ContainerID, due: Int64)] = []
        var isFinished = false
        var began: Int64 = 0
        var finished: Int64 = 0
    }

    private let node: RigNode
    private let model: SyntheticContainer.Model
    private let removalDelay: Int64
    private let state = Mutex(State())

    /// Lives at once.
    private static let workers = 64
    /// Connections for the records, each replaced in time (`RuntimeConnection`). With many calls in flight the runtime sends
    /// a PING for far fewer than each of them, so that a connection lasts longer than one that is used call by call.
    private static let connections = 4
    private static let usesPerConnection = 1000

    /// Runs one real debug container, whose record is the model.
    ///
    /// - Parameter removalDelay: milliseconds for which a record stays after its container's end.
    package init(node: RigNode, removalDelay: Int) async throws {
        self.node = node
        self.removalDelay = Int64(removalDelay) * 1_000_000
        let (pod, target) = try await node.kubelet.runTargetPod(PodSpecification(name: "burst"))
        let container = try await node.kubelet.startEphemeralContainer(
            .debugger(shell: "echo model", target: target.name), in: pod)
        let id = container.id.rawValue
        let record = try await node.containerd.connection.call { client in
            try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).get(
                .with { $0.id = id }, metadata: Self.metadata
            ).container
        }
        model = SyntheticContainer.Model(record: record, of: container)
    }

    private static let metadata: Metadata = ["containerd-namespace": "k8s.io"]

    /// Ends published so far.
    package var ended: Int { state.withLock { $0.ended } }
    package var isFinished: Bool { state.withLock { $0.isFinished } }
    package var containers: [SyntheticContainer] { state.withLock { $0.containers } }

    /// From the first record to the last end.
    package var seconds: Double { state.withLock { Double($0.finished - $0.began) / 1e9 } }

    /// Publishes `count` lives, `rate` a second or as many as go. Called again it goes on with the next numbers.
    package func publish(rate: Int, count: Int) async throws {
        defer { finish() }
        let forwarder = try EventForwarder(socket: node.paths.socket + ".ttrpc")
        defer { forwarder.close() }
        let began = MachineClock.monotonic()
        let first = state.withLock { state in
            state.began = began
            state.isFinished = false
            return state.ended
        }
        let last = first + count
        let numbers = Numbers()
        let connections = (0..<Self.connections).map { _ in
            RuntimeConnection(socket: node.paths.socket, usesPerClient: Self.usesPerConnection)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<Self.workers {
                group.addTask {
                    while let number = numbers.take(below: count) {
                        let due = began + Int64(number) * 1_000_000_000 / Int64(rate)
                        let early = due - MachineClock.monotonic()
                        if early > 0 { try await Task.sleep(for: .nanoseconds(early)) }
                        let connection = connections[worker % connections.count]
                        try await self.live(first + number, until: last, connection, forwarder)
                    }
                }
            }
            group.addTask { try await self.removeRecords(count, connections) }
            try await group.waitForAll()
        }
        for connection in connections { await connection.reset() }
    }

    package func removeLogs() throws {
        for container in containers { Files.removeTree(String(container.logPath.dropLast("/0.log".count))) }
    }

    private func live(
        _ number: Int, until last: Int, _ connection: RuntimeConnection, _ forwarder: EventForwarder
    ) async throws {
        let container = try SyntheticContainer(number, of: model)
        let record = container.record(number, of: model)
        let id = container.id.rawValue
        try container.writeLog()
        try await connection.ask { client in
            do {
                _ = try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).create(
                    .with { $0.container = record }, metadata: Self.metadata, options: RuntimeConnection.options())
            } catch let error as RPCError where error.code == .alreadyExists {
                return  // written by the call before, whose answer was lost
            }
        }
        state.withLock { $0.containers.append(container) }
        let pid = UInt32(100_000 + number % 1_000_000)
        let created = Containerd_Events_TaskCreate.with {
            $0.containerID = id
            $0.pid = pid
        }
        try await forwarder.forward("/tasks/create", created, at: MachineClock.wall())
        let started = Containerd_Events_TaskStart.with {
            $0.containerID = id
            $0.pid = pid
        }
        try await forwarder.forward("/tasks/start", started, at: MachineClock.wall())
        let now = MachineClock.wall()
        let exited = Containerd_Events_TaskExit.with {
            $0.containerID = id
            $0.id = id
            $0.pid = pid
            $0.exitStatus = UInt32(container.exitCode)
            $0.exitedAt = EventForwarder.timestamp(now)
        }
        try await forwarder.forward("/tasks/exit", exited, at: now)
        let deleted = Containerd_Events_TaskDelete.with {
            $0.containerID = id
            $0.pid = pid
            $0.exitStatus = UInt32(container.exitCode)
            $0.exitedAt = EventForwarder.timestamp(now)
        }
        try await forwarder.forward("/tasks/delete", deleted, at: MachineClock.wall())
        state.withLock { state in
            state.ended += 1
            state.removals.append((container.id, MachineClock.monotonic() + removalDelay))
            // The last end ends the measuring; the removals after it are tidying up.
            if state.ended == last {
                state.isFinished = true
                state.finished = MachineClock.monotonic()
            }
        }
    }

    private func finish() {
        state.withLock { $0.isFinished = true }
    }

    /// Removes the records in the order of their ends, until all are gone.
    private func removeRecords(_ count: Int, _ connections: [RuntimeConnection]) async throws {
        var removed = 0
        while removed < count {
            let due = state.withLock { state in
                let now = MachineClock.monotonic()
                let due = state.removals.prefix(64).prefix { $0.due <= now }.map(\.id)
                state.removals.removeFirst(due.count)
                return due
            }
            if due.isEmpty {
                try await Task.sleep(for: .milliseconds(20))
                continue
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, id) in due.enumerated() {
                    let connection = connections[index % connections.count]
                    group.addTask { try await self.removeRecord(id, connection) }
                }
                try await group.waitForAll()
            }
            removed += due.count
        }
    }

    private func removeRecord(_ id: ContainerID, _ connection: RuntimeConnection) async throws {
        try await connection.ask { client in
            do {
                _ = try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).delete(
                    .with { $0.id = id.rawValue }, metadata: Self.metadata, options: RuntimeConnection.options())
            } catch let error as RPCError where error.code == .notFound {
                return  // removed by the call before, whose answer was lost
            }
        }
    }
}
