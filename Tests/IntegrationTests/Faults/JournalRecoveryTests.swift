// SPDX-License-Identifier: Apache-2.0
import AgentCore
import AgentStore
import Glibc
import Logging
import ServiceLifecycle
import SessionRecords
import SessionTracking
import TestSupport
import Testing

/// What came and went while no agent ran, with a real journald and containerd's own lines in it (`design.md` §4, §9).
@Suite("Recovery: what came and went while no agent ran", .serialized, .timeLimit(.minutes(15)))
struct JournalRecoveryTests {
    private static let withJournal = FaultNode.Options {
        $0.ownRuntime = true
        $0.withJournal = true
    }

    private struct Played {
        let container: RunningContainer
        let status: RuntimeStatusOfRig
        let code: Int
    }

    /// Debug containers in a pod, one after the other, all of which print and end with a code of their own.
    private func play(_ count: Int, in pod: RunningPod, on node: FaultNode) async throws -> [Played] {
        var played: [Played] = []
        for number in 0..<count {
            let container = try await node.debug("echo finding \(number); exit \(number + 20)", in: pod)
            let status = try await node.kubelet.waitForExit(container)
            played.append(Played(container: container, status: status, code: number + 20))
        }
        try await node.publish(pod)
        return played
    }

    /// Up, with its cursor at the journal's end, and down again.
    private func stopWatching(_ node: FaultNode) async throws {
        try await node.wait(for: "journal", toBe: "ok")
        #expect(try await node.agent.stop() == .exited(0))
    }

    private func expectRecovered(_ played: Played, on node: FaultNode) async throws {
        let record = try await node.waitForEnd(of: played.container)
        #expect(record.state == .ended && record.ending == .recovered)
        #expect(record.exitCode == played.code)
        #expect(record.finishedAt == played.status.finishedAt)
        #expect(record.container == played.container.name && record.pod == played.container.pod.specification.name)
        #expect(record.namespace == played.container.pod.specification.namespace)
        #expect(record.podUID?.rawValue == played.container.pod.uid)
        #expect(record.sources["exitCode"] == .journal && record.sources["finishedAt"] == .journal)
        #expect(record.sources["startedAt"] == .journal && record.sources["createdAt"] == .journal)
        let started = try #require(record.startedAt)
        let truth = try #require(played.status.startedAt)
        #expect(started.nanoseconds(since: truth).magnitude < 30_000_000_000)
        #expect(record.classification == .inferred && record.mode == .ephemeral)
        #expect(record.output?.pinnedBy == PinnedBy.none && record.output?.note != nil)
    }

    private func expectOneEnd(of played: [Played], on node: FaultNode) async throws {
        for one in played {
            let id = SessionID(container: one.container.id)
            let told = try node.entries().filter { $0.session == id }
            let text = told.map { String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: "\n")
            #expect(told.map(\.type) == ["session.ended"], "\(text)")
        }
        try await node.expectSound(played.map(\.container))
    }

    @Test(
        "twenty debug containers and their pods came and went: twenty records by the journal, outputs said to be lost")
    func everythingGone() async throws {
        try await FaultNode.run(Self.withJournal) { node in
            try await stopWatching(node)
            var played: [Played] = []
            for name in ["web", "shop"] {
                let pod = try await node.makePod(name)
                played += try await play(10, in: pod, on: node)
                try await node.delete(pod)
            }
            try await node.rig.journal?.sync()
            try await node.agent.start()
            for one in played { try await expectRecovered(one, on: node) }
            try await node.waitForClosedGap("agent")
            let gap = try #require(try node.gaps("agent").first)
            #expect(gap.reason == "agent stopped")
            #expect(gap.closedBy == "relisted, journal read")
            // The twenty outputs and those of the pods' own containers.
            #expect(try node.metric("lastword_losses_total", #"reason="output-gone""#) == 22)
            #expect(try node.metric("lastword_gaps_total", #"source="agent""#) == 1)
            try await expectOneEnd(of: played, on: node)
            let listed = try await node.listing()
            #expect(listed.count { $0.classification == .inferred } == played.count)
            // Of a container of a pod that nobody has ever seen, nobody knows that it was no debug container.
            let others = listed.filter { $0.classification != .inferred }
            #expect(others.map(\.container) == ["nginx", "nginx"])
        }
    }

    @Test("the same with the pods kept: twenty complete records with output")
    func podsKept() async throws {
        try await FaultNode.run(Self.withJournal) { node in
            try await stopWatching(node)
            let pod = try await node.makePod()
            let played = try await play(20, in: pod, on: node)
            try await node.rig.journal?.sync()
            try await node.agent.start()
            for (number, one) in played.enumerated() {
                let record = try await node.waitForEnd(of: one.container)
                #expect(record.exitCode == one.code && record.ending == .recovered)
                #expect(record.classification == .confirmed && record.targetContainer == "nginx")
                #expect(record.startedAt == one.status.startedAt && record.finishedAt == one.status.finishedAt)
                #expect(record.output?.truncated == false && record.output?.lossy == false)
                #expect(try await node.output(of: one.container) == "finding \(number)\n")
            }
            try await node.waitForClosedGap("agent")
            try await node.expectSound(played.map(\.container))
        }
    }

    @Test("removed from the runtime while their pod lives: the pod's status and the journal tell them")
    func onlyPodKept() async throws {
        try await FaultNode.run(Self.withJournal) { node in
            try await stopWatching(node)
            let pod = try await node.makePod()
            let played = try await play(5, in: pod, on: node)
            for one in played { try await node.kubelet.removeContainer(one.container) }
            try await node.rig.journal?.sync()
            try await node.agent.start()
            for one in played {
                // The journal may have been read before the pods were listed: then it is amended.
                let record = try await node.wait(for: one.container, "it is told and confirmed") {
                    $0.sealedAt != nil && $0.classification == .confirmed
                }
                #expect(record.exitCode == one.code && record.ending == .recovered)
                #expect(record.sources["exitCode"] == .podStatus)
                #expect(record.evidence.contains { $0.witness == .journal && $0.fact == "exit" })
            }
            try await node.expectSound(played.map(\.container))
        }
    }

    @Test("killed again and again while it reads the journal: nothing lost, nothing told twice")
    func killedWhileReading() async throws {
        try await FaultNode.run(Self.withJournal) { node in
            try await stopWatching(node)
            let pod = try await node.makePod()
            let played = try await play(20, in: pod, on: node)
            try await node.delete(pod)
            try await node.rig.journal?.sync()
            for delay in [40, 80, 120, 160, 220, 300, 400, 550] {
                try await node.agent.start(untilReady: false)
                // The instants to try are the point of this test.
                try await Task.sleep(for: .milliseconds(delay))
                try await node.agent.kill()
            }
            try await node.agent.start()
            for one in played { try await expectRecovered(one, on: node) }
            try await node.waitForClosedGap("agent")
            try await expectOneEnd(of: played, on: node)
        }
    }

    @Test("a store that lost its last entries is found out by the heads in the journal")
    func cutTail() async throws {
        try await FaultNode.run(Self.withJournal) { node in
            let journal = try #require(node.rig.journal)
            let pod = try await node.makePod()
            let copy = node.scratch.path + "/copy"
            for number in 1...2 {
                let session = try await node.debug("exit \(number)", in: pod)
                _ = try await node.waitForEnd(of: session)
                #expect(try await node.agent.stop() == .exited(0))
                if number == 1 {
                    try await ChildProcess.require(["cp", "-a", node.agent.store, copy])
                    try await node.agent.start()
                }
            }
            try await journal.sync()
            let verify = ["verify", "--journal-directory", journal.files]
            let whole = try await node.agent.lastword(verify)
            #expect(whole.succeeded, "\(whole.text)\(whole.errorText)")
            #expect(whole.text.contains("(journal, the newest of 2): agrees"))

            // Somebody puts an older copy of the store in its place: the chain is sound, and its end is missing.
            try await ChildProcess.require(["rm", "-rf", node.agent.store])
            try await ChildProcess.require(["mv", copy, node.agent.store])
            let cut = try await node.agent.lastword(verify)
            #expect(cut.ending == .exited(1))
            #expect(cut.text.contains("its tail was cut"))
            let blind = try await node.agent.lastword("verify", "--no-journal")
            #expect(blind.succeeded)
            #expect(blind.text.contains("nothing: no head kept elsewhere"))
        }
    }

    @Test("no journal: a notice, and everything else works")
    func absent() async throws {
        let scratch = try ScratchDirectory()
        let directory = try scratch.directory("empty")
        let options = FaultNode.Options { $0.flags = ["--journal-source", "auto", "--journal-directory", directory] }
        try await FaultNode.run(options) { node in
            try await node.wait(for: "journal", toBe: "ok")
            #expect(try Files.text(node.agent.logFile).contains("no journal to read"))
            let pod = try await node.makePod()
            let session = try await node.debug("exit 3", in: pod)
            #expect(try await node.waitForEnd(of: session).ending == .observed)
            #expect(try await node.agent.stop() == .exited(0))
            try await node.agent.start()
            try await node.waitForClosedGap("agent")
            #expect(try node.gaps("agent").map(\.closedBy) == ["relisted"])
            #expect(try node.gaps("journal") == [])
            let gaps = try await node.agent.lastword("gaps")
            #expect(gaps.errorText.contains("containers that came and went inside such a gap are not known"))
            let check = try await AgentProcess.run(["check"] + node.agent.arguments)
            #expect(check.text.contains("ok    journal: none at \(directory)"))
        }
    }

    @Test("asked for and not there: /readyz says which part, and the agent is ready all the same")
    func missing() async throws {
        let scratch = try ScratchDirectory()
        let directory = try scratch.directory("empty")
        let options = FaultNode.Options { $0.flags = ["--journal-source", "on", "--journal-directory", directory] }
        try await FaultNode.run(options) { node in
            let readiness = try await node.wait(for: "journal", toBe: "failing")
            #expect(readiness.ready && readiness.status == 200)
            #expect(readiness["journal"]?.required == false)
            let check = try await AgentProcess.run(["check"] + node.agent.arguments)
            #expect(check.ending == .exited(1))
            #expect(check.text.contains("FAIL  journal: cannot read the journal at \(directory)"))
        }
    }

    @Test("the boot id changed: the reboot is the cause of what nobody saw the end of, and the gap says so")
    func reboot() async throws {
        try await FaultNode.run(FaultNode.Options { $0.ownRuntime = true }) { node in
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            try await node.waitForPin(of: session)
            try await node.agent.kill()
            // What a reboot leaves: containerd's own records, and neither shims nor processes.
            try await node.rig.containerd.kill()
            let shim = try #require(
                ProcessTable.all().first {
                    $0.commandLine.contains("containerd-shim") && $0.commandLine.contains(pod.sandboxID)
                })
            #expect(kill(shim.pid, SIGKILL) == 0)
            try await node.finish(session)
            try await node.rig.containerd.start()

            try await running(node, bootID: "00000000-0000-4000-8000-000000000002") {
                let record = try await node.waitForEnd(of: session)
                #expect(record.cause == .nodeReboot)
                #expect(record.ending == (record.exitCode == nil ? nil : .inferred))
                try await node.waitForClosedGap("agent")
                #expect(try node.gaps("agent").map(\.reason) == ["node rebooted"])
            }
            #expect(try await node.output(of: session).hasPrefix("finding: pool exhausted\n"))
        }
    }

    /// Runs the agent inside this process, on a machine that was booted anew.
    private func running(_ node: FaultNode, bootID: String, _ body: () async throws -> Void) async throws {
        let configuration = try AgentConfiguration.load(arguments: node.agent.arguments, environment: [:])
        let agent = try await AgentApplication(
            configuration: configuration, environment: [:],
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            identity: NodeIdentity(node: configuration.node.name, machineID: nil, bootID: bootID))
        let group = agent.makeGroup()
        let failure = try await withThrowingTaskGroup(of: Void.self) { tasks -> (any Error)? in
            tasks.addTask { try await group.run() }
            var failure: (any Error)?
            do { try await body() } catch { failure = error }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return failure
        }
        agent.close()
        if let failure { throw failure }
    }
}

private typealias RuntimeStatusOfRig = TestSupport.RuntimeStatus
