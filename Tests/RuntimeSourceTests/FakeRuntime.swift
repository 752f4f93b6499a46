// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import ContainerdAPI
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SessionRecords
import SessionTracking
import SwiftProtobuf
import Synchronization

@testable import RuntimeSource

/// A runtime of our own making behind a real gRPC server on a unix socket: its faults come when a test wants them.
final class FakeRuntime: Sendable {
    struct Container: Sendable {
        var record: Containerd_Services_Containers_V1_Container?
        var status: Runtime_V1_ContainerStatus?
    }

    /// What the runtime is to do; changed by the test at any time.
    struct Behaviour: Sendable {
        var name = "containerd"
        var containers: [ContainerID: Container] = [:]
        /// Publishes before this many have been made are forgotten, as before a subscription takes hold.
        var publishesLost = 0
        var hasListStream = true
        /// Answers with more records than this are refused, as too large.
        var recordsPerAnswer = Int.max
        /// ContainerStatus of this one fails so many times first.
        var failingStatus: [ContainerID: Int] = [:]
        /// So many of the next look-ups, of either kind, are refused as a runtime does that is still starting.
        var refusedLookups = 0
        /// Events sent while a ListContainers is under way, before its answer.
        var eventsDuringListing: [Containerd_Services_Events_V1_Envelope] = []

        fileprivate mutating func refuse() throws {
            guard refusedLookups > 0 else { return }
            refusedLookups -= 1
            throw RPCError(code: .unavailable, message: "server is not initialized yet")
        }
    }

    private struct State {
        var behaviour = Behaviour()
        var calls: [String] = []
        var subscribers: [Int: AsyncStream<Containerd_Services_Events_V1_Envelope>.Continuation] = [:]
        var next = 0
        var server: (GRPCServer<HTTP2ServerTransport.Posix>, Task<Void, Never>)?
    }

    let socketPath: String
    private let state = Mutex(State())

    init(socketPath: String) {
        self.socketPath = socketPath
    }

    var calls: [String] { state.withLock { $0.calls } }

    func behave(_ change: (inout Behaviour) throws -> Void) rethrows {
        try state.withLock { try change(&$0.behaviour) }
    }

    func count(_ call: String) -> Int {
        calls.count { $0 == call }
    }

    // MARK: Life

    func start() async throws {
        unlink(socketPath)
        let server = GRPCServer(
            transport: .http2NIOPosix(address: .unixDomainSocket(path: socketPath), transportSecurity: .plaintext),
            services: [EventsService(runtime: self), ContainersService(runtime: self), CRIService(runtime: self)])
        let task = Task {
            do { try await server.serve() } catch {}
        }
        state.withLock { $0.server = (server, task) }
        try await waitUntil("the fake runtime listens") {
            do {
                try SocketProbe.check(socketPath)
                return true
            } catch { return false }
        }
    }

    func stop() async {
        let (running, subscribers) = state.withLock { state in
            defer { state.subscribers.removeAll() }
            return (state.server.take(), Array(state.subscribers.values))
        }
        for subscriber in subscribers { subscriber.finish() }
        // Not cancelled: NIO traps when a server is, at the moment at which it accepts a connection.
        running?.0.beginGracefulShutdown()
        await running?.1.value
        unlink(socketPath)
    }

    /// With a runtime running, in a directory of its own.
    static func running<Result>(_ body: (FakeRuntime) async throws -> Result) async throws -> Result {
        try await withScratchDirectory { directory in
            let runtime = FakeRuntime(socketPath: directory + "/fake.sock")
            try await runtime.start()
            do {
                let result = try await body(runtime)
                await runtime.stop()
                return result
            } catch {
                await runtime.stop()
                throw error
            }
        }
    }

    var configuration: RuntimeSourceConfiguration {
        var configuration = RuntimeSourceConfiguration(socketPath: socketPath)
        configuration.settleTime = .milliseconds(100)
        configuration.maximumBackoff = .milliseconds(200)
        return configuration
    }

    // MARK: What happens in it

    func emit(_ envelope: Containerd_Services_Events_V1_Envelope) {
        let subscribers = state.withLock { Array($0.subscribers.values) }
        for subscriber in subscribers { subscriber.yield(envelope) }
    }

    func emitStart(_ id: ContainerID) throws {
        emit(try Self.start(id))
    }

    static func start(_ id: ContainerID) throws -> Containerd_Services_Events_V1_Envelope {
        try .with {
            $0.namespace = "k8s.io"
            $0.topic = "/tasks/start"
            $0.timestamp = .with { $0.seconds = 1_795_228_800 }
            $0.event = try RecordedStreams.pack(
                Containerd_Events_TaskStart.with {
                    $0.containerID = id.rawValue
                    $0.pid = 1
                })
        }
    }

    /// A container with record and status.
    static func container(_ id: ContainerID, _ state: Runtime_V1_ContainerState) throws -> Container {
        Container(
            record: RecordedStreams.record(id, like: try RecordedStreams.record("ctr-info-notty.json")),
            status: .with {
                $0.id = id.rawValue
                $0.state = state
                $0.startedAt = 1_795_228_800_000_000_000
                $0.labels = ["io.kubernetes.container.name": "debugger"]
            })
    }

    fileprivate func called<Result: Sendable>(_ call: String, _ body: (inout Behaviour) throws -> Result) throws
        -> Result
    {
        try state.withLock { state in
            state.calls.append(call)
            return try body(&state.behaviour)
        }
    }

    fileprivate func subscribe() -> (Int, AsyncStream<Containerd_Services_Events_V1_Envelope>) {
        let (stream, continuation) = AsyncStream.makeStream(of: Containerd_Services_Events_V1_Envelope.self)
        return state.withLock { state in
            state.calls.append("subscribe")
            state.next += 1
            state.subscribers[state.next] = continuation
            return (state.next, stream)
        }
    }

    fileprivate func unsubscribe(_ number: Int) {
        state.withLock { _ = $0.subscribers.removeValue(forKey: number) }
    }
}

private struct EventsService: Containerd_Services_Events_V1_Events.SimpleServiceProtocol {
    let runtime: FakeRuntime

    func publish(
        request: Containerd_Services_Events_V1_PublishRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        let isLost = try runtime.called("publish") { behaviour in
            behaviour.publishesLost -= 1
            return behaviour.publishesLost >= 0
        }
        if !isLost {
            runtime.emit(
                .with {
                    $0.namespace = "lastword"
                    $0.topic = request.topic
                    $0.event = request.event
                })
        }
        return Google_Protobuf_Empty()
    }

    func forward(
        request: Containerd_Services_Events_V1_ForwardRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        throw RPCError(code: .unimplemented, message: "forward")
    }

    func subscribe(
        request: Containerd_Services_Events_V1_SubscribeRequest,
        response: RPCWriter<Containerd_Services_Events_V1_Envelope>, context: ServerContext
    ) async throws {
        let (number, stream) = runtime.subscribe()
        defer { runtime.unsubscribe(number) }
        for await envelope in stream { try await response.write(envelope) }
        throw RPCError(code: .unavailable, message: "shutting down")
    }
}

private struct ContainersService: Containerd_Services_Containers_V1_Containers.SimpleServiceProtocol {
    let runtime: FakeRuntime

    private func records(
        _ call: String, _ filters: [String]
    ) throws -> [Containerd_Services_Containers_V1_Container] {
        try runtime.called(call) { behaviour in
            try behaviour.refuse()
            if call == "listStream", !behaviour.hasListStream {
                throw RPCError(code: .unimplemented, message: "unknown method ListStream")
            }
            let ids = Set(filters.compactMap { $0.wholeMatch(of: /id=="(.*)"/).map { String($0.1) } })
            let prefix = filters.compactMap { $0.firstMatch(of: /id~="\^(.*)"/).map { String($0.1) } }.first ?? ""
            let found = behaviour.containers.values.compactMap(\.record).filter { record in
                if !ids.isEmpty { return ids.contains(record.id) }
                guard record.labels["io.cri-containerd.kind"] != "sandbox" else { return false }
                guard prefix.hasSuffix("]") else { return record.id.hasPrefix(prefix) }
                return false
            }
            guard found.count <= behaviour.recordsPerAnswer else {
                throw RPCError(code: .resourceExhausted, message: "trying to send message larger than max")
            }
            return found
        }
    }

    func list(
        request: Containerd_Services_Containers_V1_ListContainersRequest, context: ServerContext
    ) async throws -> Containerd_Services_Containers_V1_ListContainersResponse {
        let records = try records("list", request.filters)
        return .with { $0.containers = records }
    }

    func listStream(
        request: Containerd_Services_Containers_V1_ListContainersRequest,
        response: RPCWriter<Containerd_Services_Containers_V1_ListContainerMessage>, context: ServerContext
    ) async throws {
        for record in try records("listStream", request.filters) {
            try await response.write(.with { $0.container = record })
        }
    }

    func get(
        request: Containerd_Services_Containers_V1_GetContainerRequest, context: ServerContext
    ) async throws -> Containerd_Services_Containers_V1_GetContainerResponse {
        throw RPCError(code: .unimplemented, message: "get")
    }

    func create(
        request: Containerd_Services_Containers_V1_CreateContainerRequest, context: ServerContext
    ) async throws -> Containerd_Services_Containers_V1_CreateContainerResponse {
        throw RPCError(code: .unimplemented, message: "create")
    }

    func delete(
        request: Containerd_Services_Containers_V1_DeleteContainerRequest, context: ServerContext
    ) async throws -> Google_Protobuf_Empty {
        throw RPCError(code: .unimplemented, message: "delete")
    }
}

private struct CRIService: Runtime_V1_RuntimeService.SimpleServiceProtocol {
    let runtime: FakeRuntime

    func version(request: Runtime_V1_VersionRequest, context: ServerContext) async throws -> Runtime_V1_VersionResponse
    {
        try runtime.called("version") { behaviour in
            .with {
                $0.runtimeName = behaviour.name
                $0.runtimeVersion = "9.9"
                $0.runtimeApiVersion = "v1"
            }
        }
    }

    func listContainers(
        request: Runtime_V1_ListContainersRequest, context: ServerContext
    ) async throws -> Runtime_V1_ListContainersResponse {
        let (answer, events) = try runtime.called("listContainers") { behaviour in
            defer { behaviour.eventsDuringListing.removeAll() }
            let containers = behaviour.containers.values.compactMap { container in
                container.status.map { status in
                    Runtime_V1_Container.with {
                        $0.id = status.id
                        $0.state = status.state
                    }
                }
            }
            return (
                Runtime_V1_ListContainersResponse.with { $0.containers = containers }, behaviour.eventsDuringListing
            )
        }
        for event in events { runtime.emit(event) }
        // Let them arrive first.
        if !events.isEmpty { try await Task.sleep(for: .milliseconds(200)) }
        return answer
    }

    func containerStatus(
        request: Runtime_V1_ContainerStatusRequest, context: ServerContext
    ) async throws -> Runtime_V1_ContainerStatusResponse {
        try runtime.called("containerStatus") { behaviour in
            try behaviour.refuse()
            guard let id = ContainerID(request.containerID) else {
                throw RPCError(code: .invalidArgument, message: "id")
            }
            if let left = behaviour.failingStatus[id], left > 0 {
                behaviour.failingStatus[id] = left - 1
                throw RPCError(code: .internalError, message: "made up")
            }
            guard let status = behaviour.containers[id]?.status else {
                throw RPCError(code: .notFound, message: "no such container")
            }
            return .with { $0.status = status }
        }
    }

    func listPodSandbox(
        request: Runtime_V1_ListPodSandboxRequest, context: ServerContext
    ) async throws -> Runtime_V1_ListPodSandboxResponse {
        Runtime_V1_ListPodSandboxResponse()
    }

    func runPodSandbox(
        request: Runtime_V1_RunPodSandboxRequest, context: ServerContext
    ) async throws -> Runtime_V1_RunPodSandboxResponse { throw RPCError(code: .unimplemented, message: "") }

    func stopPodSandbox(
        request: Runtime_V1_StopPodSandboxRequest, context: ServerContext
    ) async throws -> Runtime_V1_StopPodSandboxResponse { throw RPCError(code: .unimplemented, message: "") }

    func removePodSandbox(
        request: Runtime_V1_RemovePodSandboxRequest, context: ServerContext
    ) async throws -> Runtime_V1_RemovePodSandboxResponse { throw RPCError(code: .unimplemented, message: "") }

    func createContainer(
        request: Runtime_V1_CreateContainerRequest, context: ServerContext
    ) async throws -> Runtime_V1_CreateContainerResponse { throw RPCError(code: .unimplemented, message: "") }

    func startContainer(
        request: Runtime_V1_StartContainerRequest, context: ServerContext
    ) async throws -> Runtime_V1_StartContainerResponse { throw RPCError(code: .unimplemented, message: "") }

    func stopContainer(
        request: Runtime_V1_StopContainerRequest, context: ServerContext
    ) async throws -> Runtime_V1_StopContainerResponse { throw RPCError(code: .unimplemented, message: "") }

    func removeContainer(
        request: Runtime_V1_RemoveContainerRequest, context: ServerContext
    ) async throws -> Runtime_V1_RemoveContainerResponse { throw RPCError(code: .unimplemented, message: "") }

    func reopenContainerLog(
        request: Runtime_V1_ReopenContainerLogRequest, context: ServerContext
    ) async throws -> Runtime_V1_ReopenContainerLogResponse { throw RPCError(code: .unimplemented, message: "") }

    func execSync(
        request: Runtime_V1_ExecSyncRequest, context: ServerContext
    ) async throws -> Runtime_V1_ExecSyncResponse { throw RPCError(code: .unimplemented, message: "") }

    func attach(
        request: Runtime_V1_AttachRequest, context: ServerContext
    ) async throws -> Runtime_V1_AttachResponse { throw RPCError(code: .unimplemented, message: "") }
}
