// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import ArgumentParser
import Glibc
import SessionRecords
import SessionTracking
import TestSupport

/// The main job, really running: a debug container starts, prints, exits with 42, its pod is deleted at once, and node and
/// collector still tell everything.
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plays one kubectl debug session on a private containerd and shows what Lastword keeps of it.",
        discussion:
            "The agent delivers to a collector over TLS, with a token for its node. With DEMO_HOLD=1 in the environment everything stays up until Ctrl-C, for looking around."
    )

    @Option(help: "Seconds that the session lasts.")
    var seconds = 10

    mutating func run() async throws {
        TerminationSignal.catchSignals()
        let scratch = try ScratchDirectory()
        say("Starting a private containerd, an API server stand-in, a collector and the agent in \(scratch.path)")
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
        let collector = try await DemoCollector.start(in: try scratch.directory("collector"))
        var options = AgentProcess.Options(
            server: PodServer(url: server.url, tokenPath: server.tokenPath, caPath: server.caPath))
        options.flags = collector.agentFlags
        let agent = try AgentProcess(paths: node.paths, directory: try scratch.directory("agent"), options: options)
        let failure = await Self.outcome {
            try await agent.start()
            try await session(node, server, agent, collector)
            if ProcessInfo.isSet("DEMO_HOLD") { try await hold(node, agent, collector) }
        }
        if let failure {
            say("The agent's last words:\n\(agent.logTail)\nThe collector's:\n\(collector.process.logTail)\n\(failure)")
        }
        _ = try await agent.stop()
        await server.close()
        if failure == nil {
            say("The agent is stopped; its store still answers:")
            try await show(agent, ["list"])
            say("And so does the collector:")
            try await show(collector, ["list"])
        }
        try await collector.stop()
        if let failure { throw failure }
    }

    private func session(
        _ node: RigNode, _ server: APIServerStandIn, _ agent: AgentProcess, _ collector: DemoCollector
    ) async throws {
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

        try await waitUntil(limit: .seconds(30), "the collector has it all") {
            let listed = try await collector.lastword(["list", "-o", "jsonl"])
            return listed.text.contains("\"sealedBy\"") && listed.text.contains("\"deletedAt\"")
        }
        say("Meanwhile the agent has delivered it. From anywhere, with a reader's token:")
        print(collector.exports)
        try await show(collector, ["nodes"])
        try await show(collector, ["list", "--search", "pool exhausted"])
        try await show(collector, ["logs", "default/debug-target/\(debugger.name)"])
        if let receiver = collector.receiver {
            try await waitUntil(limit: .seconds(30), "rsyslog has it, too") {
                try !receiver.messages("session.ended").isEmpty
            }
            say("And the collector has told a SIEM. What a real rsyslog received over TLS (RFC 5424):")
            try receiver.messages("session.ended").forEach { print($0) }
        }
        say("On the node, the ledger against what the collector has of it:")
        try await show(collector, ["verify", "--no-journal", "--store", agent.store])
    }

    private func hold(_ node: RigNode, _ agent: AgentProcess, _ collector: DemoCollector) async throws {
        let lastword = try BuildProducts.path("lastword")
        say(
            """
            Everything stays up until Ctrl-C. In a browser (its certificate is the demo's own: \(collector.process.identity.authority))
              \(collector.process.url)/
            and sign in with the token in \(collector.readerToken). Look around with
              \(lastword) list --store \(agent.store)
              \(lastword) status --store \(agent.store)
            \(collector.exports.split(separator: "\n").map { "  " + $0.dropFirst(2) }.joined(separator: "\n"))
              \(lastword) list
              \(lastword) verify --store \(agent.store)
              curl --cacert \(collector.process.identity.authority) -H "Authorization: Bearer $(cat \(collector.readerToken))" \
            \(collector.process.url)/v1/sessions
              curl --cacert \(collector.process.identity.authority) \(collector.process.url)/openapi.json
              tail -f \(collector.process.logFile)\(collector.receiver.map { "\n  tail -f \($0.file)" } ?? "")
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

    private func show(_ collector: DemoCollector, _ arguments: [String]) async throws {
        let typed = arguments.map { $0.contains(" ") ? "'\($0)'" : $0 }
        print("\n$ lastword \(typed.joined(separator: " "))")
        let result = try await collector.lastword(arguments)
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
