// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import TestSupport

/// Pods whose log is unlinked and that are force-deleted within 10 ms of their container's exit.
enum ForcedDeletionRow {
    static let group = BenchmarkGroup(
        name: "forced-deletion", summary: "pods deleted at the moment of the exit",
        rows: ["forced-deletion-facts", "forced-deletion-full-tails"], run: run)

    private struct Played: Sendable {
        let id: ContainerID
        let output: [UInt8]
        /// From the exit to the unlinking of the log, in nanoseconds.
        let delay: Int64
    }

    private static let workers = 2
    private static let lines = 500

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let count = laboratory.settings.pods
        return try await laboratory.withAgent { node, agent in
            let stream = BareEventStream()
            let played = try await stream.whileSubscribed(node) { try await play(count, node, stream) }
            let reader = try StoreReader(directory: agent.store)
            let recorded = try await reader.recorded(played.map(\.id))
            let facts = played.count { recorded[$0.id]?.hasFacts(exitCode: 7) == true }
            let tails = played.count { recorded[$0.id]?.hasFullOutput($0.output) == true }
            let delays = Samples(nanoseconds: played.map(\.delay))
            let early = played.count { $0.delay < 10_000_000 }
            return [
                Measurement(
                    "forced-deletion-facts", Double(facts) / Double(count) * 100, "%", goal: .atLeast(100),
                    note: "\(facts) of \(count); the log was unlinked \(Measurement.text(delays.median)) ms (median)"
                        + " after the exit, within 10 ms \(early) times"),
                Measurement(
                    "forced-deletion-full-tails", Double(tails) / Double(count) * 100, "%", goal: .atLeast(99.9),
                    note: "\(tails) of \(count), each \(lines) lines"),
            ]
        }
    }

    private static func play(_ count: Int, _ node: RigNode, _ stream: BareEventStream) async throws -> [Played] {
        let numbers = Numbers()
        return try await withThrowingTaskGroup(of: [Played].self) { group in
            for _ in 0..<workers {
                group.addTask {
                    var played: [Played] = []
                    while let number = numbers.take(below: count) {
                        played.append(try await playOne(number, node, stream))
                    }
                    return played
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// One pod with a debug container alone, so that nothing else has to be ended at the deletion.
    private static func playOne(_ number: Int, _ node: RigNode, _ stream: BareEventStream) async throws -> Played {
        let kubelet = node.kubelet
        let pod = try await kubelet.runPod(PodSpecification(name: "deleted-\(number)"))
        let container = try await kubelet.startContainer(
            .debugger(shell: "sleep 0.1; seq \(lines) | sed 's/$/ of \(number)/'; exit 7"), in: pod)
        let exit = try await stream.wait(for: .exit, of: container.id)
        // What the kubelet does first, at once; the rest of the deletion follows in its order.
        try Files.remove(container.logPath)
        let delay = Clock.wall() - exit.happened
        try await kubelet.deletePod(pod, force: true, delays: .none)
        let output = (1...lines).map { "\($0) of \(number)\n" }.joined()
        return Played(id: container.id, output: Array(output.utf8), delay: delay)
    }
}
