// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import AgentStore
import FoundationEssentials
import Glibc
import SessionRecords
import SessionTracking
import Synchronization
import TestSupport
import Testing

/// A node with the real agent on it, to be damaged: containerd, kubelet and API server stand-ins, `lastword-agent`.
///
/// `run` gives it to a test and takes everything down again, whatever the test did.
final class FaultNode: Sendable {
    let rig: RigNode
    /// Nil: the agent has no pod source.
    let server: APIServerStandIn?
    let agent: AgentProcess
    let scratch: ScratchDirectory
    let pinDirectory: String
    private let pods = Mutex<[RunningPod]>([])

    /// What is chosen about a node.
    struct Options: Sendable {
        /// A containerd of the test's own: for a test that stops it, or counts what is on it.
        var ownRuntime = false
        /// Where that one keeps its data; nil for a directory of its own.
        var directory: String?
        /// With a journald of its own that containerd logs into and the agent reads; needs `ownRuntime`.
        var withJournal = false
        var hasServer = true
        /// Start the agent and wait until it is ready.
        var starts = true
        /// Further flags of the agent.
        var flags: [String] = []
        /// Where the store is; nil for a scratch directory.
        var store: String?
        var pinDirectory: String?

        init(_ change: (inout Options) -> Void = { _ in }) {
            change(&self)
        }
    }

    /// The containerd of all tests here that leave it alone.
    private static let shared = Task { try await RigNode.start() }

    /// Runs a test on a node. An error comes with the agent's last words.
    static func run(_ options: Options = Options(), _ body: (FaultNode) async throws -> Void) async throws {
        let rig =
            options.ownRuntime
            ? try await RigNode.start(directory: options.directory, withJournal: options.withJournal)
            : try await shared.value
        let node = try await FaultNode(rig, options)
        var failure: (any Error)?
        do {
            if options.starts { try await node.agent.start() }
            try await body(node)
        } catch {
            failure = RigError.failed("\(error)\nthe agent's last words:\n\(node.agent.logTail)")
        }
        await node.close(teardown: options.ownRuntime)
        if let failure { throw failure }
    }

    private init(_ rig: RigNode, _ options: Options) async throws {
        self.rig = rig
        scratch = try ScratchDirectory()
        server = options.hasServer ? try APIServerStandIn() : nil
        try await server?.start()
        // Each agent on the shared containerd has pins of its own.
        pinDirectory =
            options.pinDirectory
            ?? (options.ownRuntime
                ? rig.paths.pins : "\(rig.paths.log)/.lastword/pins-\(UInt32.random(in: 0 ... .max))")
        var agentOptions = AgentProcess.Options(
            server: server.map { PodServer(url: $0.url, tokenPath: $0.tokenPath, caPath: $0.caPath) })
        agentOptions.flags = options.flags
        agentOptions.journal = rig.journal
        if pinDirectory != rig.paths.pins { agentOptions.flags += ["--logs-pin-directory", pinDirectory] }
        agent = try AgentProcess(
            paths: rig.paths, directory: try scratch.directory("agent"), options: agentOptions, store: options.store)
    }

    /// Ends what is left of the test; every step is tried, and what fails is an issue of the test.
    private func close(teardown: Bool) async {
        agent.process?.resume()
        rig.containerd.resume()
        await attempt("stop the agent") { _ = try await agent.stop() }
        if teardown {
            await attempt("take the node down") { try await rig.teardown() }
            #expect(rig.leftovers() == [])
        } else {
            for pod in pods.withLock({ $0 }) {
                await attempt("delete pod \(pod.specification.name)") {
                    try await rig.kubelet.deletePod(pod, grace: 0)
                }
            }
            Files.removeTree(pinDirectory)
        }
        await server?.close()
    }

    private func attempt(_ what: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch {
            Issue.record("cannot \(what): \(error)")
        }
    }

    // MARK: What happens on the node

    /// Prints, and waits for SIGTERM, which it answers with a last word and exit code 42. It can be ended while
    /// containerd is down: `finish`.
    static let waiting =
        "trap 'echo last word; exit 42' TERM; echo 'finding: pool exhausted'; while :; do sleep 0.1; done"
    static let waitingOutput = "finding: pool exhausted\nlast word\n"

    var kubelet: KubeletStandIn { rig.kubelet }

    /// A pod with one container, nginx, known to the API server.
    func makePod(_ name: String = "web") async throws -> RunningPod {
        let specification = PodSpecification(name: "\(name)-\(ContainerSpecification.randomSuffix())")
        let (pod, _) = try await kubelet.runTargetPod(specification)
        pods.withLock { $0.append(pod) }
        try await publish(pod)
        return pod
    }

    /// Tells the API server how the pod is.
    func publish(_ pod: RunningPod) async throws {
        try server?.put(podJSON: try await kubelet.manifest(of: pod).text)
    }

    /// `kubectl debug --target=nginx … -- sh -c SHELL`.
    func debug(_ shell: String = FaultNode.waiting, in pod: RunningPod) async throws -> RunningContainer {
        let debugger = ContainerSpecification.debugger(shell: shell, target: "nginx")
        if let server {
            var asked = try await kubelet.manifest(of: pod)
            asked.entries.append(PodManifest.Entry(debugger, kind: .ephemeral))
            asked.ephemeralAt = AgentClock.system.now().wall
            try server.put(podJSON: asked.text)
        }
        let container = try await kubelet.startEphemeralContainer(debugger, in: pod)
        if shell == Self.waiting {
            // Sooner it has no handler for the signal yet.
            try await waitUntil("the session has begun") {
                try Files.exists(container.logPath) && Files.text(container.logPath).contains("finding")
            }
        }
        try await publish(pod)
        return container
    }

    /// Ends a `waiting` session, without the runtime.
    func finish(_ container: RunningContainer) async throws {
        let pid = try #require(container.pid)
        try kubelet.kill(container, signal: SIGTERM)
        try await waitUntil("process \(pid) ends") { kill(pid, 0) != 0 }
    }

    /// Deletes a pod from the API and from the node, faster than any kubelet.
    func delete(_ pod: RunningPod) async throws {
        _ = try server?.delete(uid: pod.uid)
        try await kubelet.deletePod(pod, grace: 0)
        pods.withLock { $0.removeAll { $0.uid == pod.uid } }
    }

    // MARK: What the agent says

    /// The store, read as the command line reads it.
    func reading<Result>(_ body: (StoreReader) throws -> Result) throws -> Result {
        let reader = try StoreReader(directory: agent.store)
        let result = Swift.Result { try body(reader) }
        try reader.close()
        return try result.get()
    }

    /// Nil also while there is no store that can be read: it is just being made, or replaced.
    func stored(_ container: RunningContainer) throws -> Session? {
        try stored(container.id)
    }

    func stored(_ id: ContainerID) throws -> Session? {
        do {
            return try reading { try $0.session(SessionID(container: id)) }
        } catch let error as LastwordError
            where ["store.missing", "store.older-schema", "store.corrupt", "store.busy"].contains(error.code)
        {
            return nil
        }
    }

    /// Waits until the record is as wanted.
    @discardableResult
    func wait(
        for container: RunningContainer, limit: Duration = .seconds(90), _ what: String,
        _ condition: (Session) -> Bool
    ) async throws -> Session {
        try await wait(for: container.id, limit: limit, what, condition)
    }

    @discardableResult
    func wait(
        for id: ContainerID, limit: Duration = .seconds(90), _ what: String, _ condition: (Session) -> Bool
    ) async throws -> Session {
        var last: Session?
        do {
            return try await waitFor(limit: limit, every: .milliseconds(30), what) {
                last = try stored(id)
                return last.flatMap { condition($0) ? $0 : nil }
            }
        } catch let error as LastwordError where error.code == "rig.timeout" {
            throw RigError.failed("\(error.message); the record: \(last?.json.compact ?? "none")")
        }
    }

    /// Waits until the end is told, with the output.
    @discardableResult
    func waitForEnd(of container: RunningContainer, limit: Duration = .seconds(90)) async throws -> Session {
        try await wait(for: container, limit: limit, "the session is sealed") { $0.sealedAt != nil }
    }

    /// Waits until the log has its pin: from then on it survives.
    func waitForPin(of container: RunningContainer) async throws {
        try await waitUntil("the log of \(container.name) is pinned") { isPinned(container) }
    }

    func isPinned(_ container: RunningContainer) -> Bool {
        Files.names(in: pinDirectory).contains { $0.hasPrefix(container.id.rawValue) }
    }

    /// What the session printed, by `lastword logs`.
    func output(of container: RunningContainer) async throws -> String {
        try await agent.lastword("logs", SessionID(container: container.id).rawValue, "--raw").text
    }

    /// The session by `lastword list -o jsonl`: what a person gets to see.
    func listed(_ container: RunningContainer) async throws -> Session {
        let lines = try await listing().filter { $0.containerID == container.id }
        #expect(lines.count == 1)
        return try #require(lines.first)
    }

    func listing() async throws -> [Session] {
        let answer = try await agent.lastword("list", "-A", "-o", "jsonl")
        return try answer.text.split(separator: "\n").map {
            try JSONDecoder().decode(Session.self, from: Data($0.utf8))
        }
    }

    /// The types of the session's entries, in ledger order.
    func told(_ container: RunningContainer) throws -> [String] {
        let id = SessionID(container: container.id)
        return try entries().filter { $0.session == id }.map(\.type)
    }

    func entries() throws -> [LedgerEntry] {
        try reading { try $0.entries(from: 1, limit: 100_000) }
    }

    func gaps(_ source: String) throws -> [Gap] {
        try reading { try $0.gaps() }.filter { $0.source == source }
    }

    func waitForClosedGap(_ source: String, count: Int = 1) async throws {
        try await waitUntil(limit: .seconds(90), every: .milliseconds(30), "\(count) gaps of \(source) are closed") {
            let gaps = try gaps(source)
            return gaps.count >= count && gaps.allSatisfy { $0.closedAt != nil }
        }
    }

    /// `/readyz`; nil if nobody answers.
    func readiness() throws -> Readiness? {
        guard let answer = HTTPProbe.get(port: agent.port, path: "/readyz") else { return nil }
        var readiness = try JSONDecoder().decode(Readiness.self, from: Data(answer.body.utf8))
        readiness.status = answer.status
        return readiness
    }

    /// Waits until `/readyz` says of a part what is wanted.
    @discardableResult
    func wait(
        for part: String, toBe state: String, limit: Duration = .seconds(60)
    ) async throws -> Readiness {
        try await waitFor(limit: limit, every: .milliseconds(50), "/readyz says that \(part) is \(state)") {
            guard let readiness = try readiness(), readiness[part]?.state == state else { return nil }
            return readiness
        }
    }

    // MARK: What must hold

    /// After any fault: one end told of each session and at most one start, before it; the chain verifies; no gap is
    /// left open.
    func expectSound(
        _ containers: [RunningContainer], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        for container in containers {
            let told = try told(container)
            #expect(told.count { $0 == "session.ended" } == 1, "\(told)", sourceLocation: sourceLocation)
            #expect(told.count { $0 == "session.started" } <= 1, "\(told)", sourceLocation: sourceLocation)
            #expect(told.lastIndex(of: "session.started") ?? 0 == 0, "\(told)", sourceLocation: sourceLocation)
            let revisions = try toldRevisions(container)
            #expect(revisions == Set(revisions).sorted(), sourceLocation: sourceLocation)
        }
        let verified = try await agent.lastword("verify")
        #expect(verified.succeeded, "\(verified.text)\(verified.errorText)", sourceLocation: sourceLocation)
        let open = try reading { try $0.status() }.openGaps
        #expect(open == [], sourceLocation: sourceLocation)
    }

    /// Of these sessions nothing is held any more: neither a link nor a descriptor.
    func expectNothingHeld(
        of containers: [RunningContainer], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        do {
            try await waitUntil(limit: .seconds(20), "nothing is held") { held(of: containers).isEmpty }
        } catch {
            #expect(held(of: containers) == [], sourceLocation: sourceLocation)
        }
    }

    private func held(of containers: [RunningContainer]) -> [String] {
        containers.flatMap { container in
            Files.names(in: pinDirectory).filter { $0.hasPrefix(container.id.rawValue) }
                + heldDescriptors().filter { $0.contains("/\(container.name)/") }
        }
    }

    /// The log files that the agent's process has open.
    func heldDescriptors() -> [String] {
        guard let pid = agent.process?.pid else { return [] }
        return Files.names(in: "/proc/\(pid)/fd").compactMap { ProcessTable.link("/proc/\(pid)/fd/\($0)") }
            .filter { $0.hasPrefix(rig.paths.podLogs + "/") }
    }

    private func toldRevisions(_ container: RunningContainer) throws -> [Int] {
        struct Entry: Decodable {
            struct Content: Decodable { let revision: Int }
            let session: Content
        }
        let id = SessionID(container: container.id)
        return try entries().filter { $0.session == id }.map { entry in
            try JSONDecoder().decode(Entry.self, from: Data(entry.bytes)).session.revision
        }
    }
}

/// What `/readyz` answers.
struct Readiness: Decodable, Sendable {
    struct Part: Decodable, Sendable {
        let part: String
        let state: String
        let required: Bool
        let reason: String?
    }

    private enum CodingKeys: String, CodingKey {
        case ready, parts
    }

    let ready: Bool
    let parts: [Part]
    /// Of the HTTP answer.
    var status = 0

    subscript(_ name: String) -> Part? { parts.first { $0.part == name } }
}
