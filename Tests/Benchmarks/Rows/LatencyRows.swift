// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Glibc
import SessionRecords
import TestSupport

/// Process exit → facts durable, `/tasks/delete` → sealed, `/tasks/create` → pinned: on real containers, one after the
/// other, beside a bare subscriber that receives the same events in the same run.
enum LatencyRows {
    static let group = BenchmarkGroup(
        name: "latency", summary: "real containers, one after the other, beside a bare subscriber",
        rows: ["exit-to-durable-p50", "exit-to-durable-p99", "delete-to-sealed-p99", "create-to-pinned-p99"],
        run: run)

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let node = try await laboratory.node
        let directory = try await laboratory.scratch()
        let fsync = try DiskSync.measure(directory: directory)
        let notes = directory + "/notes"
        let agent = try AgentProcess(paths: node.paths, directory: directory, options: .init())
        var arguments = agent.arguments
        // The page of health is the one part that the measured agent has not.
        arguments.removeAll { $0 == "--http-listen" || $0 == "127.0.0.1:\(agent.port)" }
        let process = try ChildProcess.start(
            [try BuildProducts.path("lastword-bench"), "measured-agent", "--notes", notes] + arguments,
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], output: .file(directory + "/agent.log"))
        do {
            try await waitUntil(limit: .seconds(60), "the measured agent is ready") {
                guard process.isRunning else {
                    throw RigError.failed("the agent ended: \(try Files.text(directory + "/agent.log"))")
                }
                return try CommitNotes.read(notes).isReady
            }
            let stream = BareEventStream()
            let pins = try PinWatcher(directory: node.paths.pins)
            defer { pins.stop() }
            let containers = try await stream.whileSubscribed(node) {
                try await play(laboratory.settings.containers, node, stream)
            }
            let ids = containers.map(\.id)
            let reader = try StoreReader(directory: directory + "/store")
            let recorded = try await reader.recorded(ids)
            try await process.terminate()
            let complete = containers.count { recorded[$0.id]?.hasFullOutput($0.output) == true }
            return try rows(
                containers.map(\.id), stream, pins, try CommitNotes.read(notes), complete: complete, fsync: fsync)
        } catch {
            _ = try? await process.kill()  // the first error is the one to report
            throw error
        }
    }

    /// Ephemeral containers in one pod, each ended and deleted by the runtime before the next.
    private static func play(
        _ count: Int, _ node: RigNode, _ stream: BareEventStream
    ) async throws -> [(id: ContainerID, output: [UInt8])] {
        let pod = try await node.kubelet.runTargetPod(PodSpecification(name: "latency")).pod
        var containers: [(id: ContainerID, output: [UInt8])] = []
        for number in 0..<count {
            let shell = "for i in 1 2 3 4 5; do echo finding \(number).$i; done; sleep 0.1; exit 3"
            let container = try await node.kubelet.startEphemeralContainer(
                .debugger(shell: shell, target: "nginx"), in: pod)
            _ = try await stream.wait(for: .delete, of: container.id)
            // The agent reads the tail now; the next start is not to be in its way.
            try await Task.sleep(for: .milliseconds(150))
            let output = (1...5).map { "finding \(number).\($0)\n" }.joined()
            containers.append((container.id, Array(output.utf8)))
        }
        try await node.kubelet.deletePod(pod, force: true)
        return containers
    }

    private static func rows(
        _ ids: [ContainerID], _ stream: BareEventStream, _ pins: PinWatcher,
        _ notes: (isReady: Bool, facts: [ContainerID: Int64], sealed: [ContainerID: Int64]), complete: Int,
        fsync: Samples
    ) throws -> [Measurement] {
        var bare: [Int64] = []
        var durable: [Int64] = []
        var above: [Int64] = []
        var sealed: [Int64] = []
        var pinned: [Int64] = []
        for id in ids {
            guard let exit = stream.moment(.exit, of: id), let delete = stream.moment(.delete, of: id),
                let create = stream.moment(.create, of: id)
            else { throw RigError.failed("the bare event stream has not seen all of \(id)") }
            guard let facts = notes.facts[id], let end = notes.sealed[id] else {
                throw RigError.failed("the agent has not recorded \(id)")
            }
            guard let pin = pins.pinned(id) else { throw RigError.failed("the log of \(id) was never pinned") }
            bare.append(exit.received - exit.happened)
            durable.append(facts - exit.happened)
            above.append(facts - exit.received)
            sealed.append(end - delete.happened)
            pinned.append(pin - create.happened)
        }
        let (exits, facts, difference) = (
            Samples(nanoseconds: bare), Samples(nanoseconds: durable), Samples(nanoseconds: above)
        )
        let (seals, links) = (Samples(nanoseconds: sealed), Samples(nanoseconds: pinned))
        return [
            Measurement(
                "disk-fsync-p50", fsync.median, "ms", note: "4 KiB appended and synced, bare; p99 \(text(fsync, 99))"),
            Measurement(
                "exit-to-bare-event-p50", exits.median, "ms",
                note: "the same exits at a bare subscriber; p99 \(text(exits, 99))"),
            Measurement(
                "exit-to-durable-p50", difference.median, "ms", goal: .below(5),
                note: "above the bare event; from the exit itself \(text(facts, 50)); \(ids.count) containers"),
            Measurement(
                "exit-to-durable-p99", difference.percentile(99), "ms", goal: .below(50),
                note: "above the bare event; from the exit itself \(text(facts, 99))"),
            Measurement(
                "delete-to-sealed-p99", seals.percentile(99), "ms", goal: .below(250),
                note: "p50 \(text(seals, 50)); \(complete) of \(ids.count) outputs complete"),
            Measurement(
                "create-to-pinned-p99", links.percentile(99), "ms", goal: .below(50),
                note: "seen by inotify from outside; p50 \(text(links, 50))"),
        ]
    }

    private static func text(_ samples: Samples, _ percent: Double) -> String {
        Measurement.text(samples.percentile(percent)) + " ms"
    }
}

/// The disk alone.
enum DiskSync {
    /// Milliseconds that appending 4 KiB and syncing take, 200 times.
    static func measure(directory: String) throws -> Samples {
        let path = directory + "/sync"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw RigError.system("cannot open \(path)") }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 0x2A, count: 4096)
        var times: [Int64] = []
        for _ in 0..<200 {
            let began = Clock.monotonic()
            try Files.writeAll(page, to: file, named: path)
            guard fsync(file) == 0 else { throw RigError.system("cannot sync \(path)") }
            times.append(Clock.monotonic() - began)
        }
        return Samples(nanoseconds: times)
    }
}
