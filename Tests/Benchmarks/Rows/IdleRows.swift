// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import Glibc
import SessionRecords
import TestSupport

/// The released agent with nothing to do: memory and processor time, with a watch on pods over TLS as it is by default.
enum IdleRows {
    static let group = BenchmarkGroup(
        name: "idle", summary: "the stripped agent with nothing to do",
        rows: ["agent-idle-resident", "agent-idle-anonymous", "agent-idle-cpu"], run: run)

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let seconds = laboratory.settings.idleSeconds
        let program = try await StrippedAgent.make(in: try await laboratory.scratch())
        let server = try APIServerStandIn()
        try await server.start()
        let node = try await laboratory.node
        let pod = try await node.kubelet.runTargetPod(PodSpecification(name: "idle")).pod
        try server.put(podJSON: try await node.kubelet.manifest(of: pod).text)
        let rows = try await laboratory.withAgent { options in
            options.server = PodServer(url: server.url, tokenPath: server.tokenPath, caPath: server.caPath)
            options.program = program
        } _: { _, agent in
            guard let process = agent.process else { throw RigError.failed("the agent has no process") }
            // What the start allocated and read is settled by then.
            try await Task.sleep(for: .seconds(5))
            let before = try ProcessUsage(of: process.pid)
            let began = Clock.monotonic()
            try await Task.sleep(for: .seconds(seconds))
            let after = try ProcessUsage(of: process.pid)
            let elapsed = Double(Clock.monotonic() - began)
            let size = Measurement.text(Double(try Files.size(program)) / 1e6)
            return [
                Measurement(
                    "agent-idle-resident", after.resident, "MB", goal: .atMost(25),
                    note: "after \(seconds) s; stripped program of \(size) MB, API watch over TLS"),
                Measurement("agent-idle-anonymous", after.anonymous, "MB", goal: .atMost(6), note: "of the resident"),
                Measurement(
                    "agent-idle-cpu", Double(after.ranNanoseconds - before.ranNanoseconds) / elapsed * 100, "%",
                    goal: .below(0.1), note: "of one processor, over \(seconds) s"),
            ]
        }
        await server.close()
        try await node.kubelet.deletePod(pod, force: true)
        return rows
    }
}

/// The agent as packages ship it.
enum StrippedAgent {
    /// - Returns: the path of a copy without symbols.
    static func make(in directory: String) async throws -> String {
        let path = directory + "/lastword-agent"
        try await ChildProcess.require(["strip", "-s", "-o", path, try BuildProducts.path("lastword-agent")])
        return path
    }
}

extension Files {
    static func size(_ path: String) throws -> Int {
        var info = stat()
        guard stat(path, &info) == 0 else { throw RigError.system("cannot inspect \(path)") }
        return Int(info.st_size)
    }
}
