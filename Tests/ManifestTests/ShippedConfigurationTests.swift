// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import AgentCore
import CollectorServer
import ConfigurationReading
import Forwarding
import Foundation
import ManifestSupport
import TestSupport
import Testing

/// The settings that are shipped are settings that the programs know, and lead to files that are mounted.
@Suite("Manifests: settings")
struct ShippedConfigurationTests {
    private func text(_ overlay: String, _ name: String, _ key: String) throws -> String {
        let files = try #require(try Repository.manifest(overlay).configs[name])
        #expect(files.keys.sorted() == [key])
        return try #require(files[key])
    }

    private func load(_ overlay: String, _ scratch: ScratchDirectory) throws -> AgentConfiguration {
        let path = try scratch.write(try text(overlay, "lastword-agent", "agent.yaml"), to: "agent.yaml")
        return try AgentConfiguration.load(arguments: ["--config", path], environment: ["NODE_NAME": "node-1"])
    }

    @Test("the agent takes its file, and finds what that names in its mounts", arguments: Repository.overlays)
    func agent(_ overlay: String) throws {
        let configuration = try load(overlay, try ScratchDirectory())
        let workload = try #require(try Repository.manifest(overlay).daemonSets["lastword-agent"])
        let container = workload.pod.containers[0]
        #expect(container.arguments == ["--config", "/etc/lastword/agent.yaml"])
        #expect(configuration.node.name == "node-1")
        let paths = [
            configuration.runtime.socket, configuration.logs.podLogsDirectory, configuration.store.directory,
            configuration.forward.tokenFile, configuration.forward.caFile, configuration.journal.socket,
            "/etc/lastword/agent.yaml",
        ]
        for path in paths {
            let path = try #require(path)
            #expect(container.mounts.contains { path.hasPrefix($0.path + "/") || path == $0.path }, "\(path)")
        }
        #expect(configuration.http.listen?.port == container.ports["metrics"])
        #expect(configuration.http.listen?.host == "0.0.0.0", "probes come to the pod's address")
        let service = try #require(try Repository.manifest(overlay).services["lastword-collector"])
        #expect(configuration.forward.endpoint?.url == "https://lastword-collector.lastword.svc:4318/v1/logs")
        #expect(service.ports.contains { $0.contains(" 4318 ") })
        // k3s writes containerd's lines elsewhere: what is not in the journal must not be claimed to have been read.
        #expect((configuration.journal.source == .off) == ["k3s", "rke2"].contains(overlay))
        #expect((configuration.runtime.kind == .crio) == (overlay == "cri-o"))
    }

    @Test("the collector takes its file, and checks it with the certificates there", arguments: ["kubeadm", "cri-o"])
    func collector(_ overlay: String) async throws {
        let scratch = try ScratchDirectory()
        let file = try scratch.write(
            try text(overlay, "lastword-collector", "collector.yaml"), to: "collector.yaml")
        let configuration = try CollectorConfiguration.load(arguments: ["--config", file], environment: [:])
        let workload = try #require(try Repository.manifest(overlay).statefulSets["lastword-collector"])
        let container = workload.pod.containers[0]
        let tls = try #require(configuration.tls)
        let accounts = try #require(configuration.serviceAccounts)
        guard case .url(_, let authority?, let token?) = accounts.keys else {
            Issue.record("the issuer's keys are not fetched with a token and an authority")
            return
        }
        for path in [tls.certificateFile, tls.keyFile, authority, token, configuration.store.directory] {
            #expect(container.mounts.contains { path.hasPrefix($0.path + "/") }, "\(path)")
        }
        #expect(accounts.allow == ["lastword/lastword-agent"] && accounts.audience == "lastword")

        let certificates = try StandInCertificates()
        let keys = try scratch.write(Self.keys, to: "jwks.json")
        // What is of the cluster is replaced: files by ours, the issuer's keys by a file.
        let own = scratch.file("own.yaml")
        let lines = try Files.text(file).split(separator: "\n").filter { !$0.contains("jwks") }
        try Files.write(lines.joined(separator: "\n") + "\n", to: own)
        let result = try await ChildProcess.run(
            [
                try BuildProducts.path("lastword-collector"), "check", "--config", own, "--server-listen",
                "127.0.0.1:0",
                "--tls-certificate-file", try scratch.write(certificates.server, to: "tls.crt"), "--tls-key-file",
                try scratch.write(certificates.serverKey, to: "tls.key"), "--store-directory", scratch.file("store"),
                "--service-accounts-jwks-file", keys,
            ], environment: ["PATH": "/usr/bin:/bin"])
        #expect(result.ending == .exited(0), "\(result.text)\(result.errorText)")
    }

    /// A public key as an issuer shows one (RFC 7517, appendix A.1).
    private static let keys = """
        {"keys":[{"kty":"EC","crv":"P-256","kid":"1","alg":"ES256","use":"sig",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}
        """

    @Test("a changed setting gives the ConfigMap another name, so that pods are rolled")
    func names() throws {
        let names = try Repository.overlays.map { overlay in
            try #require(try Repository.manifest(overlay).configNames.first { $0.hasPrefix("lastword-agent-") })
        }
        let texts = try Repository.overlays.map { try text($0, "lastword-agent", "agent.yaml") }
        #expect(Set(names).count == Set(texts).count && Set(texts).count == 3)
        for overlay in Repository.overlays {
            let manifest = try Repository.manifest(overlay)
            for workload in [manifest.daemonSets["lastword-agent"], manifest.statefulSets["lastword-collector"]] {
                for volume in try #require(workload).pod.volumes {
                    guard case .config(let name) = volume.source else { continue }
                    #expect(manifest.configNames.contains(name))
                }
            }
        }
    }
}
