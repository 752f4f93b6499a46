// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import Foundation
import SessionRecords
import TestSupport
import Testing

/// The image and the manifests that are shipped, run on a real containerd with the security context, user and mounts that
/// they name.
@Suite("The pods as they are shipped", .serialized, .timeLimit(.minutes(10)))
struct ShippedPodTests {
    @Test("the agent's pod records, also after containerd was restarted, keeps no removed container busy, and delivers")
    func recording() async throws {
        try await ClusterNode.run { node in
            // One that was there before the agent: its root file system is in the agent's mounts from the beginning.
            let (pod, target) = try await node.kubelet.runTargetPod(PodSpecification(name: "debug-target"))
            let agent = try await node.startAgent()
            try expectNoRights(agent)
            #expect(try node.mounts(of: agent).contains { $0.contains(target.id.rawValue) })
            let first = try await node.debug(in: pod)
            try await waitUntil("its log is pinned") { node.isPinned(first) }
            // This one has come into the agent's mounts by itself.
            try await waitUntil("its root file system is seen") {
                try node.mounts(of: agent).contains {
                    $0.hasPrefix("/run/containerd/") && $0.contains(first.id.rawValue)
                }
            }
            try await node.finish(first)
            let record = try await node.wait(for: first, "it is sealed") { $0.sealedAt != nil }
            #expect(record.exitCode == 42 && record.ending == .observed && record.classification == .confirmed)
            #expect(record.output?.pinnedBy == .hardlink && record.targetContainer == "nginx")
            #expect(try await node.output(of: first, agent: agent) == FaultNode.waitingOutput)

            try await node.rig.containerd.stop()
            try await waitUntil("the agent notices") {
                HTTPProbe.get(port: node.agentPort, path: "/readyz")?.status == 503
            }
            try await node.rig.containerd.start()
            try await waitUntil(limit: .seconds(60), "events flow again") {
                HTTPProbe.get(port: node.agentPort, path: "/readyz")?.status == 200
            }
            let second = try await node.debug(in: pod)
            try await node.finish(second)
            let after = try await node.wait(for: second, "it is sealed") { $0.sealedAt != nil }
            #expect(after.exitCode == 42 && after.ending == .observed && after.output?.pinnedBy == .hardlink)

            try await node.delete(pod, grace: 0)
            for container in [target, first, second] {
                try await waitUntil("its root file system is gone from the agent's mounts") {
                    try !node.mounts(of: agent).contains { $0.contains(container.id.rawValue) }
                }
            }
            try await expectDoctorContent(node, agent)
            try await expectDelivery(node, [first, second])
            #expect(try await node.kubelet.exec(agent, ["/usr/bin/lastword", "verify"]).exitCode == 0)
        }
    }

    @Test(
        "an update in the middle of sessions: each is whole, also one that ended and was deleted between the two agents"
    )
    func update() async throws {
        try await ClusterNode.run { node in
            let old = try await node.startAgent()
            let (pod, _) = try await node.kubelet.runTargetPod(PodSpecification(name: "stays"))
            let (gone, _) = try await node.kubelet.runTargetPod(PodSpecification(name: "goes"))
            let across = try await node.debug(in: pod)
            let between = try await node.debug(in: gone)
            for session in [across, between] {
                try await waitUntil("its log is pinned") { node.isPinned(session) }
                try await node.wait(for: session, "it is known to run") { $0.state == .running }
            }
            // As maxSurge: 0 has it.
            try await node.delete(old.pod)
            try await node.finish(between)
            try await node.delete(gone, grace: 0)
            #expect(!Files.exists(between.logPath) && node.isPinned(between))

            let new = try await node.startAgent()
            try await node.finish(across)
            let record = try await node.wait(for: across, "it is sealed") { $0.sealedAt != nil }
            #expect(record.exitCode == 42 && record.ending == .observed)
            let missed = try await node.wait(for: between, "it is sealed") { $0.sealedAt != nil }
            // Its code is in containerd's journal, which the pod has mounted.
            #expect(missed.exitCode == 42 && missed.ending == .recovered, "\(missed.json.compact)")
            for session in [record, missed] { #expect(session.output?.pinnedBy == .hardlink) }
            for session in [across, between] {
                #expect(try await node.output(of: session, agent: new) == FaultNode.waitingOutput)
            }
            try await waitUntil("no pin is left") { !node.isPinned(across) && !node.isPinned(between) }
            #expect(try await node.kubelet.exec(new, ["/usr/bin/lastword", "verify"]).exitCode == 0)
        }
    }

    /// As the kernel says it of the running process.
    private func expectNoRights(_ container: RunningContainer) throws {
        let status = try Files.text("/proc/\(try #require(container.pid))/status")
        for line in [
            "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000",
            "CapAmb:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2", "Uid:\t0\t0\t0\t0",
        ] {
            #expect(status.contains(line + "\n"), "\(line)")
        }
    }

    /// Run where the documents say: in the agent's pod.
    private func expectDoctorContent(_ node: ClusterNode, _ agent: RunningContainer) async throws {
        let answer = try await node.kubelet.exec(agent, ["/usr/bin/lastword", "doctor", "-o", "json"])
        struct Finding: Decodable {
            let check: String
            let result: String
            let detail: String
        }
        let findings = try JSONDecoder().decode([Finding].self, from: Data(answer.standardOutput))
        func result(_ name: String) -> String? { findings.first { $0.check == name }?.result }
        for name in ["store", "agent", "runtime socket", "log pins", "agent: log pins", "agent: runtime"] {
            #expect(result(name) == "ok", "\(answer.text)")
        }
        for name in ["agent: pod source", "agent: journal", "agent: store"] {
            #expect(result(name) == "ok", "\(answer.text)")
        }
        #expect(result("agent: delivery") == "failed", "the collector is not there yet")
    }

    private func expectDelivery(_ node: ClusterNode, _ sessions: [RunningContainer]) async throws {
        let collector = try await node.startCollector()
        try await node.makeToken(collector, ["--role", "reader", "--name", "reader"], at: "reader")
        let status = try Files.text("/proc/\(try #require(collector.pid))/status")
        #expect(status.contains("Uid:\t65532\t65532\t65532\t65532\n") && status.contains("CapBnd:\t0000000000000000\n"))
        try await waitUntil(limit: .seconds(120), every: .milliseconds(200), "the collector has the sessions") {
            let arrived = try await node.collected(readerToken: "reader").filter { $0.sealedAt != nil }
            return Set(sessions.map(\.id)).isSubset(of: Set(arrived.compactMap(\.containerID)))
        }
        // With nothing but the token that the manifest has projected, and keys that the collector fetched with its own.
        #expect(node.server.requests.contains { $0.verb == "keys" && $0.status == 200 })
        let tokens = try await node.kubelet.exec(collector, ["/usr/sbin/lastword-collector", "token", "list"])
        #expect(tokens.exitCode == 0 && tokens.text.contains(" reader ") && !tokens.text.contains(" agent "))
    }
}
