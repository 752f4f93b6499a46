// SPDX-License-Identifier: Apache-2.0
import JournalSource
import Logging
import SessionRecords
import SessionTracking
import SystemJournal
import TestSupport
import Testing

/// The real runtime, logging into a real journald, with nobody watching: what the journal has of it afterwards.
@Suite("Rig: containerd's lines in a journal", .serialized, .timeLimit(.minutes(5)))
struct JournalRigTests {
    @Test("the whole life of a container that is long gone is in the journal, with its name, code and times")
    func wholeLife() async throws {
        let node = try await RigNode.start(withJournal: true)
        let journal = try #require(node.journal)
        let beginning = try JournalReader(.directory(journal.files))
        try beginning.seekToEnd()
        #expect(try beginning.previous())
        let (boot, since) = try beginning.receivedSinceBoot()
        let cursor = try "1 \(beginning.received().nanoseconds / 1000) \(boot) \(since / 1000) \(beginning.cursor())"

        let pod = try await node.kubelet.runPod(PodSpecification(name: "vanished"))
        let container = try await node.kubelet.startContainer(.debugger(shell: "sleep 0.3; exit 42"), in: pod)
        let status = try await node.kubelet.waitForExit(container)
        try await node.kubelet.deletePod(pod)
        // containerd goes on as a service of the same unit after a restart.
        try await node.containerd.kill()
        try await node.containerd.start()

        let id = container.id
        let facts = try await Self.facts(of: journal, from: cursor) { facts in
            facts.contains {
                if case .journal(let it) = $0 { it.container == id && it.event == .removed } else { false }
            }
        }
        let statements = facts.compactMap { fact -> JournalStatement? in
            if case .journal(let it) = fact, it.container == id { it } else { nil }
        }
        let kinds = statements.map { statement in
            switch statement.event {
            case .started: "started"
            case .exited(let code, _): "exited \(code)"
            case .removed: "removed"
            default: "\(statement.event)"
            }
        }
        #expect(kinds == ["started", "exited 42", "removed"])
        // To the nanosecond what CRI said.
        let finished = statements.compactMap { statement -> Timestamp? in
            if case .exited(_, let time) = statement.event { time } else { nil }
        }
        #expect(finished == [status.finishedAt].compactMap { $0 })
        let description = facts.compactMap { fact -> ContainerDescription? in
            if case .container(let it) = fact, it.id == id { it } else { nil }
        }.last
        #expect(description?.container == container.name)
        #expect(description?.pod == "vanished")
        #expect(description?.namespace == pod.specification.namespace)
        #expect(description?.podUID?.rawValue == pod.uid)
        // The pause container's exit, which looks like any other, is told of nobody.
        for fact in facts {
            if case .journal(let it) = fact { #expect(it.container.rawValue != pod.sandboxID) }
        }
        try await node.teardown()
        #expect(node.leftovers().isEmpty)
    }

    private static func facts(
        of journal: PrivateJournal, from cursor: String, until isEnough: ([Fact]) -> Bool
    ) async throws -> [Fact] {
        let source = JournalSource(
            configuration: JournalSourceConfiguration(place: .directory(journal.files)), cursor: cursor,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let run = Task { try await source.run() }
        var facts: [Fact] = []
        try await waitUntil("the journal has told it") {
            facts += await source.queue.nextBatch(max: 256)?.map(\.fact) ?? []
            return isEnough(facts)
        }
        run.cancel()
        try await run.value
        return facts
    }
}
