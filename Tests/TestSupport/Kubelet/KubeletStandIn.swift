// SPDX-License-Identifier: Apache-2.0
import GRPCCore
import Glibc
import SessionRecords

/// Does over CRI what a kubelet does, in its order, with its labels, annotations and files.
///
/// It decides nothing by itself: a test says when a pod is made, a container restarted, a log rotated, a pod deleted.
package actor KubeletStandIn {
    package nonisolated let paths: NodePaths
    nonisolated let runtime: RuntimeCalls
    private var imageIDs: [String: String]
    private var containersByPod: [String: [RunningContainer]] = [:]
    /// The end of each pod's queue of starts.
    private var starts: [String: Task<Void, Never>] = [:]

    init(paths: NodePaths, connection: RuntimeConnection, images: [BuiltImage]) {
        self.paths = paths
        runtime = RuntimeCalls(connection: connection)
        imageIDs = Dictionary(images.map { ($0.name, $0.id) }) { first, _ in first }
    }

    /// An image that was imported later: containers may ask for it by this name.
    package func know(image name: String, id: String) {
        imageIDs[name] = id
    }

    // MARK: Pods and containers

    /// Makes the pod's log directory and its sandbox; no container yet.
    package func runPod(_ specification: PodSpecification) async throws -> RunningPod {
        let configuration = PodConfiguration(paths: paths, pod: specification)
        try Files.makeDirectories(configuration.logDirectory)
        let sandbox = try await runtime.runPodSandbox(try configuration.sandbox())
        containersByPod[specification.uid] = []
        return RunningPod(
            specification: specification, sandboxID: sandbox, logDirectory: configuration.logDirectory,
            createdAt: Self.now())
    }

    /// Makes a pod with one container of its own, `nginx`, that waits: the target of most sessions.
    package func runTargetPod(
        _ specification: PodSpecification, container: ContainerSpecification = .waiting()
    ) async throws -> (pod: RunningPod, target: RunningContainer) {
        let pod = try await runPod(specification)
        return (pod, try await startContainer(container, in: pod))
    }

    /// Creates and starts a container. One that cannot be started is kept, as a kubelet keeps it; `startFailure` says why.
    ///
    /// Within a pod one start follows the other, as in a kubelet's pod worker: the pod's containers share a shim, and
    /// containerd 1.6's needs seconds per start when fifty come at once.
    /// - Throws: if it cannot even be created, for instance because there is no such image.
    package func startContainer(
        _ specification: ContainerSpecification, in pod: RunningPod, kind: RunningContainer.Kind = .regular,
        attempt: Int = 0
    ) async throws -> RunningContainer {
        let before = starts[pod.uid]
        // A task, so that the next in the queue can wait for this one without knowing who asked for it.
        let start = Task {
            await before?.value
            return try await createAndStart(specification, in: pod, kind: kind, attempt: attempt)
        }
        starts[pod.uid] = Task { _ = await start.result }
        return try await start.value
    }

    private func createAndStart(
        _ specification: ContainerSpecification, in pod: RunningPod, kind: RunningContainer.Kind, attempt: Int
    ) async throws -> RunningContainer {
        var target: ContainerID?
        if let name = specification.target {
            guard let found = containers(of: pod).last(where: { $0.name == name }) else {
                throw RigError.failed("pod \(pod.specification.name) has no container \(name) to target")
            }
            target = found.id
        }
        let configuration = PodConfiguration(paths: paths, pod: pod.specification)
        try Files.makeDirectories("\(pod.logDirectory)/\(specification.name)")
        let text = try await runtime.createContainer(
            try configuration.container(
                specification, attempt: attempt, imageID: imageIDs[specification.image] ?? specification.image,
                target: target, terminationLog: try makeTerminationLog(specification, pod: pod)), in: pod.sandboxID,
            try configuration.sandbox())
        guard let id = ContainerID(text) else { throw RigError.failed("the runtime named a container \(text)") }
        let container = try await start(id, specification, in: pod, kind: kind, attempt: attempt)
        containersByPod[pod.uid, default: []].append(container)
        return container
    }

    /// The same for an ephemeral container: `specification.target` names the container whose PID namespace it joins.
    package func startEphemeralContainer(
        _ specification: ContainerSpecification, in pod: RunningPod
    ) async throws -> RunningContainer {
        try await startContainer(specification, in: pod, kind: .ephemeral)
    }

    private func start(
        _ id: ContainerID, _ specification: ContainerSpecification, in pod: RunningPod, kind: RunningContainer.Kind,
        attempt: Int
    ) async throws -> RunningContainer {
        let logPath = "\(pod.logDirectory)/\(specification.name)/\(attempt).log"
        let podName = "\(pod.specification.name)_\(pod.specification.namespace)"
        let linkPath = "\(paths.containerLogs)/\(podName)_\(specification.name)-\(id).log"
        var pid: Int32?
        var failure: String?
        do {
            try await runtime.startContainer(id)
            // The kubelet makes the link only now and only to a log that is there.
            if Files.exists(logPath) { symlink(logPath, linkPath) }
            pid = try await runtime.pid(id)
        } catch let error as RPCError where error.code != .unavailable && error.code != .deadlineExceeded {
            failure = error.message
        }
        return RunningContainer(
            id: id, pod: pod, specification: specification, kind: kind, attempt: attempt, logPath: logPath,
            linkPath: linkPath, pid: pid, startFailure: failure)
    }

    /// Runs a container again as the kubelet does for one with a restart policy: attempt N + 1, a log of its own; the dead
    /// run before (N) is kept, the one before that (N − 1) goes. A container still running is stopped first.
    package func restartContainer(_ container: RunningContainer, grace: Int64 = 30) async throws -> RunningContainer {
        try await runtime.stopContainer(container.id, seconds: grace)
        for old in containers(of: container.pod)
        where old.name == container.name && old.attempt < container.attempt {
            try await removeContainer(old)
        }
        return try await startContainer(
            container.specification, in: container.pod, kind: container.kind, attempt: container.attempt + 1)
    }

    /// The containers made in a pod and not yet removed, in the order of their making.
    package func containers(of pod: RunningPod) -> [RunningContainer] {
        containersByPod[pod.uid] ?? []
    }

    /// Files on the host that stand behind `/dev/termination-log`.
    private func makeTerminationLog(_ specification: ContainerSpecification, pod: RunningPod) throws -> String {
        let directory = "\(paths.kubeletPods)/\(pod.uid)/containers/\(specification.name)"
        try Files.makeDirectories(directory)
        let path = "\(directory)/\(String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16))"
        try Files.write("", to: path, mode: 0o666)
        return path
    }

    // MARK: Looking and acting

    /// Nil if the runtime does not know the container (any more).
    package nonisolated func status(_ container: RunningContainer) async throws -> RuntimeStatus? {
        try await runtime.status(container.id)
    }

    /// Waits until CRI calls the container exited.
    package nonisolated func waitForExit(
        _ container: RunningContainer, limit: Duration = .seconds(60)
    ) async throws -> RuntimeStatus {
        // A look at the process costs nothing; each question to the runtime costs a message on a limited connection.
        if let pid = container.pid {
            try await waitUntil(limit: limit, every: .milliseconds(2), "process \(pid) of \(container.name) ends") {
                Glibc.kill(pid, 0) != 0
            }
        }
        return try await waitFor(limit: limit, every: .milliseconds(25), "\(container.name) is exited") {
            guard let status = try await runtime.status(container.id) else {
                throw RigError.failed("the runtime does not know \(container.name) (\(container.id))")
            }
            return status.state == .exited ? status : nil
        }
    }

    /// Runs a command in a container and waits for it (CRI ExecSync); to the runtime an exec of its own id.
    package nonisolated func exec(
        _ container: RunningContainer, _ command: [String], seconds: Int64 = 30
    ) async throws -> ExecResult {
        try await runtime.execSync(container.id, command, seconds: seconds)
    }

    /// Types into a container with `stdin`: into the FIFO that the runtime would feed from an attached client. With a `tty`
    /// the terminal echoes what is typed, so that it is in the log.
    package nonisolated func type(_ text: String, into container: RunningContainer) throws {
        let streams = "\(paths.state)/io.containerd.grpc.v1.cri/containers/\(container.id)/io"
        let name = "/\(container.id)-stdin"
        guard let fifo = Files.names(in: streams).map({ streams + "/" + $0 + name }).first(where: Files.exists) else {
            throw RigError.failed("\(container.name) has no standard input")
        }
        let file = open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw RigError.system("cannot open \(fifo)") }
        defer { close(file) }
        try Files.writeAll(Array(text.utf8), to: file, named: fifo)
    }

    /// Signals a container's process from the node. It needs no runtime, so it works while containerd is down.
    ///
    /// A process 1 that has no handler for a signal ignores it, but for SIGKILL and SIGSTOP; one in its target's namespace
    /// is not process 1.
    package nonisolated func kill(_ container: RunningContainer, signal: Int32) throws {
        guard let pid = container.pid, Glibc.kill(pid, signal) == 0 else {
            throw RigError.failed("\(container.name) has no process to signal")
        }
    }

    /// Stops a container in the kubelet's way: TERM, after `grace` seconds KILL.
    package nonisolated func stop(_ container: RunningContainer, grace: Int64 = 30) async throws {
        try await runtime.stopContainer(container.id, seconds: grace)
    }

    /// Forgets a container that was removed, or a whole pod.
    func forget(_ container: RunningContainer) {
        containersByPod[container.pod.uid]?.removeAll { $0.id == container.id }
    }

    func forget(_ pod: RunningPod) {
        containersByPod[pod.uid] = nil
        starts[pod.uid] = nil
    }

    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanos: Int64(time.tv_nsec)) ?? Timestamp(nanoseconds: 0)
    }
}
