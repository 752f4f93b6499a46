// SPDX-License-Identifier: Apache-2.0
import ManifestSupport
import Testing

@Suite("Manifests: the collector")
struct CollectorManifestTests {
    @Test(
        "no root, no capability, nothing of the node, one volume, secrets by reference", arguments: Repository.overlays)
    func pod(_ overlay: String) throws {
        let manifest = try Repository.manifest(overlay)
        let workload = try #require(manifest.statefulSets["lastword-collector"])
        let pod = workload.pod
        #expect(workload.replicas == 1 && workload.claims == ["store": "ReadWriteOnce 100Gi"])
        #expect(pod.security.runAsNonRoot == true && pod.security.user == 65_532 && pod.security.fsGroup == 65_532)
        #expect(pod.security.seccomp == "RuntimeDefault" && pod.security.seLinuxType == nil)
        #expect(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC && pod.tolerations == [])
        #expect(pod.serviceAccount == "lastword-collector" && !pod.automountsToken && !pod.serviceLinks)
        let container = try #require(pod.containers.first)
        #expect(pod.containers.count == 1)
        #expect(container.security.dropped == ["ALL"] && container.security.added == [])
        #expect(!container.security.privileged && !container.security.escalates && container.security.readOnlyRoot)
        #expect(container.mounts.filter { !$0.readOnly } == [VolumeMount("store", "/var/lib/lastword-collector")])
        #expect(container.probes == ["HTTPS https /healthz", "HTTPS https /readyz"])
        #expect(container.startupProbe == "HTTPS https /healthz")
        for volume in pod.volumes {
            if case .host = volume.source { Issue.record("\(volume.name) is the node's") }
        }
        #expect(pod.volumes.contains(Volume("tls", .secret(name: "lastword-collector-tls"))))
    }

    @Test("its service is its own pod's port, reached from the cluster alone", arguments: Repository.overlays)
    func service(_ overlay: String) throws {
        let manifest = try Repository.manifest(overlay)
        let pod = try #require(manifest.statefulSets["lastword-collector"])
        let service = try #require(manifest.services["lastword-collector"])
        #expect(service.type == nil && service.ports == ["https 4318 https"])
        #expect(service.selector == pod.selector && pod.selector.allSatisfy { pod.labels[$0.key] == $0.value })
        #expect(pod.pod.containers[0].ports == ["https": 4318])
        let policy = try #require(manifest.networkPolicies["lastword-collector"])
        #expect(policy.selector == pod.selector && policy.types == ["Ingress", "Egress"])
        #expect(policy.ingress.map(\.ports) == [["TCP 4318"]] && policy.ingress[0].peers.count == 2)
        #expect(policy.egress.map(\.ports) == [["UDP 53", "TCP 53"], ["UDP 53", "TCP 53"], ["TCP 443", "TCP 6443"]])
        #expect(policy.egress[1].peers == ["169.254.20.10/32"])
    }
}
