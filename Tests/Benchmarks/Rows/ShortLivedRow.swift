// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import TestSupport

/// Real containers that live for 1 to 50 ms: how many are recorded, with all that they printed.
enum ShortLivedRow {
    static let group = BenchmarkGroup(
        name: "short-lived", summary: "real containers that live 1 to 50 ms", rows: ["short-lived-recorded"], run: run)

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let count = laboratory.settings.shortLived
        return try await laboratory.withAgent { node, agent in
            let pod = try await node.kubelet.runTargetPod(PodSpecification(name: "short-lived")).pod
            var containers: [(id: ContainerID, code: Int, output: [UInt8])] = []
            for number in 0..<count {
                let milliseconds = 1 + number * 49 / max(1, count - 1)
                let fraction = milliseconds < 10 ? "00\(milliseconds)" : "0\(milliseconds)"
                let code = number % 100
                let container = try await node.kubelet.startEphemeralContainer(
                    .debugger(
                        shell: "echo finding \(number); sleep 0.\(fraction); echo done; exit \(code)", target: "nginx"),
                    in: pod)
                containers.append((container.id, code, Array("finding \(number)\ndone\n".utf8)))
            }
            let reader = try StoreReader(directory: agent.store)
            let recorded = try await reader.recorded(containers.map(\.id))
            try await node.kubelet.deletePod(pod, force: true)
            let whole = containers.count { container in
                recorded[container.id].map {
                    $0.hasFacts(exitCode: container.code) && $0.hasFullOutput(container.output)
                } ?? false
            }
            let lives = Samples(
                nanoseconds: recorded.values.compactMap { recorded in
                    recorded.session.startedAt.flatMap { recorded.session.finishedAt?.nanoseconds(since: $0) }
                })
            return [
                Measurement(
                    "short-lived-recorded", Double(whole) / Double(count) * 100, "%", goal: .atLeast(100),
                    note: "\(whole) of \(count) with code and full output; they lived"
                        + " \(Measurement.text(lives.smallest)) to \(Measurement.text(lives.largest)) ms")
            ]
        }
    }
}
