// SPDX-License-Identifier: Apache-2.0
import PodSource
import SessionRecords
import SessionTracking
import Testing

@Suite("Recorded pods")
struct RecordedPodsTests {
    struct Recognised: Hashable, CustomStringConvertible {
        var container: String
        var mode: SessionMode
        var classification: Classification = .confirmed
        var profile: DebugProfile?
        var target: String?

        var description: String {
            "\(container) \(mode) \(classification) \(profile.map { "\($0)" } ?? "-") → \(target ?? "-")"
        }
    }

    private static func ephemeral(_ names: [String], target: String?) -> [Recognised] {
        names.map { Recognised(container: $0, mode: .ephemeral, profile: .general, target: target) }
    }

    private static func node(_ profile: DebugProfile) -> [Recognised] {
        [Recognised(container: "debugger", mode: .node, profile: profile)]
    }

    private static func copy(_ profile: DebugProfile) -> [Recognised] {
        [Recognised(container: "dbg", mode: .copy, classification: .inferred, profile: profile)]
    }

    /// Every recorded pod, with every debug container in it and nothing else.
    static let expected: [String: [Recognised]] = [
        "1-attach__pod-0-before.managed": [],
        "1-attach__pod-1-during-notty.managed": ephemeral(["debugger-wbcnr"], target: "debug-target"),
        "1-attach__pod-2-after-notty.managed": ephemeral(["debugger-wbcnr"], target: "debug-target"),
        "1-attach__pod-3-after-tty.managed": ephemeral(["debugger-wbcnr", "debugger-ckfhs"], target: "debug-target"),
        "1-attach__pod-4-after-third-and-forced-gc.managed":
            ephemeral(["debugger-wbcnr", "debugger-ckfhs", "ttyexact"], target: "debug-target"),
        "1b-log-format__pod": ephemeral(["ttysh"], target: "logfmt")
            + ephemeral(["longline", "binary", "termmsg", "badcmd", "noimage", "sig", "okzero"], target: nil),
        "1b-log-format__pod-later": ephemeral(["ttysh"], target: "logfmt")
            + ephemeral(["longline", "binary", "termmsg", "badcmd", "noimage", "sig", "okzero"], target: nil),
        "2-lifetimes__pod-containerd-restart": ephemeral(["overrestart", "diesindown", "stubborn"], target: nil),
        "2-lifetimes__pod-kubelet-restart":
            ephemeral(["before", "acrosslong", "whiledown", "askeddown"], target: nil),
        "2-lifetimes__pod-many-20-sessions": ephemeral((1...20).map { "d\($0)" }, target: "many"),
        "2-lifetimes_f-gc-max-dead-0__pod-gc1": ephemeral(["once"], target: "gc1"),
        "3-profiles__pod-node-debugger-node-1-qddkg": node(.baseline),
        "3-profiles__pod-node-debugger-node-1-vtlbc": node(.general),
        "3-profiles__pod-node-debugger-node-1-lbbv4": node(.netadmin),
        "3-profiles__pod-node-debugger-node-1-5sbzb": node(.restricted),
        "3-profiles__pod-node-debugger-node-1-z2m9h": node(.sysadmin),
        "3-profiles__pod-tgt-copy-baseline": copy(.baseline),
        "3-profiles__pod-tgt-copy-general": copy(.general),
        "3-profiles__pod-tgt-copy-netadmin": copy(.netadmin),
        "3-profiles__pod-tgt-copy-restricted": copy(.restricted),
        "3-profiles__pod-tgt-copy-sysadmin": copy(.sysadmin),
        "3-profiles__pod-tgt": ([.general, .baseline, .restricted, .netadmin, .sysadmin] as [DebugProfile]).map {
            Recognised(container: "eph-\($0.rawValue)", mode: .ephemeral, profile: $0, target: "tgt")
        },
        "3-profiles__tgt-original": [],
        "5-status__pod-1-first-exited": ephemeral(["first"], target: "s5"),
        "5-status__pod-2-second-running": ephemeral(["first", "second"], target: "s5"),
        "5-status__pod-3-app-restarted": ephemeral(["first", "second"], target: "s5"),
        "5-status__pod-4-sandbox-recreated":
            ephemeral(["first", "second"], target: "s5") + ephemeral(["third"], target: nil),
        "5-status__pod-5-first-removed-from-runtime":
            ephemeral(["first", "second"], target: "s5") + ephemeral(["third"], target: nil),
        "5-status__pod-6-40s-later":
            ephemeral(["first", "second"], target: "s5") + ephemeral(["third"], target: nil),
        "5-status__pod-ev-fallback-to-logs":
            ephemeral((1...6).map { "e\($0)" } + ["fallback"], target: nil),
    ]

    @Test("each debug container is recognised, and no other", arguments: expected.keys.sorted())
    func recognition(name: String) throws {
        let found = try RecordedPods.facts(name).containers.compactMap { container in
            container.debugMode.map {
                Recognised(
                    container: container.name, mode: $0, classification: container.classification,
                    profile: container.profile, target: container.targetContainer)
            }
        }
        #expect(found == Self.expected[name])
    }

    @Test("no recorded pod is left out of the table")
    func complete() throws {
        #expect(try RecordedPods.names == Self.expected.keys.sorted())
    }

    @Test("a finished session has its ending, its id without a scheme, and its request nowhere yet")
    func finishedSession() throws {
        let pod = try RecordedPods.facts("1-attach__pod-3-after-tty.managed")
        #expect(pod.uid == PodUID("f17d02b7-e656-47a7-99a0-09b68d082924"))
        #expect(pod.namespace == "default" && pod.name == "debug-target")
        #expect(pod.labels == ["run": "debug-target"])
        #expect(pod.phase == "Running")
        #expect(pod.conditions.contains("Ready=True"))
        let session = try #require(pod.containers.first { $0.name == "debugger-ckfhs" })
        #expect(session.kind == .ephemeral && session.tty && session.stdin)
        #expect(session.image == "busybox:1.36")
        #expect(session.command == ["sh", "-c", "echo 'finding: connection pool exhausted'; sleep 10; exit 42"])
        #expect(session.securityContext?.capabilitiesAdded == ["SYS_PTRACE"])
        #expect(
            session.status?.imageDigest
                == "sha256:b8fd4ae5a4460775cb71ac4b4c5ef5c2afa0e2d1f99da6381aeb2fe815439e5c")
        #expect(session.requestedAt == nil)
        guard case .terminated(let end) = session.status?.state else {
            Issue.record("not terminated")
            return
        }
        #expect(end.exitCode == 42 && end.reason == "Error")
        #expect(end.startedAt != nil && end.finishedAt != nil)
        #expect(end.containerID == session.status?.containerID && end.containerID?.rawValue.utf8.count == 64)
    }

    @Test("a start failure shows under lastState while the state waits")
    func startFailure() throws {
        let badcmd = try #require(try RecordedPods.facts("1b-log-format__pod").containers.first { $0.name == "badcmd" })
        guard case .waiting(let reason, _) = badcmd.status?.state else {
            Issue.record("not waiting")
            return
        }
        #expect(reason == "RunContainerError")
        #expect(badcmd.status?.lastTermination?.exitCode == 128)
        #expect(badcmd.status?.lastTermination?.reason == "StartError")
    }

    @Test("a made-up ending has no times of year 1")
    func inventedTimes() throws {
        for name in try RecordedPods.names {
            for container in try RecordedPods.facts(name).containers {
                for time in [
                    container.status?.lastTermination?.startedAt, container.status?.lastTermination?.finishedAt,
                ] {
                    #expect((time?.nanoseconds ?? 0) >= 0, "\(name) \(container.name)")
                }
            }
        }
        let invented = RecordedPods.pod(
            spec: #""ephemeralContainers":[{"name":"d"}]"#,
            status: """
                "ephemeralContainerStatuses":[{"name":"d","state":{"terminated":{"exitCode":137,\
                "reason":"ContainerStatusUnknown","startedAt":"0001-01-01T00:00:00Z","finishedAt":null}}}]
                """)
        let container = try #require(try RecordedPods.facts(json: invented).containers.first)
        var expected = PodTermination(exitCode: 137)
        expected.reason = "ContainerStatusUnknown"
        #expect(container.status?.state == .terminated(expected))
    }

    @Test("a re-run container keeps the run before under lastState")
    func rerun() throws {
        let first = try #require(
            try RecordedPods.facts("5-status__pod-6-40s-later").containers.first { $0.name == "first" })
        #expect(first.status?.restartCount == 1)
        #expect(first.status?.lastTermination?.exitCode == 41)
    }
}
