// SPDX-License-Identifier: Apache-2.0
import PodSource
import SessionRecords
import SessionTracking
import Testing

@Suite("Recognition of kubectl debug")
struct DebugRecognitionTests {
    private static let created = #""creationTimestamp":"2026-11-21T02:00:00Z""#

    /// `managedFields` of a pod that this client made, with these containers.
    private static func maker(_ manager: String, _ names: [String], operation: String = "Update") -> String {
        let fields = names.map { #""k:{\"name\":\"\#($0)\"}":{}"# }.joined(separator: ",")
        return created
            + #","managedFields":[{"manager":"\#(manager)","operation":"\#(operation)","time":"2026-11-21T02:00:00Z","#
            + #""fieldsV1":{"f:spec":{"f:containers":{\#(fields)}}}}]"#
    }

    private func debugContainers(_ json: String) throws -> [String] {
        try RecordedPods.facts(json: json).containers.compactMap { container in
            container.debugMode.map { "\(container.name) \($0) \(container.classification)" }
        }
    }

    @Test("a node pod of kubectl before 1.34 is inferred from its form")
    func oldNodePod() throws {
        func pod(_ name: String, tolerations: String = #"[{"operator":"Exists"}]"#) -> String {
            RecordedPods.pod(
                name,
                spec: """
                    "restartPolicy":"Never","tolerations":\(tolerations),"containers":[{"name":"debugger"}]
                    """)
        }
        #expect(try debugContainers(pod("node-debugger-node-1-5sbzb")) == ["debugger node inferred"])
        #expect(try debugContainers(pod("node-debugger-node-1-5sbza")) == [])
        #expect(try debugContainers(pod("node-debugger-node-2-5sbzb")) == [])
        #expect(
            try debugContainers(
                pod("node-debugger-node-1-5sbzb", tolerations: #"[{"operator":"Exists","key":"a"}]"#)) == [])
    }

    @Test("of a marked node pod with an injected sidecar only the debugger is one")
    func nodePodWithSidecar() throws {
        let marked = #""labels":{"app.kubernetes.io/managed-by":"kubectl-debug"}"#
        #expect(
            try debugContainers(
                RecordedPods.pod(metadata: marked, spec: #""containers":[{"name":"proxy"},{"name":"debugger"}]"#))
                == ["debugger node confirmed"])
        #expect(
            try debugContainers(
                RecordedPods.pod(metadata: marked, spec: #""containers":[{"name":"custom"},{"name":"proxy"}]"#))
                == ["custom node inferred"])
    }

    @Test("a copy is told by the bare kubectl that made it, with one container as with labels kept")
    func copyByManager() throws {
        #expect(
            try debugContainers(
                RecordedPods.pod(
                    metadata: Self.maker("kubectl", ["app"]),
                    spec: #""shareProcessNamespace":true,"containers":[{"name":"app"}]"#)) == ["app copy inferred"])
        #expect(
            try debugContainers(
                RecordedPods.pod(
                    metadata: #""labels":{"app":"web"},"# + Self.maker("kubectl", ["app", "dbg"]),
                    spec: #""shareProcessNamespace":true,"containers":[{"name":"app"},{"name":"dbg"}]"#))
                == ["dbg copy inferred"])
    }

    @Test("an existing container that was made interactive is the debugger, not the last one")
    func copyWithExistingContainer() throws {
        #expect(
            try debugContainers(
                RecordedPods.pod(
                    metadata: Self.maker("kubectl", ["app", "sidecar"]),
                    spec: """
                        "shareProcessNamespace":true,"containers":[{"name":"app","stdin":true,"tty":true},\
                        {"name":"sidecar"}]
                        """)) == ["app copy inferred"])
    }

    @Test("a generated container name tells a copy whatever else was kept")
    func copyByName() throws {
        #expect(
            try debugContainers(
                RecordedPods.pod(
                    metadata: #""labels":{"app":"web"}"#,
                    spec: #""containers":[{"name":"app","livenessProbe":{}},{"name":"debugger-x7k2p"}]"#))
                == ["debugger-x7k2p copy inferred"])
    }

    @Test(
        "pods made in other ways are not taken for copies",
        arguments: [
            ("kubectl create", maker("kubectl-create", ["a", "b"])),
            ("kubectl apply", maker("kubectl-client-side-apply", ["a", "b"])),
            ("server-side apply", maker("kubectl", ["a", "b"], operation: "Apply")),
            ("a controller", maker("kube-controller-manager", ["a", "b"])),
            ("an owner", #""ownerReferences":[{"kind":"Job","name":"j","controller":true}]"#),
            ("a static pod", #""annotations":{"kubernetes.io/config.mirror":"x"}"#),
            ("a labelled pod", #""labels":{"app":"web"}"#),
            (
                "an old apply",
                #""annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"},"# + maker("kubectl", ["a"])
            ),
        ])
    func regularPods(how: String, metadata: String) throws {
        let pod = RecordedPods.pod(
            metadata: metadata, spec: #""shareProcessNamespace":true,"containers":[{"name":"a"},{"name":"b"}]"#)
        #expect(try debugContainers(pod) == [], "\(how)")
    }

    @Test("init containers shift nothing")
    func initContainers() throws {
        let pod = try RecordedPods.facts(
            json: RecordedPods.pod(
                spec: """
                    "shareProcessNamespace":true,"initContainers":[{"name":"i1"},{"name":"i2"}],
                    "containers":[{"name":"app"},{"name":"debugger-bcdfg"}],"ephemeralContainers":[\
                    {"name":"e","securityContext":{"privileged":true}}]
                    """))
        #expect(pod.containers.filter { $0.debugMode != nil }.map(\.name) == ["debugger-bcdfg", "e"])
        #expect(pod.containers.last?.profile == .sysadmin)
    }

    @Test(
        "a security context that fits no profile has no profile",
        arguments: [
            #"{"capabilities":{"add":["SYS_ADMIN"]}}"#, #"{"runAsUser":0}"#,
            #"{"capabilities":{"add":["SYS_PTRACE"],"drop":["ALL"]}}"#,
        ])
    func noProfile(context: String) throws {
        let pod = try RecordedPods.facts(
            json: RecordedPods.pod(spec: #""ephemeralContainers":[{"name":"e","securityContext":\#(context)}]"#))
        #expect(pod.containers.first?.debugMode == .ephemeral)
        #expect(pod.containers.first?.profile == nil)
    }

    @Test("the pod's own security context does not change the guess")
    func podLevelContext() throws {
        let pod = try RecordedPods.facts(
            json: RecordedPods.pod(
                spec: """
                    "securityContext":{"runAsUser":1000,"runAsNonRoot":true},
                    "ephemeralContainers":[{"name":"e","securityContext":{"capabilities":{"add":["SYS_PTRACE"]}}}]
                    """))
        #expect(pod.containers.first?.profile == .general)
        #expect(pod.containers.first?.securityContext?.runAsUser == 1000)
    }
}
