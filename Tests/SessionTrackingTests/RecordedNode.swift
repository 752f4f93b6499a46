// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import SessionTracking

/// What a real node told in one scenario (`Fixtures/README.md`), as observations.
struct RecordedNode {
    let observations: [Observation]
    let containers: [ContainerID]
    let execExits: Int

    static let scenarios = [
        "1-attach", "1b-log-format", "3-profiles", "5-status", "a-20-sessions", "b-pod-deletion", "c-kubelet-restart",
        "d-rotation", "f-gc-max-dead-0", "g-containerd-restart", "g-containerd-restart-after",
        "h-delete-stubborn-default-grace",
    ]

    init(scenario: String) throws {
        var observations: [Observation] = []
        var ids: Set<ContainerID> = []
        var execExits = 0
        for line in try Self.lines("events/\(scenario).txt") {
            guard let event = try RecordedEvent(line) else { continue }
            if let id = event.container { ids.insert(id) }
            guard let fact = event.fact else {
                if event.topic == "/tasks/exit" { execExits += 1 }
                continue
            }
            observations.append(Self.observed(fact, at: event.at))
        }
        var pods: [PodUID: PodFacts] = [:]
        let end = observations.map(\.receipt.wall).max() ?? TrackerDriver.epoch
        for line in try Self.lines("containers.jsonl") {
            let container = try JSONDecoder().decode(RecordedContainer.self, from: Data(line.utf8))
            guard let record = container.record, ids.contains(record.id) else { continue }
            observations.append(Self.observed(.container(record), at: record.createdAt ?? end))
            container.add(to: &pods)
        }
        for line in try Self.lines("statuses.jsonl") {
            let status = try JSONDecoder().decode(RecordedStatus.self, from: Data(line.utf8))
            guard let status = status.status, ids.contains(status.id) else { continue }
            observations.append(Self.observed(.containerStatus(status), at: status.finishedAt ?? end))
        }
        for version in 0...6 {
            guard let url = Self.url("pods/\(scenario)-\(version).json") else { continue }
            let facts = try JSONDecoder().decode(RecordedPod.self, from: Data(contentsOf: url)).facts
            pods.removeValue(forKey: facts.uid)
            observations.append(Self.observed(.pod(facts), at: end))
        }
        for facts in pods.values.sorted(by: { $0.uid < $1.uid }) {
            observations.append(Self.observed(.pod(facts), at: TrackerDriver.epoch))
            if scenario == "b-pod-deletion" {
                observations.append(Self.observed(.podDeleted(facts.uid, at: end), at: end))
            }
        }
        self.observations = observations
        containers = ids.sorted()
        self.execExits = execExits
    }

    private static func observed(_ fact: Fact, at: Timestamp) -> Observation {
        let wall = at.advanced(byNanoseconds: 1_000_000)
        return Observation(
            fact, receipt: Receipt(wall: wall, boottime: wall.nanoseconds(since: TrackerDriver.at(-86_400))))
    }

    private static func url(_ path: String) -> URL? {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/" + path)
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }

    private static func lines(_ path: String) throws -> [String] {
        guard let url = url(path) else { throw CocoaError(.fileNoSuchFile) }
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}

/// One line of `ctr events`.
private struct RecordedEvent {
    let topic: String
    let at: Timestamp
    private let payload: Payload

    private struct Payload: Decodable {
        struct Moment: Decodable {
            let seconds: Int64
            let nanos: Int64?
        }
        let container_id: String?
        let id: String?
        let pid: Int?
        let exit_status: Int?
        let exited_at: Moment?
    }

    init?(_ line: String) throws {
        let parts = line.split(separator: " ", maxSplits: 6)
        guard parts.count == 7, let at = Timestamp(rfc3339: "\(parts[0])T\(parts[1])Z") else { return nil }
        self.at = at
        topic = String(parts[5])
        payload = try JSONDecoder().decode(Payload.self, from: Data(parts[6].utf8))
    }

    var container: ContainerID? { (payload.container_id ?? payload.id).flatMap { ContainerID($0) } }

    var fact: Fact? {
        guard let id = container else { return nil }
        switch topic {
        case "/tasks/create": return .taskCreated(id, pid: payload.pid, at: at)
        case "/tasks/start": return .taskStarted(id, pid: payload.pid, at: at)
        case "/tasks/exit":
            guard payload.id == payload.container_id else { return nil }
            let exited = payload.exited_at.flatMap { Timestamp(seconds: $0.seconds, nanos: $0.nanos ?? 0) }
            return .taskExited(id, TaskExit(exitCode: payload.exit_status ?? 0, exitedAt: exited, at: at))
        case "/tasks/delete": return .taskDeleted(id, at: at)
        case "/containers/delete": return .containerRemoved(id, at: at)
        default: return nil
        }
    }
}

private struct RecordedContainer: Decodable {
    let id: String
    let sandbox: Bool
    let namespace: String?
    let pod: String?
    let uid: String?
    let container: String?
    let attempt: Int?
    let image: String?
    let logPath: String?
    let sandboxID: String?

    var record: ContainerDescription? {
        guard let id = ContainerID(id) else { return nil }
        var record = ContainerDescription(id: id, isSandbox: sandbox, witness: .containerRecord)
        record.namespace = namespace
        record.pod = pod
        record.podUID = uid.flatMap { PodUID($0) }
        record.container = container
        record.attempt = attempt
        record.image = image
        record.logPath = logPath
        record.sandboxID = sandboxID
        return record
    }

    /// A pod that was not recorded as JSON, as its containers show it.
    func add(to pods: inout [PodUID: PodFacts]) {
        guard let uid = uid.flatMap({ PodUID($0) }), let container, let pod else { return }
        var facts = pods[uid] ?? PodFacts(uid: uid, namespace: namespace ?? "default", name: pod)
        facts.version = 1
        guard !facts.containers.contains(where: { $0.name == container }) else { return }
        let isOwn = container == pod || container == "tgt"
        let isCopy = pod.hasPrefix("tgt-copy-")
        let isNode = pod.hasPrefix("node-debugger-")
        var item = PodContainer(name: container, kind: isOwn || isCopy || isNode ? .regular : .ephemeral)
        item.debugMode = isOwn ? nil : isCopy ? .copy : isNode ? .node : .ephemeral
        facts.containers.append(item)
        pods[uid] = facts
    }
}

private struct RecordedStatus: Decodable {
    let id: String
    let state: RuntimeStatus.State
    let createdAt: Int64
    let startedAt: Int64
    let finishedAt: Int64
    let exitCode: Int
    let reason: String
    let message: String

    var status: RuntimeStatus? {
        guard let id = ContainerID(id) else { return nil }
        func time(_ value: Int64) -> Timestamp? { value == 0 ? nil : Timestamp(nanoseconds: value) }
        var status = RuntimeStatus(id: id, state: state)
        status.createdAt = time(createdAt)
        status.startedAt = time(startedAt)
        status.finishedAt = time(finishedAt)
        status.exitCode = state == .exited ? exitCode : nil
        status.reason = reason.isEmpty ? nil : reason
        status.message = message.isEmpty ? nil : message
        return status
    }
}

/// Just enough of a Pod to play it; the real translator is the pod source's.
private struct RecordedPod: Decodable {
    struct Metadata: Decodable {
        let uid: String
        let name: String
        let namespace: String
        let resourceVersion: String
    }
    struct Container: Decodable {
        let name: String
        let image: String?
        let command: [String]?
        let targetContainerName: String?
    }
    struct Spec: Decodable {
        let containers: [Container]
        let ephemeralContainers: [Container]?
    }
    struct Termination: Decodable {
        let exitCode: Int
        let reason: String?
        let message: String?
        let startedAt: String?
        let finishedAt: String?
        let containerID: String?

        var facts: PodTermination {
            var facts = PodTermination(exitCode: exitCode)
            facts.reason = reason
            facts.message = message
            facts.startedAt = startedAt.flatMap { Timestamp(rfc3339: $0) }
            facts.finishedAt = finishedAt.flatMap { Timestamp(rfc3339: $0) }
            facts.containerID = RecordedPod.id(containerID)
            return facts
        }
    }
    struct State: Decodable {
        struct Waiting: Decodable {
            let reason: String?
            let message: String?
        }
        struct Running: Decodable {
            let startedAt: String?
        }
        let waiting: Waiting?
        let running: Running?
        let terminated: Termination?
    }
    struct ContainerStatus: Decodable {
        let name: String
        let containerID: String?
        let restartCount: Int
        let state: State?
        let lastState: State?

        var facts: PodContainerStatus {
            var facts = PodContainerStatus()
            facts.containerID = RecordedPod.id(containerID)
            facts.restartCount = restartCount
            if let waiting = state?.waiting {
                facts.state = .waiting(reason: waiting.reason, message: waiting.message)
            } else if let running = state?.running {
                facts.state = .running(startedAt: running.startedAt.flatMap { Timestamp(rfc3339: $0) })
            } else if let terminated = state?.terminated {
                facts.state = .terminated(terminated.facts)
            }
            facts.lastTermination = lastState?.terminated?.facts
            return facts
        }
    }
    struct Status: Decodable {
        let phase: String?
        let containerStatuses: [ContainerStatus]?
        let ephemeralContainerStatuses: [ContainerStatus]?
    }

    let metadata: Metadata
    let spec: Spec
    let status: Status

    static func id(_ text: String?) -> ContainerID? {
        text.flatMap { $0.split(separator: "/").last }.flatMap { ContainerID($0) }
    }

    var facts: PodFacts {
        var facts = PodFacts(
            uid: Sample.uid(metadata.uid), namespace: metadata.namespace, name: metadata.name)
        facts.version = UInt64(metadata.resourceVersion)
        facts.phase = status.phase
        let statuses = (status.containerStatuses ?? []) + (status.ephemeralContainerStatuses ?? [])
        func add(_ containers: [Container], _ kind: PodContainer.Kind) {
            for container in containers {
                var item = PodContainer(name: container.name, kind: kind)
                item.debugMode = kind == .ephemeral ? .ephemeral : nil
                item.image = container.image
                item.command = container.command
                item.targetContainer = container.targetContainerName
                item.status = statuses.first { $0.name == container.name }?.facts
                facts.containers.append(item)
            }
        }
        add(spec.containers, .regular)
        add(spec.ephemeralContainers ?? [], .ephemeral)
        return facts
    }
}
