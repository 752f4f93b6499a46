// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// Containers and pods that scenarios are made of.
enum Sample {
    /// 64 hex digits, as containerd makes them.
    static func id(_ number: Int) -> ContainerID {
        let text = String(number, radix: 16)
        return ContainerID(String(repeating: "0", count: 64 - text.count) + text) ?? firstID
    }

    private static let firstID = id(0)

    static func uid(_ text: String) -> PodUID {
        guard let uid = PodUID(text) else { preconditionFailure("empty UID in a test") }
        return uid
    }

    static let pod = uid("f17d02b7-e656-47a7-99a0-09b68d082924")

    static func record(
        _ id: ContainerID, name: String = "debugger-x7k2p", pod: String = "web-1", uid: PodUID = Sample.pod,
        namespace: String = "default", attempt: Int = 0, target: ContainerID? = nil
    ) -> ContainerDescription {
        var record = ContainerDescription(id: id, isSandbox: false, witness: .containerRecord)
        record.namespace = namespace
        record.pod = pod
        record.podUID = uid
        record.container = name
        record.attempt = attempt
        record.image = "docker.io/library/busybox:1.36"
        record.imageDigest = "sha256:b8fd"
        record.command = ["sh", "-c", "exit 42"]
        record.logPath = "/var/log/pods/\(namespace)_\(pod)_\(uid)/\(name)/\(attempt).log"
        record.createdAt = TrackerDriver.at(0)
        record.runtime = "containerd"
        record.joinsTarget = target != nil
        record.targetContainerID = target?.rawValue
        return record
    }

    /// What containerd's lines about a container and its sandbox say of it.
    static func line(
        _ id: ContainerID, name: String = "debugger-x7k2p", pod: String = "web-1", uid: PodUID = Sample.pod,
        attempt: Int = 0
    ) -> ContainerDescription {
        var line = ContainerDescription(id: id, isSandbox: false, witness: .journal)
        line.namespace = "default"
        line.pod = pod
        line.podUID = uid
        line.container = name
        line.sandboxID = "9a3c"
        line.attempt = attempt
        line.createdAt = TrackerDriver.at(0.2)
        return line
    }

    static func sandbox(_ id: ContainerID, uid: PodUID = Sample.pod) -> ContainerDescription {
        var record = ContainerDescription(id: id, isSandbox: true, witness: .containerRecord)
        record.podUID = uid
        return record
    }

    static func facts(
        _ containers: [PodContainer], version: UInt64, uid: PodUID = Sample.pod, namespace: String = "default",
        name: String = "web-1"
    ) -> PodFacts {
        var facts = PodFacts(uid: uid, namespace: namespace, name: name)
        facts.version = version
        facts.phase = "Running"
        facts.containers = containers
        return facts
    }

    static func regular(_ name: String = "nginx") -> PodContainer { PodContainer(name: name, kind: .regular) }

    static func ephemeral(
        _ name: String = "debugger-x7k2p", target: String? = "nginx", status: PodContainerStatus? = nil
    ) -> PodContainer {
        var container = PodContainer(name: name, kind: .ephemeral)
        container.debugMode = .ephemeral
        container.image = "busybox:1.36"
        container.targetContainer = target
        container.status = status
        return container
    }

    static func waiting(_ reason: String, _ message: String? = nil) -> PodContainerStatus {
        var status = PodContainerStatus()
        status.state = .waiting(reason: reason, message: message)
        return status
    }

    static func running(_ id: ContainerID, since seconds: Double) -> PodContainerStatus {
        var status = PodContainerStatus()
        status.containerID = id
        status.state = .running(startedAt: TrackerDriver.at(seconds))
        return status
    }

    static func terminated(
        _ id: ContainerID?, _ code: Int, _ reason: String, from start: Double? = nil, to end: Double? = nil
    ) -> PodContainerStatus {
        var termination = PodTermination(exitCode: code)
        termination.reason = reason
        termination.startedAt = start.map { TrackerDriver.at($0) }
        termination.finishedAt = end.map { TrackerDriver.at($0) }
        termination.containerID = id
        var status = PodContainerStatus()
        status.containerID = id
        status.state = .terminated(termination)
        return status
    }

    static func exited(
        _ id: ContainerID, _ code: Int, _ reason: String, from start: Double?, to end: Double?, message: String? = nil
    ) -> RuntimeStatus {
        var status = RuntimeStatus(id: id, state: .exited)
        status.createdAt = TrackerDriver.at(0)
        status.startedAt = start.map { TrackerDriver.at($0) }
        status.finishedAt = end.map { TrackerDriver.at($0) }
        status.exitCode = code
        status.reason = reason
        status.message = message
        return status
    }

    static func tail(_ text: String, pinnedBy: PinnedBy = .hardlink) -> CapturedTail {
        let bytes = Array(text.utf8)
        let frames = [OutputFrame(stream: .stdout, time: nil, length: bytes.count)]
        let summary = OutputSummary(
            bytes: bytes.count, totalBytes: bytes.count, truncated: false, lossy: false, streams: ["stdout"],
            sha256: Digest(of: bytes), framesSHA256: Digest(of: OutputFrameCoding.encode(frames)), pinnedBy: pinnedBy)
        return CapturedTail(bytes: bytes, frames: frames, summary: summary)
    }
}

extension TrackerDriver {
    /// A node on which this debug container has a record and an output.
    mutating func place(_ record: ContainerDescription, output: String = "finding: connection pool exhausted\n") {
        records[record.id] = record
        tails[record.id] = Sample.tail(output)
    }

    /// `/tasks/create`, `/tasks/start`.
    mutating func start(_ id: ContainerID, at seconds: Double = 0.5) {
        tell(.taskCreated(id, pid: 24_987, at: Self.at(seconds - 0.02)), at: seconds - 0.02)
        tell(.taskStarted(id, pid: 24_987, at: Self.at(seconds)), at: seconds)
    }

    mutating func exit(_ id: ContainerID, _ code: Int, at seconds: Double) {
        tell(.taskExited(id, TaskExit(exitCode: code, exitedAt: Self.at(seconds), at: Self.at(seconds))), at: seconds)
    }

    mutating func delete(_ id: ContainerID, at seconds: Double) {
        tell(.taskDeleted(id, at: Self.at(seconds)), at: seconds)
    }

    /// The kubelet removes container and log.
    mutating func remove(_ id: ContainerID, at seconds: Double) {
        records.removeValue(forKey: id)
        statuses.removeValue(forKey: id)
        tell(.containerRemoved(id, at: Self.at(seconds)), at: seconds)
    }
}
