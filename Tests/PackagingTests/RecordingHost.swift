// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TestSupport
import Testing

/// A booted host with a container runtime: the rig's containerd, whose socket is `/run/containerd` there and whose log
/// directory is `/var/log`, as one mount.
struct RecordingHost: Sendable {
    let host: Host
    let rig: RigNode

    /// - Parameter installed: whether all packages are there, and the agent runs, when `body` begins.
    static func run(installed: Bool = true, _ body: (RecordingHost) async throws -> Void) async throws {
        try await Host.run { host in
            if installed { try await host.installUnbooted() }
            let rig = try await RigNode.start(directory: host.machine.directory + "/node")
            var failure: (any Error)?
            do {
                let node = RecordingHost(host: host, rig: rig)
                try await node.configure(installed)
                try await host.machine.boot(binds: [
                    "\(rig.paths.log):/var/log", "\(rig.paths.runtime):/run/containerd",
                ])
                if installed {
                    try await host.waitUntilActive(.agent)
                    try await host.waitUntilReady(.agent)
                }
                try await body(node)
            } catch {
                failure = error
            }
            // The socket goes with the runtime, and the host's mounts with the host.
            if failure == nil { try await host.machine.shutDown() }
            try await rig.teardown()
            if let failure { throw failure }
        }
    }

    /// What an operator would set: nobody says what pods are, and the runtime calls the log directory by its path here.
    private func configure(_ installed: Bool) async throws {
        if installed { try host.write("pods:\n  source: none\n" + logSettings, to: "/etc/lastword/agent.yaml") }
        let parent = host.machine.path(host.machine.directory + "/node")
        try Files.makeDirectories(parent)
        guard symlink("/var/log", parent + "/log") == 0 else { throw RigError.system("cannot link \(parent)/log") }
    }

    /// For the agent's file.
    var logSettings: String { "logs:\n  podLogsDirectory: \(rig.paths.log)/pods\n" }

    // MARK: Sessions

    func makePod() async throws -> RunningPod {
        try await rig.kubelet.runTargetPod(PodSpecification(name: "web-\(ContainerSpecification.randomSuffix())")).pod
    }

    /// Prints, and waits for SIGTERM, which it answers with a last word and exit code 42.
    static let waiting =
        "trap 'echo last word; exit 42' TERM; echo 'finding: pool exhausted'; while :; do sleep 0.1; done"
    static let waitingOutput = "finding: pool exhausted\nlast word\n"

    /// A session that waits to be ended, once it is pinned.
    func debug(in pod: RunningPod) async throws -> RunningContainer {
        let session = try await rig.kubelet.startEphemeralContainer(
            .debugger(shell: Self.waiting, target: "nginx"), in: pod)
        try await waitUntil("the session has begun") {
            try Files.exists(session.logPath) && Files.text(session.logPath).contains("finding")
        }
        return session
    }

    func isPinned(_ session: RunningContainer) -> Bool {
        Files.names(in: rig.paths.pins).contains { $0.hasPrefix(session.id.rawValue) }
    }

    func waitForPin(of session: RunningContainer) async throws {
        try await waitUntil("the log of \(session.name) is pinned") { isPinned(session) }
    }

    /// Ends a waiting session, without the runtime.
    func finish(_ session: RunningContainer) async throws {
        let pid = try #require(session.pid)
        try rig.kubelet.kill(session, signal: SIGTERM)
        try await waitUntil("process \(pid) ends") { kill(pid, 0) != 0 }
    }

    /// What must hold of the record of a waiting session, however it came to be.
    func expectWhole(_ session: RunningContainer, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let record = try await host.waitForEnd(of: session)
        #expect(record.output?.pinnedBy == .hardlink, sourceLocation: sourceLocation)
        #expect(record.output?.truncated == false && record.output?.lossy == false, sourceLocation: sourceLocation)
        #expect(try await host.output(of: session) == Self.waitingOutput, sourceLocation: sourceLocation)
        try await waitUntil("the pin of \(session.name) is released") { !isPinned(session) }
    }
}
