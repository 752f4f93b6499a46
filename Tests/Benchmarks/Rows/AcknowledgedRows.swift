// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import AgentStore
import SessionRecords
import SessionTracking
import TestSupport

/// The whole way: from a real container's exit to the collector's yes, over TLS with a token; and what the collector holds.
enum AcknowledgedRows {
    static let group = BenchmarkGroup(
        name: "acknowledged", summary: "from exits on the node to a real collector's yes",
        rows: ["exit-to-acknowledged-p50", "exit-to-acknowledged-p99", "collector-resident"], run: run)

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let directory = try await laboratory.scratch()
        let collector = try await collector(in: directory)
        let token = directory + "/agent.token"
        try await collector.makeToken(["--role", "agent"], at: token)
        let count = laboratory.settings.containers
        do {
            let rows = try await laboratory.withAgent { options in
                options.flags += [
                    "--forward-endpoint", collector.url, "--forward-token-file", token, "--forward-ca-file",
                    collector.identity.authority,
                ]
            } _: { node, agent in
                let samples = try await play(count, node, agent)
                guard let process = collector.process else { throw RigError.failed("the collector has no process") }
                let usage = try ProcessUsage(of: process.pid)
                return [
                    Measurement(
                        "exit-to-acknowledged-p50", samples.median, "ms",
                        note:
                            "from the exit itself to the delivery mark in the agent's store, looked at every millisecond;"
                            + " \(samples.count) containers"),
                    Measurement("exit-to-acknowledged-p99", samples.percentile(99), "ms", goal: .below(1000)),
                    Measurement(
                        "collector-resident", usage.resident, "MB",
                        note: "after \(samples.count) sessions; \(usage.anonymous) MB of it anonymous"),
                ]
            }
            try await collector.stop()
            return rows
        } catch {
            try await collector.kill()
            throw error
        }
    }

    private static func collector(in directory: String) async throws -> CollectorProcess {
        let certificates = try StandInCertificates()
        let collector = try CollectorProcess(
            directory: directory,
            identity: .init(
                in: directory, certificate: certificates.server, key: certificates.serverKey,
                authority: certificates.authority))
        try await collector.start()
        return collector
    }

    /// One container after the other; of each the time from its exit until its ending counts as delivered.
    private static func play(_ count: Int, _ node: RigNode, _ agent: AgentProcess) async throws -> Samples {
        let pod = try await node.kubelet.runTargetPod(PodSpecification(name: "acknowledged")).pod
        let reader = try StoreReader(directory: agent.store)
        var times: [Int64] = []
        for number in 0..<count {
            let container = try await node.kubelet.startEphemeralContainer(
                .debugger(shell: "echo finding \(number); exit 42", target: "nginx"), in: pod)
            let id = SessionID(container: container.id)
            let told = try await waitFor(limit: .seconds(30), every: .milliseconds(1), "\(id) is delivered") {
                let status = try reader.status()
                guard let session = try reader.session(id), session.sealedAt != nil, status.backlog == 0 else {
                    return Timestamp?.none
                }
                return AgentClock.system.now().wall
            }
            if let finished = try reader.session(id)?.finishedAt { times.append(told.nanoseconds(since: finished)) }
        }
        try reader.close()
        try await node.kubelet.deletePod(pod, force: true)
        return Samples(nanoseconds: times)
    }
}
