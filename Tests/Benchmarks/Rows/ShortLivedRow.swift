// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import TestSupport

/// Real containers that live for 1 to 50 ms by the runtime's own times: how many are recorded, with all that they printed.
enum ShortLivedRow {
    static let group = BenchmarkGroup(
        name: "short-lived", summary: "real containers that live 1 to 50 ms", rows: ["short-lived-recorded"], run: run)

    private struct Played: Sendable {
        let id: ContainerID
        let code: Int
        let output: [UInt8]
    }

    /// By the runtime's times, in nanoseconds; the wait for a processor on a busy machine counts.
    private static let short: Int64 = 50_000_000

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let count = laboratory.settings.shortLived
        return try await laboratory.withAgent { node, agent in
            let pod = try await node.kubelet.runTargetPod(PodSpecification(name: "short-lived")).pod
            let reader = try StoreReader(directory: agent.store)
            var containers: [Played] = []
            // One that lived longer is replaced by another, up to as many again.
            var wanted = count
            while wanted > 0, containers.count < 2 * count {
                for number in containers.count..<min(2 * count, containers.count + wanted) {
                    containers.append(try await play(number, of: count, node, pod))
                }
                let recorded = try await reader.recorded(containers.map(\.id))
                wanted = count - recorded.values.count { life($0).map { $0 <= short } ?? false }
            }
            let recorded = try await reader.recorded(containers.map(\.id))
            try await node.kubelet.deletePod(pod, force: true)
            let whole = containers.count { container in
                recorded[container.id].map {
                    $0.hasFacts(exitCode: container.code) && $0.hasFullOutput(container.output)
                } ?? false
            }
            let lives = Samples(nanoseconds: recorded.values.compactMap(life))
            let within = recorded.values.count { life($0).map { $0 <= short } ?? false }
            return [
                Measurement(
                    "short-lived-recorded", Double(whole) / Double(containers.count) * 100, "%", goal: .atLeast(100),
                    note:
                        "\(whole) of \(containers.count) with code and full output; by the runtime's times \(within) lived"
                        + " at most 50 ms, the shortest \(Measurement.text(lives.smallest)), the longest"
                        + " \(Measurement.text(lives.largest)) ms")
            ]
        }
    }

    private static func play(
        _ number: Int, of count: Int, _ node: RigNode, _ pod: RunningPod
    ) async throws -> Played {
        // The shell itself takes some milliseconds.
        let milliseconds = number % count * 40 / max(1, count - 1)
        let sleep = milliseconds == 0 ? ":" : "sleep 0.\(milliseconds < 10 ? "00" : "0")\(milliseconds)"
        let code = number % 100
        let container = try await node.kubelet.startEphemeralContainer(
            .debugger(shell: "echo finding \(number); \(sleep); echo done; exit \(code)", target: "nginx"), in: pod)
        return Played(id: container.id, code: code, output: Array("finding \(number)\ndone\n".utf8))
    }

    private static func life(_ recorded: Recorded) -> Int64? {
        guard let startedAt = recorded.session.startedAt else { return nil }
        return recorded.session.finishedAt?.nanoseconds(since: startedAt)
    }
}
