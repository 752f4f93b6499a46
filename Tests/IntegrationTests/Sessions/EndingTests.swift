// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TestSupport
import Testing

extension SessionTests {
    @Suite("how it ended")
    struct EndingTests {
        @Test("a plain exit has its code, no signal, and all that was printed", arguments: [0, 1, 42])
        func plainExit(code: Int) async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("exit-\(code)")
            let container = try await node.playToEnd(
                .debugger(shell: "echo code \(code); sleep 0.1; exit \(code)"), in: pod)
            let session = try await node.record(of: container)
            #expect(session.state == .ended)
            #expect(session.exitCode == code)
            #expect(session.reason == (code == 0 ? "Completed" : "Error"))
            #expect(session.oomKilled == false)
            #expect(session.ending == .observed)
            #expect(session.sealedBy == .taskDelete)
            #expect(try node.text(of: session) == "code \(code)\n")
            #expect(session.output?.totalBytes == "code \(code)\n".utf8.count)
            let json = try await node.lastword("list", "--pod", "exit-\(code)", "-o", "jsonl")
            #expect(json.contains(#""exitCode":\#(code),"signal":null,"reason""#))
        }

        @Test("a signal is derived from the code, and said to be", arguments: [SIGKILL, SIGTERM])
        func signal(number: Int32) async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("signal-\(number)")
            // In the target's PID namespace it is not process 1, which is deaf to TERM.
            let container = try await node.play(.debugger(shell: "exec sleep 600", target: "nginx"), in: pod)
            try node.kubelet.kill(container, signal: number)
            let session = try await node.record(of: container)
            #expect(session.exitCode == 128 + Int(number))
            #expect(session.derivedSignal == Int(number))
            #expect(session.reason == "Error")
            #expect(session.oomKilled == false)
            #expect(session.cause == nil)
            #expect(session.targetContainer == "nginx")
            let json = try await node.lastword("list", "--pod", "signal-\(number)", "-o", "jsonl")
            #expect(json.contains(#""signal":\#(number),"signalDerived":true"#))
        }

        @Test("a kill for want of memory is OOMKilled with 137")
        func outOfMemory() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("oom")
            var eater = ContainerSpecification(name: "debugger-eater", command: ["tail", "/dev/zero"])
            eater.memoryLimit = 20 << 20
            let container = try await node.playToEnd(eater, in: pod)
            let session = try await node.record(of: container)
            #expect(session.exitCode == 137)
            #expect(session.oomKilled == true)
            #expect(session.reason == "OOMKilled")
            #expect(session.sources["oomKilled"] == .containerdEvent)
            #expect(session.evidence.contains { $0.witness == .containerdEvent && $0.fact == "oom" })
        }

        @Test("a command that does not exist is never-started, with 128 and no start")
        func startFailure() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("badcmd")
            let container = try await node.play(
                ContainerSpecification(name: "badcmd", command: ["/nonexistent"]), in: pod)
            #expect(container.startFailure != nil)
            let session = try await node.record(of: container)
            #expect(session.state == .neverStarted)
            #expect(session.exitCode == 128)
            #expect(session.reason == "StartError")
            #expect(session.cause == .startFailed)
            #expect(session.startedAt == nil)
            #expect(session.durationNanoseconds == nil)
            #expect(session.message?.contains("/nonexistent") == true)
            let json = try await node.lastword("show", session.id.rawValue, "-o", "json")
            #expect(!json.contains("\"startedAt\""))
        }

        @Test("an image that is never pulled is waiting, and never-started once the pod is gone")
        func neverPulled() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("nopull")
            let debugger = ContainerSpecification(name: "nopull", image: "localhost/absent:1", command: ["sh"])
            try await node.publish(pod) { manifest in
                manifest.entries.append(
                    .init(
                        debugger, kind: .ephemeral,
                        state: .waiting(reason: "ErrImagePull", message: "localhost/absent:1: not found")))
            }
            let uid = try #require(PodUID(pod.uid))
            let id = SessionID(podUID: uid, containerName: "nopull")
            _ = try await node.record(id, "waiting") { $0.state == .waiting }
            #expect(try await node.listed(pod: "nopull").map(\.state) == [.waiting])
            try await node.delete(pod)
            let session = try await node.record(id, "told") {
                $0.state == .neverStarted && $0.podFate?.deletedAt != nil
            }
            #expect(session.containerID == nil)
            #expect(session.exitCode == nil)
            #expect(session.startedAt == nil)
            #expect(session.image == "localhost/absent:1")
            #expect(
                session.evidence.contains {
                    $0.witness == .podStatus && $0.value == "ErrImagePull: localhost/absent:1: not found"
                })
            #expect(try await node.lastword("list", "--pod", "nopull").contains("never-started"))
        }

        @Test("a restart of the target ends the session with 137, and the record says why")
        func targetRestarted() async throws {
            let node = try DebugNode.running
            let pod = try await node.makePod("target")
            let target = try #require(await node.kubelet.containers(of: pod).first)
            let container = try await node.play(
                .debugger(shell: "echo attached; exec sleep 600", target: "nginx"), in: pod)
            try await waitUntil("the session prints") { try !Files.read(container.logPath).isEmpty }
            try node.kubelet.kill(target, signal: SIGKILL)
            _ = try await node.kubelet.waitForExit(container)
            _ = try await node.kubelet.restartContainer(target)
            try await node.publish(pod)
            let session = try await node.record(of: container)
            #expect(session.exitCode == 137)
            #expect(session.cause == .targetRestarted)
            #expect(session.oomKilled == false)
            #expect(session.targetContainerID == target.id.rawValue)
            #expect(try node.text(of: session) == "attached\n")
            #expect(try await node.lastword("show", session.id.rawValue).contains("target-restarted"))
        }
    }
}
