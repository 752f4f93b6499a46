// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import Logging
import RuntimeSource
import SessionRecords
import SessionTracking
import SwiftProtobuf
import TestSupport
import Testing

/// A runtime that knows very many containers, and one that tells more than anybody takes (`design.md` §9, last rows).
@Suite("Faults: a crowded runtime", .serialized, .timeLimit(.minutes(10)))
struct CrowdedRuntimeTests {
    @Test("10 000 containers known at start: ready soon, memory bounded, no session invented, a real one recorded")
    func tenThousand() async throws {
        try await withDirectoryInMemory { directory in
            let options = FaultNode.Options {
                $0.ownRuntime = true
                $0.directory = directory
                $0.starts = false
            }
            try await FaultNode.run(options) { node in
                let pod = try await node.makePod()
                let target = try #require(await node.kubelet.containers(of: pod).first)
                var began = ContinuousClock.now
                try await node.fillRuntime(10_000, like: target.id)
                print("10 000 records made in \(ContinuousClock.now - began)")

                began = ContinuousClock.now
                try await node.agent.start(untilReady: false)
                try await waitUntil(limit: .seconds(120), "the agent is ready") {
                    try node.readiness()?.ready == true
                }
                let spent = ContinuousClock.now - began
                print("ready \(spent) after the start with 10 000 containers, \(try node.peakMemoryKiB()) KiB at most")
                // On a machine of its own it is some 5 s; a loaded one is given much more.
                #expect(spent < .seconds(60))

                let session = try await node.debug("echo one of many; exit 9", in: pod)
                let record = try await node.waitForEnd(of: session)
                #expect(record.exitCode == 9 && record.classification == .confirmed)
                #expect(try await node.output(of: session) == "one of many\n")
                #expect(try await node.listing().map(\.containerID) == [session.id])
                #expect(try node.peakMemoryKiB() < 200 * 1024)
                #expect(try node.metric("lastword_losses_total") == 0)
                try await node.expectSound([session])
            }
        }
    }

    @Test(
        "nobody takes events: containerd's memory stays flat, the queue bounded; what was dropped is counted and listed"
    )
    func stalledReader() async throws {
        try await FaultNode.run(
            FaultNode.Options {
                $0.ownRuntime = true
                $0.starts = false
            }
        ) { node in
            let pod = try await node.makePod()
            let target = try #require(await node.kubelet.containers(of: pod).first)
            var configuration = RuntimeSourceConfiguration(socketPath: node.rig.paths.socket)
            configuration.queueCapacity = 256
            let source = RuntimeSource(configuration: configuration, logger: Logger(label: "stalled"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await source.run() }
                defer { group.cancelAll() }
                try await Self.take(from: source, until: "it is live") {
                    if case .sourceRestored = $0 { true } else { false }
                }

                // From here on nobody takes anything.
                let containerd = try #require(node.rig.containerd.child?.pid)
                try await node.publishStarts(100, of: target.id, padding: 65_536)
                let before = try Self.residentKiB(containerd)
                // 94 MiB of events, more than 1 000 of them beyond the queue.
                try await node.publishStarts(1500, of: target.id, padding: 65_536)
                let after = try Self.residentKiB(containerd)
                print("containerd grew from \(before) to \(after) KiB under events that nobody took")
                #expect(after - before < 48 * 1024)
                #expect(source.queue.count <= 256 + 64)
                let unseen = try await node.debug("exit 0", in: pod)

                var dropped = 0
                var listed = false
                try await Self.take(from: source, until: "the loss is made good") { fact in
                    switch fact {
                    case .sourceOverflowed(.runtime, let count): dropped += count
                    case .runtimeListing(let listing) where dropped > 0:
                        listed = listed || listing.containers[unseen.id] != nil
                    case .sourceRestored(.runtime): return listed
                    default: break
                    }
                    return false
                }
                #expect(dropped >= 1000)
                #expect(source.isConnected)
            }
        }
    }

    private static func take(
        from source: RuntimeSource, until what: String, _ isEnough: (Fact) -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline {
            guard let batch = await source.queue.nextBatch(max: 64) else { break }
            if batch.contains(where: { isEnough($0.fact) }) { return }
        }
        throw RigError.failed("waited in vain until \(what)")
    }

    static func residentKiB(_ pid: Int32, _ field: String = "VmRSS") throws -> Int {
        let line = try Files.text("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix(field + ":") }
        return try #require(line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) })
    }

    /// Ten thousand records are ten thousand fsyncs: on a file system in memory, where there is one of some size, they
    /// are soon made.
    private func withDirectoryInMemory(_ body: (String?) async throws -> Void) async throws {
        var space = statvfs()
        let isLarge =
            Files.isDirectory("/dev/shm") && statvfs("/dev/shm", &space) == 0
            && UInt64(space.f_bavail) * UInt64(space.f_frsize) > 2 << 30
        guard isLarge else { return try await body(nil) }
        let directory = try Files.makeTemporaryDirectory(prefix: "/dev/shm/lw-node.")
        defer { Files.removeTree(directory) }
        try await body(directory)
    }
}

extension FaultNode {
    /// The most that the agent's process has had resident.
    func peakMemoryKiB() throws -> Int {
        try CrowdedRuntimeTests.residentKiB(try #require(agent.process?.pid), "VmHWM")
    }

    private static let kubernetes: Metadata = ["containerd-namespace": "k8s.io"]

    /// Makes records like another one's: half of them of its pod, half of pods that nobody knows.
    func fillRuntime(_ count: Int, like id: ContainerID) async throws {
        let template = try await rig.containerd.connection.call { client in
            try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).get(
                .with { $0.id = id.rawValue }, metadata: Self.kubernetes, options: RuntimeConnection.options()
            ).container
        }
        try await inBatches(count) { client, number in
            var record = template
            record.id = String(repeating: "0", count: 56) + Self.hex(number)
            record.snapshotKey = record.id
            // Three quarters of a record are its specification. A fifth of them is still more than one message
            // may hold.
            if number % 5 != 0 { record.spec.value = .init("{}".utf8) }
            if number % 2 == 1 {
                record.labels["io.kubernetes.pod.uid"] = "00000000-0000-4000-8000-0000" + Self.hex(number / 50)
            }
            _ = try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).create(
                .with { $0.container = record }, metadata: Self.kubernetes, options: RuntimeConnection.options())
        }
    }

    /// Publishes `/tasks/start` events that are as large as wanted.
    func publishStarts(_ count: Int, of id: ContainerID, padding: Int) async throws {
        let start = Containerd_Events_TaskStart.with {
            $0.containerID = id.rawValue
            $0.pid = 1
        }
        var value: [UInt8] = try start.serializedBytes()
        // A field that nobody knows: number 15, so many bytes.
        value += [0x7A] + Self.varint(padding) + [UInt8](repeating: 0x20, count: padding)
        let event = Google_Protobuf_Any.with {
            $0.typeURL = Containerd_Events_TaskStart.protoMessageName
            $0.value = .init(value)
        }
        try await inBatches(count) { client, _ in
            _ = try await Containerd_Services_Events_V1_Events.Client(wrapping: client).publish(
                .with {
                    $0.topic = "/tasks/start"
                    $0.event = event
                }, metadata: Self.kubernetes, options: RuntimeConnection.options())
        }
    }

    /// So many calls, 16 at once, 64 on a client.
    private func inBatches(
        _ count: Int, _ call: @escaping @Sendable (RuntimeConnection.Client, Int) async throws -> Void
    ) async throws {
        for batch in stride(from: 0, to: count, by: 64) {
            try await rig.containerd.connection.call { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (index, number) in (batch..<min(count, batch + 64)).enumerated() {
                        if index >= 16 { try await group.next() }
                        group.addTask { try await call(client, number) }
                    }
                    try await group.waitForAll()
                }
            }
            await rig.containerd.connection.reset()
        }
    }

    private static func hex(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    private static func varint(_ number: Int) -> [UInt8] {
        var rest = UInt64(number)
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}
