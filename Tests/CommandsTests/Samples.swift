// SPDX-License-Identifier: Apache-2.0
import SessionRecords

@testable import Commands

/// Sessions of every kind, with fixed times and ids.
enum Samples {
    static let started = "2026-11-21T02:40:10.522775261Z"
    static let finished = "2026-11-21T02:40:20.535120939Z"

    static func time(_ text: String) -> Timestamp {
        Timestamp(rfc3339: text) ?? Timestamp(nanoseconds: 0)
    }

    static func session(_ seed: Character, at node: String = "worker-0") -> Session {
        let container = ContainerID(String(repeating: seed, count: 64))
        var session = Session(id: container.map(SessionID.init(container:)) ?? Self.noContainer, node: node)
        session.containerID = container
        session.revision = 1
        session.cluster = "prod"
        return session
    }

    private static let noContainer =
        PodUID("0d7d9d4e-6a4f-4d5b-9f60-6f1f3f0b8a11").map {
            SessionID(podUID: $0, containerName: "debugger-never")
        } ?? SessionID(container: anyContainer)
    private static let anyContainer = ContainerID("0").unsafelyUnwrapped

    static var all: [Session] { [demo, running, copy, madeUp, neverStarted, regular] }

    /// The session of `make demo`.
    static var demo: Session {
        var session = session("a")
        session.revision = 3
        session.state = .ended
        session.mode = .ephemeral
        session.classification = .confirmed
        session.classificationSource = .podSpec
        session.namespace = "default"
        session.pod = "debug-target"
        session.podUID = PodUID("5c4f2f2e-3f7c-4d0e-8d7e-9b0d1f1f0a01")
        session.owner = Owner(kind: "Deployment", name: "web")
        session.labels = ["app": "web", "tier": "front"]
        session.container = "debugger-x7k2p"
        session.sandboxID = String(repeating: "b", count: 64)
        session.attempt = 0
        session.targetContainer = "nginx"
        session.targetContainerID = String(repeating: "c", count: 64)
        session.runtime = "containerd"
        session.runtimeVersion = "1.6.20"
        session.image = "busybox:1.36"
        session.imageDigest = "sha256:" + String(repeating: "d", count: 64)
        session.command = ["sh", "-c", "echo 'finding: connection pool exhausted'; sleep 10; exit 42"]
        session.envNames = ["HOME", "PATH"]
        session.tty = true
        session.stdin = true
        session.profile = .general
        var context = SecurityContext()
        context.privileged = false
        context.runAsUser = 0
        context.capabilitiesAdded = ["SYS_PTRACE"]
        context.seccompProfile = "RuntimeDefault"
        session.securityContext = context
        session.mounts = [
            MountPoint(destination: "/etc/hosts", source: "/var/lib/kubelet/pods/x/etc-hosts", readOnly: false),
            MountPoint(destination: "/var/run/secrets", source: nil, readOnly: true),
        ]
        session.hostNamespaces = []
        session.pid = 4711
        session.requestedAt = time("2026-11-21T02:40:08Z")
        session.requestedBy = "kubectl-debug"
        session.createdAt = time("2026-11-21T02:40:10.301Z")
        session.startedAt = time(started)
        session.finishedAt = time(finished)
        session.observedAt = time("2026-11-21T02:40:20.536Z")
        session.sealedAt = time("2026-11-21T02:40:20.571Z")
        session.durationNanoseconds = 10_012_345_678
        session.exitCode = 42
        session.reason = "Error"
        session.oomKilled = false
        session.cause = .podDeleted
        session.ending = .observed
        session.sources = [
            "startedAt": .containerdEvent, "finishedAt": .containerdEvent, "exitCode": .containerdEvent,
        ]
        var fate = PodFate()
        fate.phase = "Running"
        fate.deletedAt = time("2026-11-21T02:40:21Z")
        fate.conditions = ["PodScheduled=True", "Ready=True"]
        fate.restarts = 0
        session.podFate = fate
        session.output = summary(bytes: 35, total: 35)
        session.sealedBy = .taskDelete
        session.evidence = [
            Evidence(witness: .podSpec, fact: "spec", value: "debugger-x7k2p"),
            Evidence(witness: .containerdEvent, fact: "start", at: time(started)),
            Evidence(witness: .containerdEvent, fact: "exit", at: time(finished), value: "42"),
        ]
        return session
    }

    static var running: Session {
        var session = session("1", at: "worker-1")
        session.state = .running
        session.mode = .node
        session.classification = .confirmed
        session.namespace = "default"
        session.pod = "node-debugger-worker-1-9xq2c"
        session.podUID = PodUID("5c4f2f2e-3f7c-4d0e-8d7e-9b0d1f1f0a02")
        session.container = "debugger"
        session.image = "ubuntu:24.04"
        session.profile = .sysadmin
        session.startedAt = time("2026-11-21T00:55:00Z")
        return session
    }

    static var copy: Session {
        var session = session("2")
        session.revision = 5
        session.state = .ended
        session.mode = .copy
        session.classification = .inferred
        session.namespace = "payments"
        session.pod = "ledger-debug"
        session.podUID = PodUID("5c4f2f2e-3f7c-4d0e-8d7e-9b0d1f1f0a03")
        session.container = "debugger-copy"
        session.image = "registry.example/tools@sha256:" + String(repeating: "e", count: 64)
        session.startedAt = time("2026-11-18T08:00:00Z")
        session.finishedAt = time("2026-11-18T10:05:07Z")
        session.durationNanoseconds = 7_507_000_000_000
        session.exitCode = 137
        session.reason = "OOMKilled"
        session.oomKilled = true
        session.ending = .recovered
        session.output = summary(bytes: 65_536, total: nil, truncated: true)
        session.sealedBy = .deadline
        return session
    }

    static var madeUp: Session {
        var session = session("3")
        session.state = .ended
        session.mode = .ephemeral
        session.classification = .confirmed
        session.namespace = "default"
        session.pod = "worker-7d9f"
        session.container = "debugger-gone"
        session.targetContainer = "app"
        session.startedAt = time("2026-11-20T21:00:00Z")
        session.exitCode = 137
        session.reason = "ContainerStatusUnknown"
        session.cause = .nodeReboot
        session.ending = .inferred
        session.output = CapturedTail.lost("log file gone before it was pinned").summary
        return session
    }

    static var neverStarted: Session {
        var session = session("!")
        session.state = .neverStarted
        session.mode = .ephemeral
        session.classification = .confirmed
        session.namespace = "default"
        session.pod = "web-0"
        session.container = "debugger-never"
        session.targetContainer = "nginx"
        session.image = "bussybox"
        session.requestedAt = time("2026-11-21T02:30:00Z")
        session.reason = "ImagePullBackOff"
        session.message = "Back-off pulling image \"bussybox\""
        session.cause = .startFailed
        return session
    }

    /// Nothing known but what a runtime says, the least there can be.
    static var regular: Session {
        var session = session("4")
        session.cluster = nil
        session.state = .unknown
        session.observedAt = time("2026-11-21T02:59:30Z")
        return session
    }

    static func summary(bytes: Int, total: Int?, truncated: Bool = false) -> OutputSummary {
        OutputSummary(
            bytes: bytes, totalBytes: total, logBytes: truncated ? 10_485_760 : nil, truncated: truncated,
            lossy: false, streams: ["stdout"], sha256: Digest(of: Array("\(bytes)".utf8)), framesSHA256: Digest(of: []),
            pinnedBy: .hardlink)
    }

    /// An output of frames: stream, time, text.
    static func tail(_ frames: [(String, String?, String)]) -> CapturedTail {
        var bytes: [UInt8] = []
        var made: [OutputFrame] = []
        for (stream, at, text) in frames {
            bytes += Array(text.utf8)
            made.append(
                OutputFrame(
                    stream: OutputStream(rawValue: stream) ?? .stdout, time: at.map { time($0) },
                    length: text.utf8.count))
        }
        return CapturedTail(bytes: bytes, frames: made, summary: summary(bytes: bytes.count, total: bytes.count))
    }

    static var gaps: [Gap] {
        var closed = Gap(
            source: "runtime", openedAt: time("2026-11-21T01:00:00.25Z"), reason: "connection to the runtime lost")
        closed.closedAt = time("2026-11-21T01:00:12.75Z")
        closed.closedBy = "relisted"
        closed.dropped = 3
        return [closed, Gap(source: "pods", openedAt: time("2026-11-21T02:50:00Z"), reason: "API server unreachable")]
    }

    /// Gaps of the agent and of the journal: one that was relisted alone, and one that nothing closed.
    static var moreGaps: [Gap] {
        var absence = Gap(source: "agent", openedAt: time("2026-11-20T22:00:00Z"), reason: "agent stopped")
        absence.closedAt = time("2026-11-20T22:03:00Z")
        absence.closedBy = "relisted"
        var missed = Gap(
            source: "journal", openedAt: time("2026-11-20T23:00:00Z"),
            reason: "journald dropped lines of containerd.service at its rate limit")
        missed.closedAt = time("2026-11-20T23:00:30Z")
        missed.dropped = 41
        return [absence, missed]
    }

    static var status: StatusReport {
        var status = StatusReport(source: "/var/lib/lastword")
        status.node = "worker-0"
        status.agentRunning = true
        status.agentPID = 812
        status.agentStartedAt = time("2026-11-20T03:00:00Z")
        status.agentVersion = "0.1.0"
        status.agentActiveAt = time("2026-11-21T02:59:58Z")
        status.storeBytes = 1_234_567
        status.ledger = "6f1c9a52-7d0b-4a58-a5a8-0c0f7c5d2e11"
        status.firstNumber = 1
        status.head = NotedHead(number: 17, hash: Digest(of: [17]))
        status.sessions = [.ended: 3, .running: 1, .neverStarted: 1]
        status.openGaps = gaps.filter { $0.closedAt == nil }.map { NodeGap($0) }
        status.gapCounts = GapCounts.of(gaps + moreGaps)
        status.losses = [
            StatusReport.Loss(what: "output", reason: "the log file was gone before it was pinned", sessions: 2)
        ]
        status.deliveries = [
            StatusReport.Delivery(
                destination: "collector", deliveredThrough: 12, waiting: 5,
                waitingSince: time("2026-11-21T02:58:00Z"), refused: 0)
        ]
        status.podsLeftBehind = [copy]
        return status
    }

    static var entries: [LedgerLine] {
        (1...3).map { number in
            LedgerLine(
                number: number, hash: Digest(of: [UInt8(number)]),
                bytes: Array(#"{"number":\#(number),"type":"agent.started"}"#.utf8))
        }
    }

    static var verdict: VerifyReport {
        var report = VerifyReport()
        report.ledger = "6f1c9a52-7d0b-4a58-a5a8-0c0f7c5d2e11"
        report.entries = 17
        report.records = 6
        report.outputs = 3
        report.firstNumber = 1
        report.head = NotedHead(number: 17, hash: Digest(of: [17]))
        return report
    }
}
