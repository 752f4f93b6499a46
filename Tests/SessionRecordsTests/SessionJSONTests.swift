// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SessionRecords
import Testing

@Suite("The JSON of a session")
struct SessionJSONTests {
    private static let time = Timestamp(nanoseconds: 1_795_228_810_522_775_261)

    private func minimal() throws -> Session {
        let uid = try #require(PodUID("f17d02b7-e656-47a7-99a0-09b68d082924"))
        return Session(id: SessionID(podUID: uid, containerName: "debugger"), node: "worker-0")
    }

    /// Every field set.
    private func full() throws -> Session {
        let container = try #require(ContainerID(String(repeating: "ab", count: 32)))
        var session = Session(id: SessionID(container: container), node: "worker-0")
        session.revision = 3
        session.state = .ended
        session.mode = .ephemeral
        session.classification = .confirmed
        session.classificationSource = .podSpec
        session.cluster = "prod"
        session.clusterUID = "c0ffee"
        session.namespace = "default"
        session.pod = "debug-target"
        session.podUID = PodUID("f17d02b7-e656-47a7-99a0-09b68d082924")
        session.owner = Owner(kind: "Deployment", name: "web")
        session.labels = ["app": "web", "é\"": "\u{1B}[2J"]
        session.container = "debugger-x7k2p"
        session.containerID = container
        session.sandboxID = "5a5a"
        session.attempt = 0
        session.targetContainer = "nginx"
        session.targetContainerID = "7b7b"
        session.runtime = "containerd"
        session.runtimeVersion = "1.6.20"
        session.image = "busybox:1.36"
        session.imageDigest = "sha256:aa"
        session.command = ["sh", "-c", "echo 'a\nb'"]
        session.args = []
        session.envNames = ["PATH"]
        session.tty = true
        session.stdin = false
        var context = SecurityContext()
        context.privileged = false
        context.runAsUser = 0
        context.runAsNonRoot = false
        context.allowPrivilegeEscalation = true
        context.readOnlyRootFilesystem = true
        context.capabilitiesAdded = ["SYS_PTRACE"]
        context.seccompProfile = "RuntimeDefault"
        session.securityContext = context
        session.profile = .general
        session.mounts = [MountPoint(destination: "/host", source: "/", readOnly: true)]
        session.hostNamespaces = ["pid"]
        session.pid = 4711
        fillTimesAndEnding(&session)
        return session
    }

    private func fillTimesAndEnding(_ session: inout Session) {
        session.requestedAt = Self.time
        session.requestedBy = "kubectl"
        session.createdAt = Self.time
        session.startedAt = Self.time
        session.finishedAt = Self.time.advanced(byNanoseconds: 10_012_345_678)
        session.observedAt = session.finishedAt
        session.sealedAt = session.finishedAt
        session.durationNanoseconds = 10_012_345_678
        session.clockStepped = false
        session.exitCode = 137
        session.reason = "OOMKilled"
        session.message = "out of memory"
        session.oomKilled = true
        session.cause = .podDeleted
        session.ending = .observed
        session.sources = ["exitCode": .containerdEvent, "startedAt": .criStatus]
        var fate = PodFate()
        fate.phase = "Failed"
        fate.reason = "Evicted"
        fate.deletedAt = Self.time
        fate.conditions = ["Ready=False"]
        fate.restarts = 2
        session.podFate = fate
        session.output = OutputSummary(
            bytes: 37, totalBytes: 37, logBytes: 40, truncated: false, lossy: true, streams: ["stderr", "stdout"],
            sha256: Digest(of: [1]), framesSHA256: Digest(of: [2]), pinnedBy: .hardlink, note: "a note")
        session.sealedBy = .taskDelete
        session.successor = session.id
        session.evidence = [
            Evidence(witness: .containerdEvent, fact: "exit", at: Self.time, value: "137"),
            Evidence(witness: .journal, fact: "oom"),
        ]
    }

    private func decode(_ json: JSONValue) throws -> [Session] {
        try [Array(json.compact.utf8), json.canonical, Array(json.pretty.utf8)].map {
            try JSONDecoder().decode(Session.self, from: Data($0))
        }
    }

    @Test("a full record comes back as it was, from every form of its JSON")
    func fullRoundTrip() throws {
        let session = try full()
        #expect(try decode(session.json) == [session, session, session])
    }

    @Test("a minimal record comes back as it was, and leaves out what is unknown")
    func minimalRoundTrip() throws {
        let session = try minimal()
        #expect(try decode(session.json) == [session, session, session])
        #expect(
            session.json.compact
                == #"{"id":"\#(session.id)","schemaVersion":1,"revision":0,"state":"waiting","#
                + #""classification":"unresolved","node":"worker-0","evidence":[]}"#)
    }

    @Test("keys of a later version are ignored")
    func laterKeys() throws {
        var object = try full().json
        if case .object(var members) = object {
            members["future"] = .object(JSONObject([("a", .array([]))]))
            object = .object(members)
        }
        #expect(try decode(object)[0] == full())
    }

    @Test(
        "signal is null for a plain exit, a number for 128 + n, and absent where the code was made up or is unknown",
        arguments: [
            (0, nil, "null"), (42, nil, "null"), (137, nil, "9"), (143, nil, "15"), (192, nil, "64"),
            (193, nil, "null"),
            (128, nil, "null"), (255, "Unknown", nil), (137, "ContainerStatusUnknown", nil), (nil, nil, nil),
        ] as [(Int?, String?, String?)])
    func signal(_ code: Int?, _ reason: String?, _ expected: String?) throws {
        var session = try minimal()
        session.exitCode = code
        session.reason = reason
        let text = session.json.compact
        #expect(text.contains("\"signal\":") == (expected != nil))
        if let expected { #expect(text.contains("\"signal\":\(expected)")) }
        #expect(text.contains("\"signalDerived\":true") == (session.derivedSignal != nil))
    }

    @Test(
        "durations have nine digits behind the point",
        arguments: [
            (0, "0.000000000"), (1, "0.000000001"), (10_012_345_678, "10.012345678"), (-1_500_000_000, "-1.500000000"),
            (Int64.max, "9223372036.854775807"),
        ] as [(Int64, String)])
    func durations(_ nanoseconds: Int64, _ text: String) {
        #expect(Session.seconds(fromNanoseconds: nanoseconds) == text)
        #expect(Session.nanoseconds(fromSeconds: text) == nanoseconds)
    }

    @Test(
        "other text is no duration",
        arguments: [
            "", "1", "1.5", "1.+23456789", "+1.000000000", "--1.000000000", "1.0000000000", ".000000000",
            "9223372036.854775808", "99999999999999999999.000000000", "1.000000000.0", "１.000000000",
        ])
    func noDuration(_ text: String) {
        #expect(Session.nanoseconds(fromSeconds: text) == nil)
    }
}
