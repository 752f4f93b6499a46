// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import Synchronization
import TestSupport
import Testing

extension SessionTests {
    @Suite("many and short")
    struct ManySessionsTests {
        private struct Played: Sendable {
            let container: RunningContainer
            let code: Int
            let printed: String
            let log: HeldLog
        }

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

        /// Every fact, and every byte of the log. Returns whether the log had all that was printed.
        private func check(_ played: Played, on node: DebugNode) async throws -> Bool {
            let session = try await node.record(of: played.container)
            #expect(session.exitCode == played.code)
            #expect(session.classification == .confirmed)
            #expect(session.ending == .observed)
            #expect(session.sealedBy == .taskDelete)
            #expect(session.startedAt != nil && session.finishedAt != nil)
            let text = try node.text(of: session)
            #expect(try text == played.log.text)
            #expect(session.output?.totalBytes == text.utf8.count)
            return text == played.printed
        }

        @Test("of fifty containers that live 1 to 50 ms, fifty are recorded with their whole output")
        func shortLives() async throws {
            let whole = Mutex(0)
            try await inPods(5, named: "short") { node, pod, row in
                var played: [Played] = []
                for column in 0..<10 {
                    let number = row * 10 + column + 1
                    let pause = "0.0\(number < 10 ? "0" : "")\(number)"
                    let container = try await node.play(
                        .debugger(
                            name: "d\(number)", shell: "echo in \(number); sleep \(pause); echo out; exit \(number)"),
                        in: pod)
                    played.append(
                        Played(
                            container: container, code: number, printed: "in \(number)\nout\n",
                            log: try HeldLog(container)))
                }
                for one in played where try await check(one, on: node) { whole.withLock { $0 += 1 } }
                #expect(try node.rows(of: pod).count == 10)
            }
            #expect(whole.withLock { $0 } >= 45, "the runtime's logs themselves are not whole")
        }

        /// How many; `LASTWORD_TEST_DELETIONS` overrides it.
        private static let deletions =
            getenv("LASTWORD_TEST_DELETIONS").flatMap { Int(String(cString: $0)) } ?? 200

        @Test("a pod deleted by force at the moment of the exit loses no fact and no byte")
        func deletedAtTheExit() async throws {
            let perPod = 20
            let pods = max(1, Self.deletions / perPod)
            let numbers = (1...500).map { "\($0)\n" }.joined()
            let whole = Mutex(0)
            try await inPods(pods, named: "deleted") { node, pod, row in
                // All end at the kubelet's TERM, say one thing more, and lose their logs as soon as the runtime calls
                // them exited.
                var played: [Played] = []
                for column in 0..<perPod {
                    let code = 1 + (row * perPod + column) % 100
                    let shell = """
                        trap 'echo last words \(code); exit \(code)' TERM
                        seq 1 500; while :; do sleep 600 & wait $!; done
                        """
                    let container = try await node.play(.debugger(name: "d\(column)", shell: shell), in: pod)
                    played.append(
                        Played(
                            container: container, code: code, printed: numbers + "last words \(code)\n",
                            log: try HeldLog(container)))
                }
                for one in played {
                    try await waitUntil("\(one.container.name) has printed") { try one.log.text.hasSuffix("\n500\n") }
                }
                try await node.delete(pod)
                for one in played where try await check(one, on: node) { whole.withLock { $0 += 1 } }
                #expect(try node.rows(of: pod).count == perPod)
            }
            #expect(whole.withLock { $0 } >= pods * perPod * 9 / 10, "the runtime's logs themselves are not whole")
        }
    }
}
