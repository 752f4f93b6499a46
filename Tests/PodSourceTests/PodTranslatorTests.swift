// SPDX-License-Identifier: Apache-2.0
import PodSource
import SessionRecords
import SessionTracking
import Testing

@Suite("Pod translation")
struct PodTranslatorTests {
    @Test("the container's security context overrides the pod's where both may speak")
    func effectiveSecurityContext() throws {
        let pod = try RecordedPods.facts(
            json: RecordedPods.pod(
                spec: """
                    "securityContext":{"runAsUser":1000,"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}},
                    "containers":[{"name":"a","securityContext":{"runAsUser":0,"capabilities":{"add":["CAP_SYS_PTRACE","NET_RAW"]}}},
                    {"name":"b"}]
                    """))
        let a = try #require(pod.containers.first?.securityContext)
        #expect(a.runAsUser == 0)
        #expect(a.runAsNonRoot == true)
        #expect(a.seccompProfile == "RuntimeDefault")
        #expect(a.capabilitiesAdded == ["NET_RAW", "SYS_PTRACE"])
        #expect(pod.containers.last?.securityContext?.runAsUser == 1000)
        let bare = try RecordedPods.facts(json: RecordedPods.pod())
        #expect(bare.containers.first?.securityContext == nil)
    }

    @Test("environment names are kept and values are not")
    func environment() throws {
        let pod = try RecordedPods.facts(
            json: RecordedPods.pod(
                spec: #""containers":[{"name":"a","env":[{"name":"TOKEN","value":"geheim"},{"value":"x"}]}]"#))
        #expect(pod.containers.first?.envNames == ["TOKEN"])
        #expect(!"\(pod)".contains("geheim"))
    }

    @Test("owner, mirror pod, host namespaces, deletion and host mounts are read")
    func metadata() throws {
        let pod = try RecordedPods.facts(
            json: RecordedPods.pod(
                metadata: """
                    "deletionTimestamp":"2026-11-21T02:40:00Z","annotations":{"kubernetes.io/config.mirror":"abc"},\
                    "ownerReferences":[{"kind":"Other","name":"no"},\
                    {"kind":"ReplicaSet","name":"web-1","controller":true}]
                    """,
                spec: """
                    "hostPID":true,"hostNetwork":true,"volumes":[{"name":"root","hostPath":{"path":"/"}}],
                    "containers":[{"name":"a","volumeMounts":[{"name":"root","mountPath":"/host"},\
                    {"name":"tmp","mountPath":"/a","readOnly":true}]}]
                    """))
        #expect(pod.owner == Owner(kind: "ReplicaSet", name: "web-1"))
        #expect(pod.runtimeUID == PodUID("abc"))
        #expect(pod.hostNamespaces == ["network", "pid"])
        #expect(pod.deletionAt == Timestamp(rfc3339: "2026-11-21T02:40:00Z"))
        #expect(
            pod.containers.first?.mounts == [
                MountPoint(destination: "/a", source: nil, readOnly: true),
                MountPoint(destination: "/host", source: "/", readOnly: false),
            ])
    }

    @Test(
        "the digest comes from an image id in either form, and from nothing else",
        arguments: [
            ("docker.io/library/busybox@sha256:" + String(repeating: "a", count: 64), true),
            ("sha256:" + String(repeating: "b", count: 64), true), ("sha256:short", false), ("busybox:1.36", false),
        ])
    func digest(imageID: String, isDigest: Bool) throws {
        let pod = try RecordedPods.facts(
            json: RecordedPods.pod(status: #""containerStatuses":[{"name":"app","imageID":"\#(imageID)"}]"#))
        let digest = pod.containers.first?.status?.imageDigest
        #expect((digest != nil) == isDigest)
        if let digest { #expect(digest.hasPrefix("sha256:") && digest.utf8.count == 71) }
    }

    @Test("one part of the wrong type costs only that part")
    func wrongTypes() throws {
        let pod = try RecordedPods.facts(
            json: """
                {"metadata":{"name":"p","namespace":7,"uid":"u","labels":{"a":"1","b":2},"annotations":[],
                "ownerReferences":"x","managedFields":{"a":1},"creationTimestamp":5,"deletionTimestamp":{}},
                "spec":{"containers":[{"name":"ok","tty":"yes","command":"sh","env":7,"volumeMounts":[1,{"name":"v"}],
                "securityContext":[]},{"name":4},null,"x"],"ephemeralContainers":{"a":1},"tolerations":3,
                "securityContext":{"runAsUser":1e99,"runAsNonRoot":"no"},"hostPID":"maybe"},
                "status":{"phase":[],"conditions":[{"type":"A"},{"type":"B","status":"True"}],
                "containerStatuses":[{"name":"ok","restartCount":"three","containerID":"containerd://../../etc",
                "state":{"terminated":{"exitCode":"x"}},"lastState":9}]}}
                """)
        #expect(pod.labels == ["a": "1"])
        #expect(pod.conditions == ["B=True"])
        #expect(pod.containers.map(\.name) == ["ok"])
        #expect(pod.containers.first?.status?.state == nil)
        #expect(pod.containers.first?.status?.containerID == nil)
        #expect(pod.containers.first?.command == nil)
        #expect(pod.phase == nil && pod.hostNamespaces == [])
    }

    @Test("hostile names are carried as text, bounded")
    func hostileNames() throws {
        let escape = "\\u001b[31m"
        let pod = try RecordedPods.facts(
            json: RecordedPods.pod(
                "../../etc/passwd", metadata: #""labels":{"\#(escape)":"<script>\#(escape)\u0000"}"#,
                spec: #""ephemeralContainers":[{"name":"../../\#(escape)","image":"a b\n"}]"#))
        #expect(pod.name == "../../etc/passwd")
        #expect(pod.containers.first?.name == "../../\u{1B}[31m")
        #expect(pod.labels == ["\u{1B}[31m": "<script>\u{1B}[31m\0"])
    }

    @Test("a label of 10 MB is refused as an object and clipped where it fits")
    func hugeLabel() throws {
        let huge = RecordedPods.pod(metadata: #""labels":{"a":"\#(String(repeating: "x", count: 10_000_000))"}"#)
        #expect(throws: PodTranslationError.tooLarge(bytes: huge.utf8.count)) { try RecordedPods.facts(json: huge) }
        let large = RecordedPods.pod(metadata: #""labels":{"a":"\#(String(repeating: "é", count: 100_000))"}"#)
        let label = try #require(try RecordedPods.facts(json: large).labels["a"])
        #expect(label.utf8.count <= Bounds.nameBytes && label.hasSuffix("…"))
    }

    @Test(
        "what is no pod is refused",
        arguments: [
            "", "{", "[]", "null", "{\"metadata\":{}}", "{\"metadata\":{\"name\":\"a\",\"uid\":\"\"}}",
            "{\"metadata\":{\"name\":\"a\",\"uid\":7}}", String(repeating: "[", count: 100_000),
            "{\"metadata\":{\"name\":\"a\",\"uid\":\"u\"},\"spec\":" + String(repeating: "{\"a\":", count: 50_000),
        ])
    func malformed(json: String) {
        #expect(throws: PodTranslationError.malformed) { try RecordedPods.facts(json: json) }
    }

    @Test("mutated and cut pods never trap")
    func mutations() throws {
        let original = try RecordedPods.bytes("1-attach__pod-1-during-notty.managed")
        var state: UInt64 = 0x2545_F491_4F6C_DD1D
        func random(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        var taken = 0
        for round in 0..<150 {
            var bytes = original
            for _ in 0...random(8) { bytes[random(bytes.count)] = UInt8(random(256)) }
            if round % 3 == 0 { bytes.removeLast(random(bytes.count)) }
            do {
                let pod = try PodTranslator().translate(bytes)
                #expect(pod.facts.name.utf8.count <= Bounds.nameBytes)
                taken += 1
            } catch {
                #expect(error == .malformed)
            }
        }
        #expect(taken > 0)
    }
}
