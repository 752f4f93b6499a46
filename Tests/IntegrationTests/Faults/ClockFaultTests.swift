// SPDX-License-Identifier: Apache-2.0
import AgentCore
import AgentStore
import ContainerdAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import HealthReporting
import Logging
import ServiceLifecycle
import SessionRecords
import SessionTracking
import SwiftProtobuf
import Synchronization
import TestSupport
import Testing

/// The wall clock is set while sessions run (`design.md` §9): the real agent in this process, on a clock of the test's.
@Suite("Faults: clock jumps", .serialized, .timeLimit(.minutes(10)))
struct ClockFaultTests {
    /// The system's clocks, the wall clock with an offset.
    private final class SettableClock: Sendable {
        private let offset = Mutex<Int64>(0)

        func step(by seconds: Int64) {
            offset.withLock { $0 += seconds * 1_000_000_000 }
        }

        func now() -> Receipt {
            let real = AgentClock.system.now()
            return Receipt(
                wall: real.wall.advanced(byNanoseconds: offset.withLock { $0 }), boottime: real.boottime)
        }
    }

    @Test("an hour forth and two back during sessions: codes, times and durations are the runtime's, numbers go on")
    func steps() async throws {
        try await FaultNode.run(FaultNode.Options { $0.starts = false }) { node in
            let clock = SettableClock()
            try await node.runningInProcess(clock: AgentClock { clock.now() }) { _ in
                let pod = try await node.makePod()
                var sessions: [RunningContainer] = []
                for step: Int64 in [3600, -7200, 3600] {
                    let session = try await node.debug(in: pod)
                    sessions.append(session)
                    try await node.wait(for: session, "it is known to run") { $0.state == .running }
                    clock.step(by: step)
                    try await node.finish(session)
                    let status = try await node.kubelet.waitForExit(session)
                    let record = try await node.waitForEnd(of: session)
                    #expect(record.exitCode == 42 && record.ending == .observed)
                    #expect(record.finishedAt == status.finishedAt)
                    let started = try #require(record.startedAt)
                    let finished = try #require(record.finishedAt)
                    // The runtime's clock was not set: what it says is right, and our receipts do not overrule it.
                    #expect(record.durationNanoseconds == finished.nanoseconds(since: started))
                    #expect(record.clockStepped != true)
                    #expect(try await node.output(of: session) == FaultNode.waitingOutput)
                }
                let numbers = try node.entries().map(\.number)
                #expect(numbers == Array(1...Int64(numbers.count)))
                // The times themselves went back; the order is by number.
                let times = try node.entries().map(\.at)
                #expect(times != times.sorted())
                let listed = try await node.listing().compactMap(\.containerID)
                // Other tests' sessions on this runtime are seen too.
                #expect(Set(listed).isSuperset(of: sessions.map(\.id)))
                try await node.expectSound(sessions)
            }
        }
    }

    @Test(
        "the clock of runtime and agent is set during a session: the duration is by boot time, and the record says so")
    func duration() async throws {
        try await FaultNode.run(FaultNode.Options { $0.starts = false }) { node in
            let clock = SettableClock()
            try await node.runningInProcess(clock: AgentClock { clock.now() }) { _ in
                let pod = try await node.makePod()
                let real = try await node.debug("exit 0", in: pod)
                try await node.waitForEnd(of: real)
                let container = try await node.makeSynthetic(like: real)
                let began = clock.now()
                try await node.forward(
                    "/tasks/start", Containerd_Events_TaskStart.with { $0.containerID = container.id.rawValue },
                    at: began.wall)
                try await node.wait(for: container.id, "it is known to run") { $0.state == .running }
                clock.step(by: -7200)
                let ended = clock.now()
                try await node.forward(
                    "/tasks/exit",
                    Containerd_Events_TaskExit.with {
                        $0.containerID = container.id.rawValue
                        $0.id = container.id.rawValue
                        $0.exitStatus = 3
                        $0.exitedAt = .with {
                            $0.seconds = ended.wall.nanoseconds / 1_000_000_000
                            $0.nanos = Int32(ended.wall.nanoseconds % 1_000_000_000)
                        }
                    }, at: ended.wall)
                let record = try await node.wait(for: container.id, "it is sealed") { $0.sealedAt != nil }
                #expect(record.exitCode == 3 && record.finishedAt == ended.wall && record.startedAt == began.wall)
                #expect(record.clockStepped == true)
                let elapsed = ended.boottime - began.boottime
                let duration = try #require(record.durationNanoseconds)
                #expect(abs(duration - elapsed) < 1_000_000_000 && duration >= 0)
                try await node.removeRecord(container.id)
            }
        }
    }
}

extension FaultNode {
    private static let kubernetes: Metadata = ["containerd-namespace": "k8s.io"]

    /// The agent, wired as in its own process, in this one; stopped in good order afterwards.
    func runningInProcess(
        clock: AgentClock, logger: Logger = Logger(label: "in-process") { _ in SwiftLogNoOpLogHandler() },
        _ body: (AgentApplication) async throws -> Void
    ) async throws {
        let configuration = try AgentConfiguration.load(arguments: agent.arguments, environment: [:])
        let application = try await AgentApplication(
            configuration: configuration, environment: [:], logger: logger, clock: clock)
        let group = application.makeGroup()
        let running = Task { try await group.run() }
        let outcome: (any Error)?
        do {
            try await waitUntil(limit: .seconds(60), "the agent is ready") { application.health.isReady }
            try await body(application)
            outcome = nil
        } catch {
            outcome = error
        }
        await group.triggerGracefulShutdown()
        try await running.value
        application.close()
        if let outcome { throw outcome }
    }

    /// A record in the runtime like a real container's, that nothing stands behind.
    func makeSynthetic(like container: RunningContainer) async throws -> SyntheticContainer {
        try await rig.containerd.connection.call { client in
            let containers = Containerd_Services_Containers_V1_Containers.Client(wrapping: client)
            let record = try await containers.get(
                .with { $0.id = container.id.rawValue }, metadata: Self.kubernetes,
                options: RuntimeConnection.options()
            ).container
            let model = SyntheticContainer.Model(record: record, of: container)
            let number = Int.random(in: 1..<1_000_000)
            let synthetic = try SyntheticContainer(number, of: model)
            _ = try await containers.create(
                .with { $0.container = synthetic.record(number, of: model) }, metadata: Self.kubernetes,
                options: RuntimeConnection.options())
            return synthetic
        }
    }

    func removeRecord(_ id: ContainerID) async throws {
        try await rig.containerd.connection.call { client in
            _ = try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).delete(
                .with { $0.id = id.rawValue }, metadata: Self.kubernetes, options: RuntimeConnection.options())
        }
    }

    /// Puts an event on the runtime's bus with a time of our own, as a shim does.
    func forward(_ topic: String, _ event: some Message, at: Timestamp) async throws {
        let value = try event.serializedBytes() as [UInt8]
        let type = Swift.type(of: event).protoMessageName
        try await rig.containerd.connection.call { client in
            _ = try await Containerd_Services_Events_V1_Events.Client(wrapping: client).forward(
                .with {
                    $0.envelope = .with {
                        $0.timestamp = .with {
                            $0.seconds = at.nanoseconds / 1_000_000_000
                            $0.nanos = Int32(at.nanoseconds % 1_000_000_000)
                        }
                        $0.namespace = "k8s.io"
                        $0.topic = topic
                        $0.event.typeURL = type
                        $0.event.value = .init(value)
                    }
                }, metadata: Self.kubernetes, options: RuntimeConnection.options())
        }
    }
}
