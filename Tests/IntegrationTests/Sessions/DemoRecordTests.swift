// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport
import Testing

extension SessionTests {
    @Suite("the demo's record")
    struct DemoRecordTests {
        @Test("everything that the demo shows is in the record, minutes after pod and log are gone")
        func record() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("debug-target")
            let shell = "echo 'finding: connection pool exhausted'; sleep 1; exit 42"
            let container = try await node.playToEnd(
                .debugger(name: "debugger-demo", shell: shell, target: "nginx"), in: pod)
            try await node.delete(pod, delays: .measured)
            #expect(!Files.exists(pod.logDirectory))

            _ = try await node.record(of: container, "sealed and its pod deleted") {
                $0.sealedAt != nil && $0.podFate?.deletedAt != nil
            }
            let listed = try await node.listed(pod: "debug-target")
            #expect(listed.count == 1)
            let session = try #require(listed.first)
            #expect(session.id == SessionID(container: container.id))
            #expect(session.path == "default/debug-target/debugger-demo")
            #expect(session.podUID?.rawValue == pod.uid)
            #expect(session.node == "node-1")
            #expect(session.cluster == "rig")
            #expect(session.targetContainer == "nginx")
            #expect(session.mode == .ephemeral)
            #expect(session.classification == .confirmed)
            #expect(session.classificationSource == .podSpec)
            #expect(session.image == ImageBuilder.busybox)
            let image = try #require(node.rig.images.first { $0.name == ImageBuilder.busybox })
            #expect(session.imageDigest?.contains(image.configDigest.description) == true)
            #expect(session.command == ["sh", "-c", shell])
            #expect(session.profile == .general)
            #expect(session.requestedBy == "kubectl")
            #expect(session.runtime == "containerd")

            let (started, finished) = (try #require(session.startedAt), try #require(session.finishedAt))
            // The API has whole seconds; these come from the runtime.
            #expect(started.nanoseconds % 1_000_000_000 != 0)
            #expect(finished.nanoseconds % 1_000_000_000 != 0)
            #expect(session.durationNanoseconds == finished.nanoseconds(since: started))
            // It slept a second. The runtime tells of the start a moment later than it was.
            #expect((500_000_000...3_000_000_000).contains(session.durationNanoseconds ?? 0))
            #expect(session.state == .ended)
            #expect(session.exitCode == 42)
            #expect(session.ending == .observed)
            #expect(session.sealedBy == .taskDelete)
            #expect(session.output?.pinnedBy == .hardlink)
            #expect(session.podFate?.deletedAt != nil)
            for fact in ["create", "start", "exit", "delete"] {
                #expect(session.evidence.contains { $0.witness == .containerdEvent && $0.fact == fact }, "\(fact)")
            }
            let name = "default/debug-target/debugger-demo"
            #expect(try await node.lastword("logs", name) == "finding: connection pool exhausted\n")
            let shown = try await node.lastword("show", name)
            for text in ["nginx", "42 (by containerd-event)", "task-delete", "hardlink", "confirmed"] {
                #expect(shown.contains(text), "\(text)")
            }
            #expect(try await node.agent.lastword("verify").succeeded)
            try await waitUntil("nothing of it is pinned") { node.pins(of: container).isEmpty }
        }
    }
}
