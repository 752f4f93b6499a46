// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import TestSupport
import Testing

/// The agent dies by SIGKILL, and a new one takes over (`design.md` §3, promises 1 to 3).
@Suite("Faults: the agent is killed", .serialized, .timeLimit(.minutes(10)))
struct KilledAgentTests {
    @Test("pod, container and log are gone when it is back: output from the pin, how it ended nobody can say")
    func everythingGone() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            try await node.waitForPin(of: session)
            try await node.agent.kill()

            try await node.finish(session)
            _ = try await node.kubelet.waitForExit(session)
            try await node.delete(pod)
            #expect(!Files.exists(pod.logDirectory))
            #expect(node.isPinned(session))
            try await node.agent.start()

            let record = try await node.waitForEnd(of: session)
            #expect(record.state == .unknown)
            #expect(record.exitCode == nil && record.ending == nil && record.finishedAt == nil)
            #expect(record.startedAt != nil)
            #expect(record.container == session.name && record.targetContainer == "nginx")
            #expect(record.output?.pinnedBy == .hardlink)
            #expect(record.output?.truncated == false && record.output?.lossy == false)
            #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            #expect(try await node.listed(session).state == .unknown)
            try await expectClosedAbsence(node)
            try await node.expectSound([session])
            try await node.expectNothingHeld(of: [session])
        }
    }

    @Test("the ended container is still known to the runtime: real code and time are recovered")
    func stillInRuntime() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            try await node.waitForPin(of: session)
            try await node.agent.kill()

            try await node.finish(session)
            let status = try await node.kubelet.waitForExit(session)
            try await node.publish(pod)
            try await node.agent.start()

            let record = try await node.waitForEnd(of: session)
            #expect(record.state == .ended && record.exitCode == 42)
            #expect(record.ending == .recovered)
            #expect(record.finishedAt == status.finishedAt)
            #expect(record.sources["exitCode"] == .criStatus)
            #expect(record.classification == .confirmed)
            #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            try await node.delete(pod)
            try await node.wait(for: session, "the pod's deletion is told") { $0.podFate?.deletedAt != nil }
            try await expectClosedAbsence(node)
            try await node.expectSound([session])
            try await node.expectNothingHeld(of: [session])
        }
    }

    @Test("only the pod's status still knows the ending: it is told with that witness, the output from the pin")
    func onlyPodStatus() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            let session = try await node.debug(in: pod)
            try await node.wait(for: session, "it is known to run") { $0.state == .running }
            try await node.waitForPin(of: session)
            try await node.agent.kill()

            try await node.finish(session)
            _ = try await node.kubelet.waitForExit(session)
            try await node.publish(pod)
            try await node.kubelet.removeContainer(session)
            try await node.agent.start()

            let record = try await node.waitForEnd(of: session)
            #expect(record.state == .ended && record.exitCode == 42)
            #expect(record.ending == .recovered)
            #expect(record.sources["exitCode"] == .podStatus)
            #expect(record.output?.pinnedBy == .hardlink)
            #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            try await node.expectSound([session])
            try await node.expectNothingHeld(of: [session])
        }
    }

    @Test("between the exit and the sealing: the next one seals, and tells the end once")
    func betweenExitAndSealing() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            var sessions: [RunningContainer] = []
            var hits = 0
            // The gap is some ten milliseconds wide; the first try usually hits it.
            for _ in 0..<6 where hits < 1 {
                let session = try await node.debug(in: pod)
                sessions.append(session)
                try await node.wait(for: session, "it is known to run") { $0.state == .running }
                try await node.waitForPin(of: session)
                try node.kubelet.kill(session, signal: 15)
                try await waitUntil(limit: .seconds(60), every: .milliseconds(1), "the exit is durable") {
                    try node.stored(session)?.state == .ended
                }
                try await node.agent.kill()
                if try !node.told(session).contains("session.ended") { hits += 1 }
                try await node.agent.start()
                let record = try await node.waitForEnd(of: session)
                #expect(record.exitCode == 42 && record.ending == .observed)
                #expect(try await node.output(of: session) == FaultNode.waitingOutput)
            }
            #expect(hits == 1, "the moment was never hit")
            try await node.expectSound(sessions)
        }
    }

    @Test("right after the start, and again and again: each session has its one end, its code and all its output")
    func againAndAgain() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            var sessions: [RunningContainer] = []
            for (round, delay) in [0, 20, 60, 150, 300, 600].enumerated() {
                let session = try await node.debug("echo round \(round); sleep 0.4; exit \(round + 10)", in: pod)
                sessions.append(session)
                // The instants to try are the point of this test.
                try await Task.sleep(for: .milliseconds(delay))
                try await node.agent.kill()
                // Every other time it ends while nobody watches.
                if round % 2 == 0 { _ = try await node.kubelet.waitForExit(session) }
                try await node.agent.start(untilReady: round % 3 == 0)
            }
            for (round, session) in sessions.enumerated() {
                _ = try await node.kubelet.waitForExit(session)
                let record = try await node.waitForEnd(of: session)
                #expect(record.state == .ended && record.exitCode == round + 10)
                #expect(record.ending == .observed || record.ending == .recovered)
                #expect(try await node.output(of: session) == "round \(round)\n")
            }
            try await node.waitForClosedGap("agent")
            try await node.expectSound(sessions)
            #expect(try node.entries().count { $0.type == "agent.started" } == sessions.count + 1)
            #expect(try node.entries().allSatisfy { $0.type != "agent.stopped" })
            try await node.delete(pod)
            try await node.expectNothingHeld(of: sessions)
        }
    }

    @Test("a session that began and ended while no agent was there, its pod still there, is recorded")
    func wholeLifeUnwatched() async throws {
        try await FaultNode.run { node in
            let pod = try await node.makePod()
            try await node.agent.kill()
            let session = try await node.debug("echo nobody watched; exit 3", in: pod)
            _ = try await node.kubelet.waitForExit(session)
            try await node.publish(pod)
            try await node.agent.start()
            let record = try await node.waitForEnd(of: session)
            #expect(record.exitCode == 3 && record.ending == .recovered && record.classification == .confirmed)
            #expect(try await node.output(of: session) == "nobody watched\n")
            try await expectClosedAbsence(node)
            try await node.expectSound([session])
        }
    }

    private func expectClosedAbsence(_ node: FaultNode) async throws {
        try await node.waitForClosedGap("agent")
        let gap = try #require(try node.gaps("agent").first)
        #expect(gap.reason == "agent ended without a stop")
        #expect(gap.closedBy == "relisted")
        // Opened and closed: two entries of the ledger.
        #expect(try node.entries().count { $0.type == "gap" } >= 2)
    }
}
