// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Foundation
import SIEMFormats
import SessionRecords
import TestSupport
import Testing

@testable import SIEMOutputs

/// Each rule of `docs/detections`, against lines that a real store and the real `file` output made.
@Suite("Detections")
struct DetectionTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/detections")

    static func rules() throws -> [String: SigmaRule] {
        var rules: [String: SigmaRule] = [:]
        for name in Files.names(in: folder.path) where name.hasSuffix(".yml") {
            do {
                rules[String(name.dropLast(4))] = try SigmaRule(yaml: Files.text(folder.path + "/" + name))
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
        return rules
    }

    /// What makes a rule's case, and what nearly makes it, in the order of the store.
    private struct Case {
        let rule: String
        let positive: [SessionChange]
        let negative: [SessionChange]

        init(_ rule: String, _ positive: [SessionChange], not negative: [SessionChange]) {
            self.rule = rule
            self.positive = positive
            self.negative = negative
        }
    }

    private struct SessionChange {
        var type = EntryType.sessionEnded
        /// The clock at the collector when it came, in seconds behind the start.
        var receivedAfter: Int64 = 20
        let change: @Sendable (inout Session) -> Void

        static func ended(_ change: @escaping @Sendable (inout Session) -> Void) -> SessionChange {
            SessionChange(change: change)
        }

        static func started(
            after seconds: Int64 = 1, _ change: @escaping @Sendable (inout Session) -> Void
        ) -> SessionChange {
            SessionChange(type: .sessionStarted, receivedAfter: seconds) {
                $0.state = .running
                $0.exitCode = nil
                $0.finishedAt = nil
                $0.durationNanoseconds = nil
                change(&$0)
            }
        }

        static func amended(_ change: @escaping @Sendable (inout Session) -> Void) -> SessionChange {
            SessionChange(type: .sessionAmended, change: change)
        }
    }

    private static let second: Int64 = 1_000_000_000

    private static func deleted(after seconds: Int64) -> @Sendable (inout Session) -> Void {
        { session in
            session.podFate = PodFate()
            session.podFate?.deletedAt = session.finishedAt?.advanced(byNanoseconds: seconds * second)
        }
    }

    private static func context(_ change: @escaping @Sendable (inout SecurityContext) -> Void)
        -> @Sendable (inout Session) -> Void
    {
        { session in
            var context = SecurityContext()
            change(&context)
            session.securityContext = context
        }
    }

    private static let sessionCases = [
        Case(
            "session_failed_at_once",
            [
                .ended { ($0.exitCode, $0.durationNanoseconds) = (1, 4_999_999_999) },
                .ended { ($0.exitCode, $0.durationNanoseconds) = (137, 0) },
            ],
            not: [
                .ended { ($0.exitCode, $0.durationNanoseconds) = (0, second) },
                .ended { ($0.exitCode, $0.durationNanoseconds) = (1, 5 * second) },
                .ended { ($0.exitCode, $0.durationNanoseconds) = (nil, nil) },
            ]),
        Case(
            "session_long", [.ended { $0.durationNanoseconds = 14_400 * second }],
            not: [.ended { $0.durationNanoseconds = 14_400 * second - 1 }]),
        Case(
            "session_running_old", [.started(after: 3600) { _ in }],
            not: [.started(after: 3599) { _ in }, .ended { _ in }]),
        Case(
            "privileged_session",
            [
                .started(context { $0.privileged = true }),
                .ended(context { $0.capabilitiesAdded = ["CHOWN", "SYS_ADMIN"] }),
            ],
            not: [
                .started(context { $0.privileged = false }),
                .ended(context { $0.capabilitiesAdded = ["NET_BIND_SERVICE"] }),
                .ended(context { $0.capabilitiesDropped = ["SYS_ADMIN"] }), .started { _ in },
            ]),
        Case(
            "host_namespaces",
            [
                .started { $0.mode = .node }, .ended { $0.hostNamespaces = ["pid"] },
                .ended { $0.mounts = [MountPoint(destination: "/host", source: "/", readOnly: false)] },
            ],
            not: [
                .started { $0.mode = .ephemeral }, .ended { $0.hostNamespaces = [] },
                .ended { $0.mounts = [MountPoint(destination: "/", source: "/var/lib/x", readOnly: false)] },
            ]),
        Case(
            "pod_deleted_after_session",
            [.ended { $0.cause = .podDeleted }, .amended(deleted(after: 300)), .amended(deleted(after: 0))],
            not: [.ended { $0.cause = .podEvicted }, .amended(deleted(after: 301)), .amended { _ in }]),
        Case(
            "image_not_on_list",
            [
                .started { $0.image = "alpine:3" }, .started { $0.image = "evil.example/busybox" },
                .started { $0.image = "busybox2:1" },
            ],
            not: [
                .started { $0.image = "busybox:1.36" }, .started { $0.image = "registry.example/tools/debug:9" },
                .started { $0.image = "registry.example/debug/net@sha256:00" }, .ended { $0.image = "alpine" },
            ]),
    ]

    /// Stores the entries and has the real output write them; the lines as objects.
    private static func lines(_ body: (CollectorStore) async throws -> Void) async throws -> [[String: Any]] {
        let scratch = try ScratchDirectory()
        let settings = OutputSettings(
            name: "file", kinds: Set(FeedKind.allCases), outputBytes: nil, fromBeginning: true,
            receiver: .file(
                FileSettings(
                    path: scratch.file("events.jsonl"), format: ECSFormat(version: "0"), rotateBytes: 1 << 30,
                    rotateAge: .seconds(1 << 20), keep: 1)))
        let output = try RunningOutput(settings, directory: scratch.file("store"))
        try await body(output.store)
        try await output.settle()
        try await output.stop()
        return try Files.text(scratch.file("events.jsonl")).split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    private static func action(_ line: [String: Any]) -> String {
        (line["event"] as? [String: Any])?["action"] as? String ?? ""
    }

    private static func expect(_ rule: SigmaRule?, _ name: String, _ lines: [[String: Any]], _ wanted: [Bool]) throws {
        let rule = try #require(rule, "there is no \(name).yml")
        #expect(lines.count == wanted.count)
        for (line, isCase) in zip(lines, wanted) {
            #expect(rule.matches(line) == isCase, "\(name): \(line)")
        }
    }

    @Test("each rule about sessions finds its cases and leaves what nearly is one")
    func sessions() async throws {
        let rules = try Self.rules()
        for trial in Self.sessionCases {
            let lines = try await Self.lines { store in
                var ledger = MadeLedger()
                for (seed, change) in (trial.positive + trial.negative).enumerated() {
                    var session = MadeLedger.ended(seed)
                    change.change(&session)
                    try await store.take(
                        [ledger.session(session, change.type)],
                        at: session.startedAt?.advanced(byNanoseconds: change.receivedAfter * Self.second))
                }
            }.filter { Self.action($0).hasPrefix("session.") }
            try Self.expect(
                rules[trial.rule], trial.rule, lines,
                trial.positive.map { _ in true } + trial.negative.map { _ in false })
        }
    }

    @Test("the rule about gaps finds what is open and what was missed, not what was closed")
    func gaps() async throws {
        let rules = try Self.rules()
        let lines = try await Self.lines { store in
            var ledger = MadeLedger()
            var gap = Gap(source: "runtime", openedAt: MadeLedger.epoch, reason: "connection lost")
            var entries = [ledger.gap(gap)]
            gap.closedAt = MadeLedger.epoch.advanced(byNanoseconds: 5)
            entries.append(ledger.gap(gap))
            for closing in [GapClosing.relisted, GapClosing.relistedAndRead, GapClosing.resumed] {
                gap.closedBy = closing
                entries.append(ledger.gap(gap))
            }
            entries.append(ledger.ended(0))
            try await store.take(entries)
        }
        try Self.expect(
            rules["gap_on_node"], "gap_on_node", lines.filter { Self.action($0) != "alarm.opened" },
            [true, true, false, false, false, false])
    }

    @Test("the rule about chains finds a fork and a hole, not their end, a new ledger or a clock")
    func chains() async throws {
        let rule = try #require(try Self.rules()["chain_alarm"])
        let lines = try await Self.lines { store in
            var ledger = MadeLedger()
            var forked = ledger
            let first = ledger.ended(0)
            try await store.take([first])
            try await store.take([forked.ended(1)])
            let missing = ledger.ended(2)
            try await store.take([ledger.ended(3)])
            try await store.take([missing])
            var other = MadeLedger("b")
            try await store.take([other.ended(4)], at: MadeLedger.epoch.advanced(byNanoseconds: 999 * Self.second))
        }
        let found = lines.filter { rule.matches($0) }.compactMap {
            (($0["lastword"] as? [String: Any])?["alarm"] as? [String: Any])?["kind"] as? String
        }
        #expect(found == ["fork", "hole"])
        let alarms = lines.compactMap { ($0["lastword"] as? [String: Any])?["alarm"] as? [String: Any] }
        #expect(Set(alarms.compactMap { $0["kind"] as? String }).isSuperset(of: ["fork", "hole", "new-ledger"]))
    }

    @Test("the rule about erasure finds it, not a hold")
    func erasure() async throws {
        let rules = try Self.rules()
        let lines = try await Self.lines { store in
            var ledger = MadeLedger()
            try await store.take([ledger.ended(0)])
            let id = MadeLedger.ended(0).id
            try await store.hold(id, by: "somebody", reason: "case 7")
            try await store.release(id, by: "somebody", reason: "over")
            try await store.erase(id, by: "somebody", reason: "a password")
        }
        try Self.expect(rules["output_erased"], "output_erased", lines, [false, false, false, true])
    }

    @Test("every rule has what Sigma asks for, and a trial of its own")
    func members() throws {
        let rules = try Self.rules()
        let tried = Self.sessionCases.map(\.rule) + ["gap_on_node", "chain_alarm", "output_erased"]
        #expect(Set(rules.keys) == Set(tried))
        var ids: Set<UUID> = []
        for (name, rule) in rules {
            let id = try #require((rule.members["id"] as? String).flatMap { UUID(uuidString: $0) }, "\(name)")
            #expect(ids.insert(id).inserted, "\(name): the id of another rule")
            #expect((1...110).contains(rule.title.count), "\(name)")
            #expect(["stable", "test", "experimental"].contains(rule.members["status"] as? String), "\(name)")
            #expect(
                ["informational", "low", "medium", "high", "critical"].contains(rule.members["level"] as? String),
                "\(name)")
            let source = rule.members["logsource"] as? [String: String]
            #expect(source == ["product": "lastword", "service": "collector"], "\(name)")
            #expect((rule.members["description"] as? String)?.isEmpty == false, "\(name)")
            #expect((rule.members["falsepositives"] as? [String])?.isEmpty == false, "\(name)")
            let tags = rule.members["tags"] as? [String] ?? []
            #expect(
                !tags.isEmpty && tags.allSatisfy { $0.wholeMatch(of: /attack\.t\d{4}(\.\d{3})?/) != nil }, "\(name)")
        }
    }

    @Test(
        "the evaluator refuses what it does not know",
        arguments: [
            "a|re: x", "a|contains|all: x", "a: x*", "a: {b: c}", "a|exists: true", "a: []", "a: null", "a: 1.5",
        ])
    func subset(_ item: String) {
        #expect(throws: (any Error).self) {
            try SigmaRule(yaml: "title: t\ndetection:\n  s:\n    \(item)\n  condition: s\n")
        }
    }

    @Test(
        "conditions beyond the subset are refused, too",
        arguments: ["1 of s*", "s and", "(s", "s or t", "all of them", "s | count() > 5", "not s)"])
    func conditions(_ condition: String) {
        #expect(throws: (any Error).self) {
            try SigmaRule(yaml: "title: t\ndetection:\n  s:\n    a: b\n  condition: \(condition)\n")
        }
    }

    // MARK: By Sigma's own parser

    /// Made by `dev/setup.sh`.
    private static let python = folder.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".build/sigma-python/bin/python").path

    @Test(
        "Sigma's own parser and validators have nothing to object",
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: python), "pySigma is not installed: dev/setup.sh does"))
    func validators() async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "validate.py").path
        let result = try await ChildProcess.run([Self.python, script, Self.folder.path])
        #expect(result.succeeded, "\(result.text)\n\(result.errorText)")
        #expect(result.text.contains("10 rules"))
    }
}
