// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import AgentStore
import FoundationEssentials
import SessionRecords
import SessionTracking
import Synchronization
import TestSupport
import Testing

/// A node as a test of sessions sees it: a private containerd, the kubelet stand-in, the API server stand-in, and the
/// real agent on them.
///
/// Tests share one, each with pods of its own (`DebugNodeTrait`). Pods that a test leaves are deleted with the node.
final class DebugNode: Sendable {
    @TaskLocal static var current: DebugNode?

    /// The one that the suite has started.
    static var running: DebugNode {
        get throws { try #require(current, "the suite has no node: give it the trait .debugNode") }
    }

    let rig: RigNode
    let server: APIServerStandIn
    let agent: AgentProcess
    private let scratch: ScratchDirectory
    private let reader: StoreReader
    private let pods = Mutex<[String: (pod: RunningPod, creator: String)]>([:])

    var kubelet: KubeletStandIn { rig.kubelet }

    private init(
        rig: RigNode, server: APIServerStandIn, agent: AgentProcess, scratch: ScratchDirectory, reader: StoreReader
    ) {
        self.rig = rig
        self.server = server
        self.agent = agent
        self.scratch = scratch
        self.reader = reader
    }

    /// Starts it all and waits until the agent watches the pods.
    ///
    /// - Parameter flags: of the agent, beside those of every test.
    static func start(flags: [String] = []) async throws -> DebugNode {
        let scratch = try ScratchDirectory()
        let rig = try await RigNode.start()
        let server = try APIServerStandIn()
        do {
            try await server.start()
            var options = AgentProcess.Options(
                server: PodServer(url: server.url, tokenPath: server.tokenPath, caPath: server.caPath))
            options.flags = flags
            let agent = try AgentProcess(paths: rig.paths, directory: scratch.path, options: options)
            try await agent.start()
            try await waitUntil("the agent watches the pods") { server.openWatches > 0 }
            return DebugNode(
                rig: rig, server: server, agent: agent, scratch: scratch,
                reader: try StoreReader(directory: agent.store))
        } catch {
            await server.close()
            try await rig.teardown()
            throw error
        }
    }

    /// Deletes the pods that are left, stops the agent, takes the node down. What is not as it must be afterwards is an
    /// issue: a pin or a session left open, a chain that does not verify, a process, mount or directory left behind.
    func stop() async throws {
        try await withThrowingTaskGroup { group in
            for pod in pods.withLock({ $0.values.map(\.pod) }) { group.addTask { try await self.delete(pod) } }
            try await group.waitForAll()
        }
        await #expect(throws: Never.self, "the agent's last words:\n\(agent.logTail)") {
            try await waitUntil("no pin is left") { Self.pins(in: rig.paths.pins).isEmpty }
            try await waitUntil("no session is open") { try self.open.isEmpty }
        }
        #expect(try await agent.stop() == .exited(0))
        let verified = try await agent.lastword("verify")
        #expect(verified.succeeded, "\(verified.text)\(verified.errorText)")
        try reader.close()
        await server.close()
        try await rig.teardown()
        #expect(rig.leftovers() == [])
    }

    private var open: [Session] {
        get throws {
            var filter = SessionFilter()
            filter.states = [.running, .waiting]
            return try reader.sessions(filter, limit: 100)
        }
    }

    // MARK: Playing

    /// Makes a pod with containers of its own, in the order of a cluster: the API server knows it before the kubelet runs
    /// anything.
    ///
    /// - Parameter creator: the client that made it; `kubectl` for a `--copy-to` pod and a node's debug pod.
    func makePod(
        _ specification: PodSpecification, creator: String = "kubectl-run",
        containers: [ContainerSpecification] = [.waiting()]
    ) async throws -> RunningPod {
        let pod = try await kubelet.runPod(specification)
        pods.withLock { $0[pod.uid] = (pod, creator) }
        try await publish(pod) { manifest in
            manifest.phase = "Pending"
            manifest.entries = containers.map { PodManifest.Entry($0, kind: .regular) }
        }
        for container in containers { _ = try await kubelet.startContainer(container, in: pod) }
        try await publish(pod)
        return pod
    }

    func makePod(_ name: String) async throws -> RunningPod {
        try await makePod(PodSpecification(name: name))
    }

    /// What `kubectl debug` does and then the kubelet: the container appears in the spec, is started, and has a status.
    func play(
        _ debugger: ContainerSpecification, in pod: RunningPod, kind: RunningContainer.Kind = .ephemeral
    ) async throws -> RunningContainer {
        try await publish(pod) { manifest in
            manifest.entries.append(PodManifest.Entry(debugger, kind: kind))
            if kind == .ephemeral { manifest.ephemeralAt = AgentClock.system.now().wall }
        }
        let container = try await kubelet.startContainer(debugger, in: pod, kind: kind)
        try await publish(pod)
        return container
    }

    /// The same, until the container has exited and the API server knows.
    func playToEnd(_ debugger: ContainerSpecification, in pod: RunningPod) async throws -> RunningContainer {
        let container = try await play(debugger, in: pod)
        _ = try await kubelet.waitForExit(container)
        try await publish(pod)
        return container
    }

    /// Brings the pod's status in the API server up to what the runtime says.
    func publish(_ pod: RunningPod, _ change: (inout PodManifest) -> Void = { _ in }) async throws {
        var manifest = try await kubelet.manifest(of: pod)
        manifest.creator = pods.withLock { $0[pod.uid]?.creator } ?? manifest.creator
        change(&manifest)
        try server.put(podJSON: manifest.text)
    }

    /// `kubectl delete pod --force --grace-period=0`: gone from the API server at once, then from the node.
    func delete(_ pod: RunningPod, delays: DeletionDelays = .none) async throws {
        _ = try server.delete(uid: pod.uid)
        pods.withLock { _ = $0.removeValue(forKey: pod.uid) }
        try await kubelet.deletePod(pod, force: true, delays: delays)
    }

    // MARK: Reading

    /// The record of a container once it is as wanted; without a condition: once it is sealed.
    func record(
        of container: RunningContainer, _ what: String = "sealed",
        where holds: (Session) -> Bool = { $0.sealedAt != nil }
    ) async throws -> Session {
        try await record(SessionID(container: container.id), what, where: holds)
    }

    func record(_ id: SessionID, _ what: String, where holds: (Session) -> Bool) async throws -> Session {
        do {
            return try await waitFor(limit: .seconds(30), every: .milliseconds(50), "session \(id) is \(what)") {
                try reader.session(id).flatMap { holds($0) ? $0 : nil }
            }
        } catch {
            let last = try reader.session(id).map { $0.json.compact } ?? "none"
            throw RigError.failed("the record is \(last)\nthe agent's last words:\n\(agent.logTail)", cause: error)
        }
    }

    /// Every row of a pod, also one that nothing has been told of.
    func rows(of pod: RunningPod) throws -> [Session] {
        var filter = SessionFilter()
        filter.pod = pod.specification.name
        filter.includesUnresolved = true
        return try reader.sessions(filter, limit: 1000).filter { $0.podUID?.rawValue == pod.uid }
    }

    func hasRow(_ container: RunningContainer) throws -> Bool {
        try reader.session(SessionID(container: container.id)) != nil
    }

    func output(of session: Session) throws -> CapturedTail {
        try #require(try reader.output(session.id), "no output is kept of \(session.path)")
    }

    /// The output as text; what is not UTF-8 is replaced.
    func text(of session: Session) throws -> String {
        String(decoding: try output(of: session).bytes, as: UTF8.self)
    }

    /// The names in the pin directory that are pins of this container.
    func pins(of container: RunningContainer) -> [String] {
        Self.pins(in: rig.paths.pins).filter { $0.hasPrefix(container.id.rawValue) }
    }

    /// The links in a pin directory; `~` is what only their names have.
    private static func pins(in directory: String) -> [String] {
        Files.names(in: directory).filter { $0.contains("~") }
    }

    /// Runs `lastword`, which must end with 0, and gives what it printed.
    func lastword(_ arguments: String...) async throws -> String {
        let result = try await agent.lastword(arguments)
        #expect(result.succeeded, "lastword \(arguments): \(result.ending) \(result.errorText)")
        return result.text
    }

    /// `lastword list -o json` of one pod name, newest first.
    func listed(pod name: String) async throws -> [Session] {
        let text = try await lastword("list", "--pod", name, "-o", "json")
        return try JSONDecoder().decode([Session].self, from: Data(text.utf8))
    }

    /// The value of a metric without labels; 0 while it is not there.
    func metric(_ name: String) throws -> Int {
        let page = try #require(HTTPProbe.get(port: agent.port, path: "/metrics")).body
        let line = page.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
    }
}
