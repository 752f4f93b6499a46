// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TestSupport
import Testing

extension SessionTests {
    @Suite("many and short")
    struct ManySessionsTests {
        /// Runs `body` for so many pods at once; within a pod the kubelet starts one container after the other.
        private func inPods(
            _ count: Int, named prefix: String,
            _ body: @escaping @Sendable (DebugNode, RunningPod, Int) async throws -> Void
        ) async throws {
            let node = try DebugNode.running
            try await withThrowingTaskGroup { group in
                for number in 0..<count {
                    group.addTask {
                        let pod = try await node.makePod("\(prefix)-\(number)")
                        try await body(node, pod, number)
                    }
                }
                try await group.waitForAll()
            }
        }

        @Test("of fifty containers that live 1 to 50 ms, fifty are recorded with their whole output")
        func shortLives() async throws {
            try await inPods(5, named: "short") { node, pod, row in
                var played: [(container: RunningContainer, number: Int)] = []
                for column in 0..<10 {
                    let number = row * 10 + column + 1
                    let pause = "0.0\(number < 10 ? "0" : "")\(number)"
                    let container = try await node.play(
                        .debugger(
                            name: "d\(number)", shell: "echo in \(number); sleep \(pause); echo out; exit \(number)"),
                        in: pod)
                    played.append((container, number))
                }
                for (container, number) in played {
                    let session = try await node.record(of: container)
                    #expect(session.exitCode == number)
                    #expect(session.ending == .observed)
                    #expect(session.sealedBy == .taskDelete)
                    #expect(session.startedAt != nil && session.finishedAt != nil)
                    #expect(try node.text(of: session) == "in \(number)\nout\n")
                }
                #expect(try node.rows(of: pod).count == 10)
            }
        }

        /// `LASTWORD_TEST_DELETIONS=200`: as many as the goal names; fewer by default, so that a run takes minutes.
        private static let deletions =
            getenv("LASTWORD_TEST_DELETIONS").flatMap { Int(String(cString: $0)) } ?? 200

        @Test("a pod deleted by force at the moment of the exit loses no fact and no byte")
        func deletedAtTheExit() async throws {
            let perPod = 20
            let pods = max(1, Self.deletions / perPod)
            try await inPods(pods, named: "deleted") { node, pod, row in
                // All end at the kubelet's TERM, say one thing more, and lose their logs as soon as the runtime calls
                // them exited.
                var played: [(container: RunningContainer, code: Int)] = []
                for column in 0..<perPod {
                    let code = 1 + (row * perPod + column) % 100
                    let shell = """
                        trap 'echo last words \(code); exit \(code)' TERM
                        seq 1 500; while :; do sleep 600 & wait $!; done
                        """
                    played.append((try await node.play(.debugger(name: "d\(column)", shell: shell), in: pod), code))
                }
                for (container, _) in played {
                    try await waitUntil("\(container.name) has printed") {
                        try Files.text(container.logPath).contains(" 500\n")
                    }
                }
                try await node.delete(pod)
                let numbers = (1...500).map { "\($0)\n" }.joined()
                for (container, code) in played {
                    let session = try await node.record(of: container)
                    #expect(session.exitCode == code)
                    #expect(session.startedAt != nil && session.finishedAt != nil)
                    #expect(session.classification == .confirmed)
                    #expect(try node.text(of: session) == numbers + "last words \(code)\n")
                }
                #expect(try node.rows(of: pod).count == perPod)
            }
        }
    }
}
