// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import OTLPCoding
import SessionRecords
import TestSupport

@testable import CollectorSupport

/// A fleet of nodes with some hundred sessions over days, as they come: most end well, some do not, one is hostile.
struct PageFleet {
    static let day: Int64 = 86_400
    /// Text that would be markup, movement or disguise wherever it is not shown as text.
    static let hostileName = "<img src=x onerror=alert(1)>\"'&\u{301}\u{202E}gpj"
    static let hostileLines = [
        "<script>document.title = 'owned'</script>", "\u{1B}[31mred\u{1B}[0m \u{1B}]0;title\u{07} \u{1B}[2J",
        "user \u{202E}gnp.exe\u{202C} \u{2067}abc\u{2069} \u{200F}end", "שלום hello \u{5D0}",
        "bell \u{07} null \u{0} del \u{7F}",
        "{{secret}} {{{secret}}} {{> head}}", "\u{FEFF}zero\u{200B}width",
        "a" + String(repeating: "\u{301}", count: 40),
        "<!-- --> ]]> </pre></div></body></html> &lt;b&gt; &amp;",
    ]

    private(set) var ledgers: [MadeLedger] = []
    private(set) var hostile: SessionID?
    private(set) var large: SessionID?
    private(set) var running: SessionID?
    private(set) var disputed: SessionID?
    private var random = SeededGenerator(seed: 7)

    init(sessions: Int = 220, largeBytes: Int = 4 << 20) {
        for (index, node) in ["worker-0", "worker-1", "worker-2", "gpu-a100-0", "edge-paris-1"].enumerated() {
            ledgers.append(MadeLedger("ledger-\(node)", node: node))
            for gap in 0..<(index == 2 ? 3 : 1) { ledgers[index].addGap(closed: gap == 0) }
        }
        for number in 0..<sessions { add(number, of: sessions) }
        addSpecial(largeBytes)
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    private mutating func add(_ number: Int, of count: Int) {
        let node = Int.random(in: 0..<ledgers.count, using: &random)
        let (namespace, pods) = pick([
            ("shop", ["cart-7d9f8b6c5-x2vpl", "checkout-5c6d7f8b9d-qq8zt", "web-0"]),
            ("payments", ["ledger-api-6f5d4c3b2-7hk9p", "settle-28911"]), ("web", ["nginx-7c5ddbdf54-lx2vd"]),
            ("kube-system", ["coredns-76f75df574-4xk2m", "node-debugger-worker-0-x7k2p"]),
            ("ml-training", ["trainer-llm-worker-3"]),
        ])
        let code = pick([0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 126, 127, 130, 137, 143])
        let age = Int64.random(in: 60...(8 * Self.day), using: &random)
        let made = MadeLedger.session(
            1000 + number, node: ledgers[node].node, namespace: namespace, exitCode: code, output: lines(code),
            revision: 3)
        var session = made.0
        session.pod = pick(pods)
        session.podUID = PodUID(
            "0f3c9f0e-7b1a-4d36-9d5e-\(String(100_000_000_000 + (session.pod ?? "").utf8.reduce(7) { $0 * 31 % 99_999_999 + Int($1) }))"
        )
        session.container = "debugger-" + String(session.id.rawValue.prefix(5))
        session.targetContainer = pick(["app", "nginx", "api", "sidecar"])
        session.image = pick([
            "busybox:1.36", "busybox:1.36", "nicolaka/netshoot:v0.13", "alpine:3.20",
            "registry.internal.example/platform/debug-tools:2026.11.2",
        ])
        session.owner = Owner(kind: "ReplicaSet", name: "cart-7d9f8b6c5")
        session.command = pick([
            ["sh"], ["sh", "-c", "nslookup db; wget -qO- http://cart:8080/healthz"], ["bash", "-l"],
        ])
        Self.time(&session, age: age, lasted: Int64.random(in: 1...1500, using: &random) * 1_000_000_000)
        if code == 137, number % 2 == 0 { session.oomKilled = true }
        if number % 40 == 7 {
            (session.exitCode, session.reason, session.ending) = (255, "Unknown", .inferred)
        }
        if number % 55 == 9 {
            (session.state, session.exitCode, session.ending) = (.unknown, nil, nil)
            session.finishedAt = nil
            session.durationNanoseconds = nil
        }
        if number % 70 == 11 { (session.state, session.exitCode) = (.neverStarted, nil) }
        ledgers[node].add("session.ended", "session", session.json, output: made.1)
    }

    private static func time(_ session: inout Session, age: Int64, lasted: Int64) {
        let start = MadeLedger.now.advanced(byNanoseconds: -age * 1_000_000_000 + 123_456_789)
        session.requestedAt = start.advanced(byNanoseconds: -2_300_000_000)
        session.requestedBy = "kubectl-debug"
        session.createdAt = start.advanced(byNanoseconds: -180_000_000)
        session.startedAt = start
        session.finishedAt = start.advanced(byNanoseconds: lasted)
        session.observedAt = session.finishedAt?.advanced(byNanoseconds: 1_400_000)
        session.sealedAt = session.finishedAt?.advanced(byNanoseconds: 31_000_000)
        session.durationNanoseconds = lasted
        session.sources = ["startedAt": .containerdEvent, "finishedAt": .containerdEvent, "exitCode": .containerdEvent]
        session.classificationSource = .podSpec
        (session.tty, session.stdin, session.profile) = (true, true, .general)
        session.runtime = "containerd"
        session.runtimeVersion = "2.1.4"
        session.evidence = [
            Evidence(witness: .podSpec, fact: "spec", at: session.requestedAt),
            Evidence(witness: .containerdEvent, fact: "create", at: session.createdAt),
            Evidence(witness: .containerdEvent, fact: "start", at: session.startedAt),
            Evidence(
                witness: .containerdEvent, fact: "exit", at: session.finishedAt,
                value: session.exitCode.map(String.init)),
            Evidence(witness: .containerdEvent, fact: "delete", at: session.sealedAt),
        ]
    }

    private mutating func lines(_ code: Int) -> String {
        var text =
            "/ # nslookup db.payments.svc\nServer:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\tdb.payments.svc.cluster.local\n"
        text += pick([
            "Address: 10.104.3.17\n", "** server can't find db: NXDOMAIN\n",
            "connection timed out; no servers could be reached\n",
        ])
        text += "/ # \u{1B}[1;32mwget\u{1B}[0m -qO- http://cart:8080/healthz\n{\"status\":\"ok\",\"uptime\":81231}\n"
        if code != 0 { text += "sh: exit \(code)\n" }
        return text
    }

    // MARK: Those that tests look for

    private mutating func addSpecial(_ largeBytes: Int) {
        var (session, output) = MadeLedger.session(
            1, node: "worker-0", namespace: "shop", exitCode: 1, output: Self.hostileLines.joined(separator: "\r\n"),
            revision: 3)
        Self.time(&session, age: 50, lasted: 20_000_000_000)
        session.pod = Self.hostileName
        session.container = Self.hostileName
        session.image = "evil/<b>image</b>:\u{1B}[31m"
        session.command = ["sh", "-c", "echo '<script>alert(1)</script>' \u{202E}"]
        session.labels = ["app": "<i>"]
        session.message = "said </p><script>alert(2)</script>"
        hostile = session.id
        ledgers[0].add("session.ended", "session", session.json, output: output)

        let line = "2026-11-26T02:40:00Z level=info msg=\"reconciled\" shard=17 took=1.2ms <b>&\n"
        let text = String(repeating: line, count: max(1, largeBytes / line.utf8.count))
        (session, output) = MadeLedger.session(
            2, node: "worker-0", namespace: "shop", exitCode: 0, output: text, revision: 3)
        Self.time(&session, age: 100, lasted: 30_000_000_000)
        session.pod = "web-0"
        large = session.id
        ledgers[0].add("session.ended", "session", session.json, output: output)

        (session, _) = MadeLedger.session(
            3, node: "worker-1", namespace: "payments", exitCode: 0, output: "", revision: 1)
        Self.time(&session, age: 760, lasted: 1)
        session.pod = "ledger-api-6f5d4c3b2-7hk9p"
        session.evidence.removeLast(2)
        Self.isRunning(&session)
        running = session.id
        ledgers[1].add("session.started", "session", session.json)
        addDisputed()
    }

    static func isRunning(_ session: inout Session) {
        session.state = .running
        (session.exitCode, session.ending, session.output, session.sealedBy) = (nil, nil, nil, nil)
        (session.finishedAt, session.observedAt, session.sealedAt, session.durationNanoseconds) = (nil, nil, nil, nil)
    }

    /// Standard error between the lines, and witnesses that disagree.
    private mutating func addDisputed() {
        let pieces: [(OutputStream, String)] = [
            (.stdout, "checking the database\n"),
            (.stderr, "psql: error: connection to server at \"db\" (10.104.3.17) failed\n"),
            (.stdout, "retrying in 5 s"), (.stderr, "psql: error: timeout expired\n"), (.stdout, " … gave up\n"),
        ]
        let bytes = pieces.flatMap { Array($0.1.utf8) }
        let began = MadeLedger.now.advanced(byNanoseconds: -300 * 1_000_000_000)
        let frames = OutputFrameCoding.encode(
            pieces.enumerated().map { index, piece in
                OutputFrame(
                    stream: piece.0, time: began.advanced(byNanoseconds: Int64(index) * 1_204_000_000),
                    length: piece.1.utf8.count)
            })
        var (session, _) = MadeLedger.session(
            4, node: "worker-2", namespace: "payments", exitCode: 2, output: "", revision: 4)
        Self.time(&session, age: 300, lasted: 12_500_000_000)
        session.pod = "settle-28911"
        session.podFate = {
            var fate = PodFate()
            (fate.phase, fate.deletedAt) = ("Failed", session.finishedAt?.advanced(byNanoseconds: 4_000_000_000))
            return fate
        }()
        session.cause = .podDeleted
        session.evidence.append(
            Evidence(witness: .podStatus, fact: "exit", at: session.finishedAt, value: "137 ContainerStatusUnknown"))
        session.output = OutputSummary(
            bytes: bytes.count, totalBytes: bytes.count, truncated: false, lossy: false, streams: ["stderr", "stdout"],
            sha256: Digest(of: bytes), framesSHA256: Digest(of: frames), pinnedBy: .hardlink)
        disputed = session.id
        ledgers[2].add(
            "session.ended", "session", session.json, output: OutgoingEntry.Output(bytes: bytes, frames: frames))
    }

    // MARK: Delivering

    /// Each node by a token of its own, one by a token for any node; one of them with a hole and a fork.
    func deliver(to collector: RunningCollector) async throws {
        for (index, ledger) in ledgers.enumerated() {
            let token = try await collector.token(.agent, node: index == 4 ? nil : ledger.node)
            var ranges = [0..<ledger.entries.count]
            if index == 3, ledger.entries.count > 12 { ranges = [0..<6, 9..<ledger.entries.count] }
            for range in ranges {
                let answer = try await collector.deliver(ledger, range, token: token)
                guard answer.status == 200 else { throw RigError.failed("not delivered: \(answer.text)") }
            }
        }
    }
}
