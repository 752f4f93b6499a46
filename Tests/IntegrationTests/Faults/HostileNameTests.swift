// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import AgentStore
import CRIAPI
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import SessionRecords
import SwiftProtobuf
import TestSupport
import Testing

/// Names from outside that want to be followed, obeyed or to fill the memory (`design.md` §9). What a terminal would obey
/// in output and commands: `Sessions/OutputTests.swift`.
@Suite("Faults: hostile names", .serialized, .timeLimit(.minutes(10)))
struct HostileNameTests {
    private static let names = [
        "../../../../tmp/lastword-hostile", "a\u{1B}]0;owned\u{07}\u{1B}[2J", "nul\u{0}and\nnewline\ttab",
        "<script>alert(1)</script>\"'&", "[x y=\"]\"] CEF:0|a\\|b=c", "'; DROP TABLE session; --",
        String(repeating: "name ", count: 500),
    ]

    @Test("on the runtime's labels: recorded under those names, cut to their bounds, escaped, never followed")
    func labels() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            var ids: [ContainerID] = []
            for (number, name) in Self.names.enumerated() {
                ids.append(try await node.createHostile(name, number: number, in: pod))
            }
            for (name, id) in zip(Self.names, ids) {
                let record = try await node.wait(for: id, "it is sealed") { $0.sealedAt != nil }
                let container = try #require(record.container)
                #expect(container.utf8.count <= 512)
                #expect(name.hasPrefix(container.hasSuffix("…") ? String(container.dropLast()) : container))
                #expect(record.exitCode == 7 && record.ending == .observed)
                for arguments in [["show", record.id.rawValue], ["show", record.id.rawValue, "-o", "yaml"]] {
                    try await expectTame(arguments, on: node)
                }
            }
            for form in ["table", "wide", "json", "jsonl", "yaml", "name"] {
                try await expectTame(["list", "-A", "-o", form], on: node)
            }
            try await expectTame(["export"], on: node)
            try await expectTame(["verify"], on: node)
            #expect(!Files.exists("/tmp/lastword-hostile"))
            let pins = Files.names(in: node.pinDirectory)
            #expect(pins.allSatisfy { !$0.contains("lastword-hostile") })
            for id in ids {
                let entries = try node.entries().filter { $0.session == SessionID(container: id) }
                #expect(entries.count { $0.type == "session.ended" } == 1)
            }
        }
    }

    @Test("in the API: a label of 10 MB and a pod of such names harm nobody, and the pods beside them are confirmed")
    func pods() async throws {
        try await FaultNode.run { node in
            let server = try #require(node.server)
            let pod = try await node.makePod()
            var large = PodSpecification(name: "large")
            large.labels = ["big": String(repeating: "x", count: 10 << 20)]
            try server.put(
                podJSON: PodManifest(pod: large, createdAt: .init(nanoseconds: 1_795_000_000_000_000_000), entries: [])
                    .text)
            for (number, name) in Self.names.enumerated() {
                var hostile = PodSpecification(name: "\(number)-\(name)")
                hostile.namespace = name
                hostile.labels = [name: name]
                var entry = PodManifest.Entry(.debugger(name: name, shell: name), kind: .ephemeral)
                entry.state = .waiting(reason: name, message: name)
                try server.put(
                    podJSON: PodManifest(
                        pod: hostile, createdAt: .init(nanoseconds: 1_795_000_000_000_000_000), entries: [entry]
                    ).text)
            }
            let session = try await node.debug("echo all the same; exit 3", in: pod)
            let record = try await node.wait(for: session, "it is sealed and confirmed") {
                $0.sealedAt != nil && $0.classification == .confirmed
            }
            #expect(record.exitCode == 3)
            #expect(try await node.output(of: session) == "all the same\n")
            #expect(try node.metric("lastword_pods_skipped_total", "oversize") == 1)
            let asked = try await node.listing().filter { $0.state == .waiting }
            #expect(asked.count == Self.names.count)
            for row in asked {
                let name = try #require(row.container)
                #expect(name.utf8.count <= 512 && (row.namespace?.utf8.count ?? 0) <= 512)
                #expect(Self.names.contains { $0.hasPrefix(name.hasSuffix("…") ? String(name.dropLast()) : name) })
            }
            for form in ["table", "json", "yaml", "name"] {
                try await expectTame(["list", "-A", "-o", form], on: node)
            }
            try await expectTame(["status"], on: node)
            #expect(node.agent.process?.isRunning == true)
            try await node.expectSound([session])
        }
    }

    /// It works, and prints nothing that a terminal would obey.
    private func expectTame(_ arguments: [String], on node: FaultNode) async throws {
        let result = try await node.agent.lastword(arguments)
        #expect(result.succeeded, "\(arguments): \(result.errorText)")
        let bytes = result.standardOutput + result.standardError
        #expect(!bytes.contains { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F }, "\(arguments)")
    }
}

extension FaultNode {
    /// A container in a debug session's likeness whose labels say what they like: made through CRI by hand.
    fileprivate func createHostile(_ name: String, number: Int, in pod: RunningPod) async throws -> ContainerID {
        let image = try #require(rig.images.first { $0.name == ImageBuilder.busybox })
        let target = try #require(await kubelet.containers(of: pod).first)
        let sandbox = Runtime_V1_PodSandboxConfig.with {
            $0.metadata = .with {
                $0.name = pod.specification.name
                $0.uid = pod.uid
                $0.namespace = pod.specification.namespace
            }
            $0.logDirectory = pod.logDirectory
        }
        let container = Runtime_V1_ContainerConfig.with {
            $0.metadata = .with { $0.name = "hostile-\(number)" }
            $0.image = .with { $0.image = image.id }
            $0.command = ["sh", "-c", "echo hostile; exit 7"]
            $0.labels = [
                "io.kubernetes.container.name": name, "io.kubernetes.pod.name": name,
                "io.kubernetes.pod.namespace": name, "io.kubernetes.pod.uid": name, name: name,
            ].filter { $0.key.utf8.count + $0.value.utf8.count < 4096 }
            $0.annotations = ["io.kubernetes.container.restartCount": "0", name: name]
            $0.logPath = "hostile-\(number).log"
            // By its target it is taken for a debug container, whatever it calls itself.
            $0.linux.securityContext.namespaceOptions = .with {
                $0.pid = .target
                $0.targetID = target.id.rawValue
                $0.network = .node
            }
        }
        return try await rig.containerd.connection.call { client in
            let runtime = Runtime_V1_RuntimeService.Client(wrapping: client)
            let id = try await runtime.createContainer(
                .with {
                    $0.podSandboxID = pod.sandboxID
                    $0.config = container
                    $0.sandboxConfig = sandbox
                }, options: RuntimeConnection.options()
            ).containerID
            _ = try await runtime.startContainer(.with { $0.containerID = id }, options: RuntimeConnection.options())
            return try #require(ContainerID(id))
        }
    }
}
