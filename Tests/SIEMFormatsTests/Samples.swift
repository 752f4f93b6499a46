// SPDX-License-Identifier: Apache-2.0
import SIEMFormats
import SessionRecords

/// One event of every kind, with fixed times and ids.
enum Sample {
    static let epoch = Timestamp(nanoseconds: 1_795_228_800_123_456_789)
    static let ledger = "0b9f8f58-6f0c-4b6e-9a53-5a0b6f0c1d2e"

    static let syslog = SyslogFormat(
        facility: .authpriv, enterpriseNumber: 32_473, maxBytes: 8192, host: "collector-0", version: "0.1.0")
    static let ecs = ECSFormat(version: "0.1.0")

    /// What attackers put into names, arguments, output.
    static let hostile = [
        "]", "\"", "\\", "\\\"]", "a]b\"c\\d", "line\nfeed", "null\0byte", "\u{1B}[31mred\u{1B}[0m",
        "\u{202E}evil\u{202C}",
        "\u{FEFF}bom", "\\u{1b}", "\\\\u{0}", "\u{FFFD}", "\u{85}next\u{2028}line", "ünï🦊", "<86>1 - - - - - -",
        "12 <86>1",
        "</script>", "' OR 1=1", "[lastword@32473 id=\"forged\"]", String(repeating: "ä", count: 5000), " ", "-",
    ]

    static func running() -> Session {
        guard let containerID = ContainerID(String(repeating: "ab", count: 32)) else {
            preconditionFailure("64 hex digits are a container ID")
        }
        var session = Session(id: SessionID(container: containerID), node: "worker-0")
        session.revision = 1
        session.state = .running
        session.mode = .ephemeral
        session.classification = .confirmed
        session.cluster = "prod"
        session.clusterUID = "1c4f7c3e-0d5a-4d58-8f0e-6c7c0a1b2c3d"
        session.namespace = "default"
        session.pod = "web-1"
        session.podUID = PodUID("f17d02b7-aa5e-4c3e-8a4b-0f3a9f1b2c3d")
        session.owner = Owner(kind: "Deployment", name: "web")
        session.labels = ["app": "web"]
        session.container = "debugger-x7k2p"
        session.containerID = containerID
        session.runtime = "containerd"
        session.targetContainer = "nginx"
        session.image = "registry.example:5000/tools/busybox:1.36"
        session.imageDigest = "sha256:" + String(repeating: "d", count: 64)
        session.command = ["sh"]
        session.args = ["-c", "echo \"finding\"; exit 42"]
        session.tty = true
        session.stdin = true
        session.profile = .sysadmin
        var context = SecurityContext()
        context.privileged = true
        context.capabilitiesAdded = ["SYS_ADMIN", "SYS_PTRACE"]
        context.runAsUser = 0
        session.securityContext = context
        session.hostNamespaces = ["pid"]
        session.mounts = [MountPoint(destination: "/host", source: "/", readOnly: false)]
        session.pid = 4711
        session.requestedAt = epoch.advanced(byNanoseconds: -2_000_000_000)
        session.requestedBy = "kubectl-debug"
        session.startedAt = epoch
        return session
    }

    static func ended() -> Session {
        var session = running()
        session.revision = 3
        session.state = .ended
        session.exitCode = 42
        session.reason = "Error"
        session.message = "it said \"no\""
        session.ending = .observed
        session.finishedAt = epoch.advanced(byNanoseconds: 10_012_345_678)
        session.observedAt = session.finishedAt?.advanced(byNanoseconds: 1_000_000)
        session.durationNanoseconds = 10_012_345_678
        session.sealedAt = session.observedAt
        session.sealedBy = .taskDelete
        session.output = OutputSummary(
            bytes: 37, totalBytes: 100, truncated: true, lossy: false, streams: ["stdout"],
            sha256: Digest(of: [1]), framesSHA256: Digest(of: [2]), pinnedBy: .hardlink)
        return session
    }

    static func amended() -> Session {
        var session = ended()
        session.revision = 4
        session.podFate = PodFate()
        session.podFate?.phase = "Running"
        session.podFate?.deletedAt = session.finishedAt?.advanced(byNanoseconds: 90_000_000_000)
        return session
    }

    static func event(_ session: Session, _ type: String, number: Int64 = 7) -> SecurityEvent {
        let moment = type == "session.started" ? session.startedAt : session.finishedAt
        var event = SecurityEvent(
            id: "\(ledger)/\(number)", number: number, type: type, at: moment ?? epoch,
            receivedAt: epoch.advanced(byNanoseconds: 11_000_000_000), subject: .session(session))
        event.node = session.node
        event.cluster = session.cluster
        event.ledger = ledger
        event.entryNumber = number
        event.hash = Digest(of: Array("entry \(number)".utf8))
        event.record = String(decoding: session.json.canonical, as: UTF8.self)
        return event
    }

    static func gap(closed: Bool, closedBy: String?) -> SecurityEvent {
        var gap = Gap(source: "runtime", openedAt: epoch, reason: "connection lost")
        if closed { gap.closedAt = epoch.advanced(byNanoseconds: 3_000_000_000) }
        gap.closedBy = closedBy
        var event = SecurityEvent(
            id: "\(ledger)/9", number: 9, type: "gap", at: gap.closedAt ?? gap.openedAt, receivedAt: epoch,
            subject: .gap(gap))
        event.node = "worker-0"
        event.ledger = ledger
        event.entryNumber = 9
        event.hash = Digest(of: [9])
        event.record = "{\"gap\":\(gap.json.compact)}"
        return event
    }

    static func alarm(closed: Bool = false) -> SecurityEvent {
        let closedAt = closed ? epoch.advanced(byNanoseconds: 60_000_000_000) : nil
        let facts = AlarmFacts(
            kind: "fork", text: "entry 5 came again with another hash", openedAt: epoch, closedAt: closedAt, count: 1)
        var event = SecurityEvent(
            id: "alarm/1/\(epoch.nanoseconds)" + (closed ? "/closed" : ""), number: 11,
            type: closed ? "alarm.closed" : "alarm.opened", at: closedAt ?? epoch, receivedAt: epoch,
            subject: .alarm(facts))
        event.node = "worker-0"
        event.ledger = ledger
        event.entryNumber = 5
        event.record = "{\"alarm\":{\"kind\":\"fork\"}}"
        return event
    }

    static func audit(_ action: String = "session.erase") -> SecurityEvent {
        SecurityEvent(
            id: "audit/3/\(epoch.nanoseconds)", number: 12, type: "audit", at: epoch, receivedAt: epoch,
            subject: .audit(
                AuditFacts(
                    actor: "uid 0", action: action, session: ended().id, reason: "held a password",
                    detail: "{\"sha256\":[]}")))
    }

    /// Name of the golden file's part, and the event.
    static var everyKind: [(String, SecurityEvent)] {
        var withOutput = event(ended(), "session.ended")
        withOutput.output = OutputText(end: Array("finding: pool exhausted\n\u{1B}[31m".utf8), of: 37)
        var stub = SecurityEvent(
            id: "\(ledger)/13", number: 13, type: "session.ended", at: epoch, receivedAt: epoch,
            subject: .stub("refused with 413"))
        stub.node = "worker-0"
        stub.ledger = ledger
        stub.entryNumber = 13
        var later = event(ended(), "session.ended")
        later.subject = .session(nil)
        var fork = event(ended(), "session.ended")
        fork.id += "/1"
        fork.fork = 1
        var other = SecurityEvent(
            id: "\(ledger)/1", number: 1, type: "agent.started", at: epoch, receivedAt: epoch, subject: .other)
        other.node = "worker-0"
        other.record = "{\"entry\":{\"type\":\"agent.started\"}}"
        return [
            ("session.started", event(running(), "session.started", number: 6)),
            ("session.ended", event(ended(), "session.ended")),
            ("session.ended with its output", withOutput),
            ("session.amended", event(amended(), "session.amended", number: 8)),
            ("a record of a later version", later), ("a fork", fork), ("a stub", stub),
            ("gap, open", gap(closed: false, closedBy: nil)), ("gap, closed", gap(closed: true, closedBy: "relisted")),
            ("gap, missed", gap(closed: true, closedBy: nil)), ("alarm", alarm()), ("alarm, over", alarm(closed: true)),
            ("audit", audit()), ("another entry", other),
        ]
    }

    /// An ended session whose every text is `words`.
    static func hostile(_ words: String) -> SecurityEvent {
        var session = ended()
        session.cluster = words
        session.namespace = words
        session.pod = words
        session.container = words
        session.image = words
        session.targetContainer = words
        session.command = [words]
        session.args = [words, "plain", words]
        session.reason = words
        session.message = words
        session.requestedBy = words
        session.labels = [words: words]
        session.owner = Owner(kind: words, name: words)
        session.mounts = [MountPoint(destination: words, source: words, readOnly: true)]
        var event = event(session, "session.ended")
        event.node = words
        event.output = OutputText(end: Array(words.utf8), of: words.utf8.count)
        return event
    }
}
