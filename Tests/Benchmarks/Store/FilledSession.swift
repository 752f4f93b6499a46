// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport

/// The sessions that the filled store holds: as an agent would have recorded them over 90 days on a busy node.
struct FilledSession: Sendable {
    static let namespaces = 200
    static let pods = 20_000
    static let targets = 50
    /// The newest one's start.
    static let newest: Int64 = 1_767_225_600_000_000_000
    private static let spacing: Int64 = 90 * 86_400_000_000_000

    let id: String
    let containerID: String
    let namespace: String
    let pod: String
    let container: String
    let target: String
    let exitCode: Int?
    let startedAt: Int64
    var finishedAt: Int64? { exitCode == nil ? nil : startedAt + 10_012_345_678 }

    init(_ number: Int, of count: Int) throws {
        let hex = String(number, radix: 16)
        let text = Self.scattered(number) + String(repeating: "0", count: 48 - hex.utf8.count) + hex
        guard let containerID = ContainerID(text) else { throw StoreFiller.failure("\(text) is no container id") }
        self.containerID = text
        id = SessionID(container: containerID).rawValue
        let pod = number * 7919 % Self.pods
        namespace = "team-\(pod % Self.namespaces)"
        self.pod = "web-\(pod)"
        container = "debugger-\(number)"
        target = "app-\(number % Self.targets)"
        // The last hundred still run. Most of the others ended well, some with a rare code.
        exitCode =
            number >= count - 100 ? nil : number % 1000 == 0 ? 42 : number % 10 == 0 ? 137 : number % 7 == 0 ? 1 : 0
        startedAt = Self.newest - Int64(count - 1 - number) * (Self.spacing / Int64(count))
    }

    /// 16 hex digits that leave no order among the ids.
    private static func scattered(_ number: Int) -> String {
        let hex = String(UInt64(number) &* 0x9E37_79B9_7F4A_7C15, radix: 16)
        return String(repeating: "0", count: 16 - hex.utf8.count) + hex
    }

    /// A record as large as a real one, with slots: 0 id, 1 container id, 2 namespace, 3 pod, 4 container, 5 target,
    /// 6 start, 7 finish and sealing, 8 exit code.
    static func template(running: Bool, output: OutputSummary) throws -> ByteTemplate {
        guard let container = ContainerID("0") else { throw StoreFiller.failure("no container id") }
        var session = Session(id: SessionID(container: container), node: "worker-0")
        session.revision = 3
        session.state = running ? .running : .ended
        session.mode = .ephemeral
        session.classification = .confirmed
        session.classificationSource = .podSpec
        session.cluster = "prod"
        session.namespace = "@2@"
        session.pod = "@3@"
        session.podUID = PodUID("3f0c8f1e-7a7f-4e5e-9d2c-1a2b3c4d5e6f")
        session.container = "@4@"
        session.sandboxID = String(repeating: "5", count: 64)
        session.attempt = 0
        session.targetContainer = "@5@"
        session.targetContainerID = String(repeating: "7", count: 64)
        session.runtime = "containerd"
        session.runtimeVersion = "v2.1.4"
        session.image = "busybox:1.36"
        session.imageDigest = "sha256:" + String(repeating: "9", count: 64)
        session.command = ["sh", "-c", "echo 'finding: connection pool exhausted'; sleep 10; exit 42"]
        session.envNames = ["KUBERNETES_PORT", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "PATH"]
        session.tty = true
        session.stdin = true
        session.profile = .general
        session.mounts = [
            MountPoint(destination: "/etc/hosts", source: "/var/lib/kubelet/pods/x/etc-hosts", readOnly: false)
        ]
        session.pid = 4242
        if !running {
            session.reason = "Error"
            session.ending = .observed
            session.sealedBy = .taskDelete
            session.output = output
            session.sources = ["exitCode": .containerdEvent, "finishedAt": .containerdEvent]
        }
        session.evidence = [
            Evidence(witness: .containerdEvent, fact: "create"), Evidence(witness: .containerdEvent, fact: "start"),
        ]
        guard case .object(var object) = session.json else { throw StoreFiller.failure("a record is an object") }
        object["id"] = .string("@0@")
        object["containerID"] = .string("@1@")
        for key in ["createdAt", "startedAt"] { object[key] = .string("@6@") }
        if !running {
            for key in ["finishedAt", "observedAt", "sealedAt"] { object[key] = .string("@7@") }
            object["durationSeconds"] = .string("10.012345678")
            // The only slot that is no string: its quotes belong to what is replaced.
            object["exitCode"] = .string("@8@")
        }
        let text = String(decoding: JSONValue.object(object).canonical, as: UTF8.self)
        return ByteTemplate(
            Array(text.utf8), needles: (0..<8).map { Array("@\($0)@".utf8) } + [Array("\"@8@\"".utf8)])
    }

    func values() -> [[UInt8]] {
        let started = Timestamp(nanoseconds: startedAt).description
        let finished = finishedAt.map { Timestamp(nanoseconds: $0).description } ?? ""
        return [id, containerID, namespace, pod, container, target, started, finished, exitCode.map(String.init) ?? ""]
            .map { Array($0.utf8) }
    }
}
