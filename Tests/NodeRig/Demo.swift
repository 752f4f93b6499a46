// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import ArgumentParser
import Glibc
import SessionRecords
import SessionTracking
import TestSupport

/// The main job, really running: a debug container starts, prints, exits with 42, its pod is deleted at once, and the
/// node still tells everything.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plays one kubectl debug session on a private containerd and shows what Lastword keeps of it.",
        discussion: "With DEMO_HOLD=1 in the environment everything stays up until Ctrl-C, for looking around.")

    @Option(help: "Seconds that the session lasts.")
    var seconds = 10

    mutating func run() async throws {
        TerminationSignal.catchSignals()
        let scratch = try ScratchDirectory()
        say("Starting a private containerd, an API server stand-in and the agent in \(scratch.path)")
        let node = try await RigNode.start(directory: try scratch.directory("node"))
        let failure = await Self.outcome { try await play(on: node, scratch: scratch) }
        say("Cleaning up")
        try await node.teardown()
        let leftovers = node.leftovers()
        guard leftovers.isEmpty else {
            say("Left behind: \(leftovers.joined(separator: ", "))")
            throw ExitCode(1)
        }
        if let failure { throw failure }
        say("No process and no mount is left behind.")
    }

    private func play(on node: RigNode, scratch: ScratchDirectory) async throws {
        let server = try APIServerStandIn()
        try await server.start()
        let agent = try AgentProcess(
            paths: node.paths, directory: try scratch.directory("agent"),
            options: .init(
                server: PodServer(url: server.url, tokenPath: server.tokenPath, caPath: server.caPath)))
        let failure = await Self.outcome {
            try await agent.start()
            try await session(node, server, agent)
            if ProcessInfo.isSet("DEMO_HOLD") { try await hold(node, agent) }
        }
        if let failure { say("The agent's last words:\n\(agent.logTail)\n\(failure)") }
        _ = try await agent.stop()
        await server.close()
        if let failure { throw failure }
        say("The agent is stopped; its store still answers:")
        try await show(agent, ["list"])
    }

    private func session(_ node: RigNode, _ server: APIServerStandIn, _ agent: AgentProcess) async throws {
        let kubelet = node.kubelet
        say("Pod default/debug-target runs one container, nginx")
        let pod = try await kubelet.runTargetPod(PodSpecification(name: "debug-target")).pod
        try server.put(podJSON: try await kubelet.manifest(of: pod).text)

        let debugger = ContainerSpecification.debugger(
            shell: "echo 'finding: connection pool exhausted'; sleep \(seconds); exit 42", target: "nginx")
        say("kubectl debug debug-target -c \(debugger.name) --target=nginx --image=\(debugger.image) -- sh -c …")
        var asked = try await kubelet.manifest(of: pod)
        asked.entries.append(PodManifest.Entry(debugger, kind: .ephemeral))
        asked.ephemeralAt = AgentClock.system.now().wall
        try server.put(podJSON: asked.text)
        let container = try await kubelet.startEphemeralContainer(debugger, in: pod)
        try server.put(podJSON: try await kubelet.manifest(of: pod).text)

        say("It runs for \(seconds) s …")
        let status = try await kubelet.waitForExit(container)
        say("… and exited with \(status.exitCode). kubectl delete pod debug-target --force --grace-period=0")
        _ = try server.delete(uid: pod.uid)
        try await kubelet.deletePod(pod, force: true, delays: .measured)

        try await waitUntil(limit: .seconds(30), "the session is sealed") {
            let listed = try await agent.lastword("list", "-o", "jsonl")
            return listed.text.contains("\"sealedBy\"") && listed.text.contains("\"deletedAt\"")
        }
        say("What the pod's log directory still has:")
        let left = Files.names(in: pod.logDirectory)
        print(left.isEmpty ? "nothing: \(pod.logDirectory) is gone" : left.joined(separator: "\n"))
        try await show(agent, ["list"])
        try await show(agent, ["show", "default/debug-target/\(debugger.name)"])
        try await show(agent, ["logs", "default/debug-target/\(debugger.name)"])
        try await show(agent, ["verify"])
    }

    private func hold(_ node: RigNode, _ agent: AgentProcess) async throws {
        say(
            """
            Everything stays up until Ctrl-C. Look around with
              \(try BuildProducts.path("lastword")) list --store \(agent.store)
              curl http://127.0.0.1:\(agent.port)/readyz
              curl http://127.0.0.1:\(agent.port)/metrics
              ctr -a \(node.paths.socket) -n k8s.io containers ls
              tail -f \(agent.logFile)
            """)
        try await TerminationSignal.wait()
    }

    private func show(_ agent: AgentProcess, _ arguments: [String]) async throws {
        print("\n$ lastword \(arguments.joined(separator: " "))")
        let result = try await agent.lastword(arguments)
        print(result.text, terminator: "")
        guard result.succeeded else { throw RigError.failed("lastword failed: \(result.errorText)") }
    }

    private func say(_ text: String) {
        print("\n==> \(text)")
        fflush(nil)
    }

    /// The error of `body`, so that cleaning up comes first.
    private static func outcome(_ body: () async throws -> Void) async -> (any Error)? {
        do {
            try await body()
            return nil
        } catch {
            return error
        }
    }
}

private enum ProcessInfo {
    static func isSet(_ name: String) -> Bool {
        getenv(name).map { String(cString: $0) }.map { !$0.isEmpty && $0 != "0" } ?? false
    }
}
