// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import TestSupport
import Testing

@Suite("Rig: the pod as the API server shows it", .timeLimit(.minutes(2)))
struct PodManifestTests {
    private typealias Object = [String: Any]

    private func parse(_ manifest: PodManifest) throws -> Object {
        try #require(try JSONSerialization.jsonObject(with: Data(manifest.text.utf8)) as? Object)
    }

    private func objects(_ pod: Object, _ path: String...) throws -> [Object] {
        var current: Any = pod
        for key in path { current = try #require((current as? Object)?[key], "no \(key)") }
        return try #require(current as? [Object])
    }

    @Test("what runs on the node stands in spec, status and managedFields as a real API server has it")
    func live() async throws {
        let kubelet = try await SharedNode.node.kubelet
        var specification = PodSpecification(name: "manifest")
        specification.labels = ["run": "manifest"]
        specification.owner = ("ReplicaSet", "web-1")
        let (pod, target) = try await kubelet.runTargetPod(specification)
        let session = try await kubelet.startEphemeralContainer(
            .debugger(name: "debugger-zzzzz", shell: "exit 42", target: "nginx"), in: pod)
        let failed = try await kubelet.startEphemeralContainer(
            ContainerSpecification(name: "badcmd", command: ["/nonexistent"]), in: pod)
        _ = try await kubelet.waitForExit(session)
        let asked = try #require(Timestamp(rfc3339: "2026-11-21T02:40:13.5Z"))
        let json = try parse(try await kubelet.manifest(of: pod, requestedAt: asked))

        let metadata = try #require(json["metadata"] as? Object)
        #expect(metadata["uid"] as? String == pod.uid)
        #expect(metadata["resourceVersion"] as? String == "1")
        #expect(try objects(json, "metadata", "ownerReferences").first?["name"] as? String == "web-1")
        let request = try #require(
            try objects(json, "metadata", "managedFields").first {
                $0["subresource"] as? String == "ephemeralcontainers"
            })
        #expect(request["manager"] as? String == "kubectl")
        #expect(request["time"] as? String == "2026-11-21T02:40:13Z")
        let fields = ((request["fieldsV1"] as? Object)?["f:spec"] as? Object)?["f:ephemeralContainers"] as? Object
        #expect(Set(fields?.keys.map { $0 } ?? []) == [".", #"k:{"name":"debugger-zzzzz"}"#, #"k:{"name":"badcmd"}"#])

        let debugger = try #require(try objects(json, "spec", "ephemeralContainers").first)
        #expect(debugger["targetContainerName"] as? String == "nginx")
        #expect(debugger["command"] as? [String] == ["sh", "-c", "exit 42"])
        #expect(debugger["stdin"] == nil)
        let capabilities = (debugger["securityContext"] as? Object)?["capabilities"] as? Object
        #expect(capabilities?["add"] as? [String] == ["SYS_PTRACE"])

        let statuses = try objects(json, "status", "ephemeralContainerStatuses")
        #expect(statuses.map { $0["name"] as? String } == ["badcmd", "debugger-zzzzz"])
        let waiting = (statuses.first?["state"] as? Object)?["waiting"] as? Object
        #expect(waiting?["reason"] as? String == "RunContainerError")
        let last = (statuses.first?["lastState"] as? Object)?["terminated"] as? Object
        #expect(last?["exitCode"] as? Int == 128)
        #expect(last?["containerID"] as? String == "containerd://\(failed.id)")
        let ended = (statuses.last?["state"] as? Object)?["terminated"] as? Object
        #expect(ended?["exitCode"] as? Int == 42)
        #expect(ended?["containerID"] as? String == "containerd://\(session.id)")
        let busybox = try await SharedNode.node.images.first { $0.name == ImageBuilder.busybox }
        #expect(statuses.last?["imageID"] as? String == busybox?.id)
        let own = try #require(try objects(json, "status", "containerStatuses").first)
        #expect(own["containerID"] as? String == "containerd://\(target.id)")
        #expect((own["state"] as? Object)?["running"] != nil)
        try await kubelet.deletePod(pod, grace: 0)
    }

    @Test("a restarted container shows its last ending; a privileged one and its host path stand in the spec")
    func copyAndNode() async throws {
        let kubelet = try await SharedNode.node.kubelet
        var specification = PodSpecification(name: "node-debugger-node-1-abcde")
        specification.labels = ["app.kubernetes.io/managed-by": "kubectl-debug"]
        specification.privileged = true
        specification.hostPID = true
        let pod = try await kubelet.runPod(specification)
        var debugger = ContainerSpecification(
            name: "debugger", command: ["sh", "-c", "grep CapEff /proc/self/status; ls /host; exit 6"])
        debugger.privileged = true
        debugger.mounts = ["/etc": "/host"]
        let first = try await kubelet.startContainer(debugger, in: pod)
        _ = try await kubelet.waitForExit(first)
        let log = try Files.text(first.logPath)
        #expect(log.contains("CapEff:\t") && !log.contains("CapEff:\t00000000a80425fb"))
        #expect(log.contains(" stdout F passwd\n"))
        let second = try await kubelet.restartContainer(first)
        _ = try await kubelet.waitForExit(second)
        let json = try parse(try await kubelet.manifest(of: pod))
        let status = try #require(try objects(json, "status", "containerStatuses").first)
        #expect(status["restartCount"] as? Int == 1)
        let last = (status["lastState"] as? Object)?["terminated"] as? Object
        #expect(last?["containerID"] as? String == "containerd://\(first.id)")
        #expect(last?["exitCode"] as? Int == 6)
        #expect((json["spec"] as? Object)?["hostPID"] as? Bool == true)
        #expect(try objects(json, "spec", "volumes").first?["name"] as? String == "host-etc")
        try await kubelet.deletePod(pod, grace: 0)
    }
}
