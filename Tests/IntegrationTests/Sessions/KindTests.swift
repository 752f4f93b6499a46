// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport
import Testing

extension SessionTests {
    @Suite("what is a session")
    struct KindTests {
        @Test("the ends of execs are no ends of the session")
        func execs() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("exec")
            let container = try await node.play(
                .debugger(shell: "trap 'exit 5' TERM; while :; do sleep 600 & wait $!; done"), in: pod)
            let before = try node.metric("lastword_runtime_execs_ignored_total")
            for _ in 0..<3 {
                #expect(try await node.kubelet.exec(container, ["sh", "-c", "exit 7"]).exitCode == 7)
            }
            try await waitUntil("the agent has heard of the execs' ends") {
                try node.metric("lastword_runtime_execs_ignored_total") >= before + 3
            }
            #expect(try await node.listed(pod: "exec").map(\.state) == [.running])
            try await node.kubelet.stop(container)
            let session = try await node.record(of: container)
            #expect(session.exitCode == 5)
            #expect(try node.rows(of: pod).map(\.id) == [session.id])
        }

        @Test("each run of a --copy-to pod's debugger is a session of its own, with its attempt")
        func copy() async throws {
            let node = try DebugNode.running
            var specification = PodSpecification(name: "web-copy")
            specification.shareProcessNamespace = true
            let pod = try await node.makePod(
                specification, creator: "kubectl",
                containers: [.waiting(), .debugger(shell: "echo run; sleep 0.2; exit 6")])
            let first = try #require(await node.kubelet.containers(of: pod).last)
            _ = try await node.kubelet.waitForExit(first)
            let second = try await node.kubelet.restartContainer(first)
            _ = try await node.kubelet.waitForExit(second)
            try await node.publish(pod)

            for (run, attempt) in [(first, 0), (second, 1)] {
                let session = try await node.record(of: run)
                #expect(session.mode == .copy)
                #expect(session.classification == .inferred)
                #expect(session.attempt == attempt)
                #expect(session.exitCode == 6)
                #expect(try node.text(of: session) == "run\n")
            }
            #expect(try await node.listed(pod: "web-copy").map(\.containerID) == [second.id, first.id])
        }

        @Test("the pod of kubectl debug node/… is a session of mode node")
        func nodePod() async throws {
            let node = try DebugNode.running
            let name = "node-debugger-node-1-" + ContainerSpecification.randomSuffix()
            var specification = PodSpecification(name: name)
            specification.labels = ["app.kubernetes.io/managed-by": "kubectl-debug"]
            specification.restartPolicy = "Never"
            specification.hostPID = true
            specification.hostIPC = true
            specification.hostNetwork = true
            let pod = try await node.makePod(
                specification, creator: "kubectl",
                containers: [
                    ContainerSpecification(
                        name: "debugger", command: ["sh", "-c", "echo from the node; sleep 0.1; exit 4"])
                ])
            let container = try #require(await node.kubelet.containers(of: pod).first)
            let session = try await node.record(of: container)
            #expect(session.mode == .node)
            #expect(session.classification == .confirmed)
            #expect(session.hostNamespaces == ["ipc", "network", "pid"])
            #expect(session.exitCode == 4)
            #expect(session.targetContainer == nil)
            #expect(try node.text(of: session) == "from the node\n")
        }

        @Test("the pod's own containers are never sessions, and no pin of them stays")
        func regular() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("regular")
            let job = try await node.play(
                ContainerSpecification(name: "job", command: ["sh", "-c", "echo done; exit 3"]), in: pod, kind: .regular
            )
            _ = try await node.kubelet.waitForExit(job)
            let container = try await node.playToEnd(.debugger(shell: "exit 1"), in: pod)
            // The agent takes facts in the order in which they happen: what it thought of the others is settled by now.
            let session = try await node.record(of: container)
            #expect(try node.rows(of: pod).map(\.id) == [session.id])
            for regular in await node.kubelet.containers(of: pod) where regular.kind == .regular {
                #expect(try !node.hasRow(regular))
                try await waitUntil("no pin of \(regular.name) is left") { node.pins(of: regular).isEmpty }
            }
        }

        @Test(
            "a container that the API server has not told of yet is pinned and told to nobody, and let go once it has")
        func undecided() async throws {
            let node = try DebugNode.running
            let pod = try await node.kubelet.runPod(PodSpecification(name: "undecided"))
            let container = try await node.kubelet.startContainer(.waiting(), in: pod)
            try await waitUntil("it is pinned") { !node.pins(of: container).isEmpty }
            #expect(try await node.agent.lastword("list", "--pod", "undecided").ending == .exited(1))
            try await node.publish(pod)
            try await waitUntil("its pin is gone") { node.pins(of: container).isEmpty }
            #expect(try !node.hasRow(container))
            try await node.delete(pod)
        }

        @Test("the same pod and container names again are another session")
        func reusedNames() async throws {
            let node = try DebugNode.running
            var sessions: [Session] = []
            for code in [11, 12] {
                let pod = try await node.makePod("again")
                let container = try await node.playToEnd(
                    .debugger(name: "debugger-again", shell: "echo round \(code); sleep 0.1; exit \(code)"), in: pod)
                try await node.delete(pod)
                sessions.append(try await node.record(of: container))
            }
            #expect(Set(sessions.map(\.id)).count == 2)
            #expect(Set(sessions.compactMap(\.podUID)).count == 2)
            let listed = try await node.listed(pod: "again")
            #expect(listed.map(\.exitCode) == [12, 11])
            #expect(listed.map(\.id) == sessions.reversed().map(\.id))
            #expect(Set(listed.map(\.path)) == ["default/again/debugger-again"])
            for session in sessions {
                #expect(try await node.lastword("logs", session.id.rawValue) == "round \(session.exitCode ?? -1)\n")
            }
        }
    }
}
