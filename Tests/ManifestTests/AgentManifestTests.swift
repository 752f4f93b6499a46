// SPDX-License-Identifier: Apache-2.0
import ManifestSupport
import Testing

/// What the agent's pod is given, item by item: a right more than these is a failure.
@Suite("Manifests: the agent")
struct AgentManifestTests {
    @Test("there are the overlays that the documents name")
    func overlays() {
        #expect(Repository.overlays == ["cri-o", "k3s", "kubeadm", "rke2", "selinux"])
    }

    private func agent(_ overlay: String) throws -> Manifest.Workload {
        try #require(try Repository.manifest(overlay).daemonSets["lastword-agent"])
    }

    @Test(
        "root without a capability: nothing added, all dropped, no escalation, root read-only",
        arguments: Repository.overlays)
    func security(_ overlay: String) throws {
        let pod = try agent(overlay).pod
        #expect(pod.containers.count == 1)
        let container = try #require(pod.containers.first)
        #expect(container.security.dropped == ["ALL"] && container.security.added == [])
        #expect(!container.security.privileged && !container.security.escalates && container.security.readOnlyRoot)
        #expect(pod.security.user == 0 && pod.security.group == 0 && pod.security.seccomp == "RuntimeDefault")
        #expect(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC)
        #expect(pod.security.seLinuxType == (overlay == "selinux" ? "spc_t" : nil))
        #expect(container.image == "lastword:0.1.0", "a placeholder without a host")
    }

    @Test("of the node it sees these directories and no other", arguments: Repository.overlays)
    func mounts(_ overlay: String) throws {
        let runtime =
            switch overlay {
            case "k3s", "rke2": "/run/k3s/containerd"
            case "cri-o": "/run/crio"
            default: "/run/containerd"
            }
        let pod = try agent(overlay).pod
        #expect(
            Set(pod.containers[0].mounts) == [
                VolumeMount("var-log", "/var/log"),
                VolumeMount("runtime", runtime, readOnly: true, propagation: "HostToContainer"),
                VolumeMount("store", "/var/lib/lastword"),
                VolumeMount("run-journal", "/run/log/journal", readOnly: true),
                VolumeMount("journal-socket", "/run/systemd/journal", readOnly: true),
                VolumeMount("machine-id", "/etc/machine-id", readOnly: true),
                VolumeMount("config", "/etc/lastword", readOnly: true),
                VolumeMount("api-token", "/var/run/secrets/kubernetes.io/serviceaccount", readOnly: true),
                VolumeMount("collector-access", "/var/run/secrets/lastword", readOnly: true),
            ])
        let hosts = pod.volumes.compactMap { volume -> String? in
            guard case .host(let path, let type) = volume.source else { return nil }
            return "\(volume.name) \(path) \(type)"
        }
        #expect(
            Set(hosts) == [
                "var-log /var/log Directory", "runtime \(runtime) Directory",
                "store /var/lib/lastword DirectoryOrCreate", "run-journal /run/log/journal DirectoryOrCreate",
                "journal-socket /run/systemd/journal DirectoryOrCreate", "machine-id /etc/machine-id File",
            ])
        #expect(Set(pod.volumes.map(\.name)) == Set(pod.containers[0].mounts.map(\.name)))
    }

    @Test("it lists and watches pods, and may do nothing else", arguments: Repository.overlays)
    func rights(_ overlay: String) throws {
        let manifest = try Repository.manifest(overlay)
        #expect(manifest.roles == ["lastword-agent": [Manifest.Rule([""], ["pods"], ["list", "watch"])]])
        #expect(
            manifest.bindings == [
                Manifest.Binding(
                    name: "lastword-agent", role: "ClusterRole lastword-agent",
                    subjects: ["ServiceAccount lastword/lastword-agent"])
            ])
        #expect(manifest.serviceAccounts == ["lastword-agent": false, "lastword-collector": false])
        #expect(manifest.namespaces == ["lastword": ["pod-security.kubernetes.io/enforce": "privileged"]])
    }

    @Test("two tokens, each for one audience and an hour, and no other secret", arguments: Repository.overlays)
    func tokens(_ overlay: String) throws {
        let pod = try agent(overlay).pod
        #expect(pod.serviceAccount == "lastword-agent" && !pod.automountsToken)
        let secrets = pod.volumes.filter {
            switch $0.source {
            case .projected, .secret: true
            case .host, .config: false
            }
        }
        #expect(
            secrets == [
                Volume(
                    "api-token",
                    .projected([
                        .token(path: "token", audience: nil, seconds: 3600),
                        .config(name: "kube-root-ca.crt", key: "ca.crt", path: "ca.crt", isOptional: false),
                    ])),
                Volume(
                    "collector-access",
                    .projected([
                        .token(path: "token", audience: "lastword", seconds: 3600),
                        .config(name: "lastword-collector-ca", key: "ca.crt", path: "ca.crt", isOptional: true),
                    ])),
            ])
    }

    @Test("it is on every node, goes last, and never stands beside its successor", arguments: Repository.overlays)
    func everywhere(_ overlay: String) throws {
        let workload = try agent(overlay)
        #expect(workload.update == ["maxSurge": "0", "maxUnavailable": "10%"])
        #expect(workload.pod.tolerations == [["operator": "Exists"]])
        #expect(workload.pod.priorityClass == "system-node-critical")
        #expect(workload.pod.nodeSelector == ["kubernetes.io/os": "linux"])
        #expect(workload.selector == ["app.kubernetes.io/name": "lastword-agent"])
        #expect(workload.labels["app.kubernetes.io/name"] == "lastword-agent")
        #expect(workload.pod.gracePeriod >= 10, "it drains within 10 s")
        #expect(workload.pod.containers[0].environment == ["NODE_NAME": "spec.nodeName"])
        #expect(workload.pod.containers[0].limits["memory"] != nil && workload.pod.containers[0].limits["cpu"] == nil)
        #expect(
            workload.pod.containers[0].probes == ["HTTP metrics /healthz", "HTTP metrics /readyz"])
        // Addresses of the namespace's services would stand in the environment, under names that begin as settings do.
        #expect(!workload.pod.serviceLinks)
    }

    @Test("whom it may talk to, and who to it", arguments: Repository.overlays)
    func network(_ overlay: String) throws {
        let policy = try #require(try Repository.manifest(overlay).networkPolicies["lastword-agent"])
        #expect(policy.types == ["Ingress", "Egress"])
        #expect(policy.selector == ["app.kubernetes.io/name": "lastword-agent"])
        #expect(policy.ingress.map(\.ports) == [["TCP 9464"]])
        #expect(
            policy.egress.map(\.ports) == [
                ["UDP 53", "TCP 53"], ["UDP 53", "TCP 53"], ["TCP 443", "TCP 6443"], ["TCP 4318"],
            ])
        #expect(policy.egress[1].peers == ["169.254.20.10/32"])
    }

    @Test("a right that slips in is found: another kind, another field, another verb")
    func strict() throws {
        let rendered = try Repository.text("daemonset/rendered/kubeadm.yaml")
        func read(_ change: (String) -> String) throws -> Manifest { try Manifest(change(rendered)) }
        #expect(throws: ManifestFault.self) {
            try read { $0 + "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: lastword}\n" }
        }
        #expect(throws: ManifestFault.self) {
            try read { $0.replacing("      hostNetwork: false\n", with: "      shareProcessNamespace: true\n") }
        }
        #expect(throws: ManifestFault.self) {
            try read { $0.replacing("readOnlyRootFilesystem: true", with: "procMount: Unmasked") }
        }
        #expect(throws: ManifestFault.self) {
            try read { $0.replacing("  - pods\n", with: "  - pods\n  resourceNames: [x]\n") }
        }
        let wider = try read { $0.replacing("  - watch\n", with: "  - watch\n  - delete\n") }
        #expect(wider.roles["lastword-agent"]?.first?.verbs == ["list", "watch", "delete"])
    }
}
