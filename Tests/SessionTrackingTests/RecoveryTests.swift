// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@Suite struct RecoveryTests {
    let id = Sample.id(1)

    /// The steps of a session from its request to the end of its pod.
    private static let steps: [@Sendable (inout TrackerDriver) -> Void] = {
        let id = Sample.id(1)
        var asked = Sample.ephemeral(status: Sample.waiting("ContainerCreating"))
        asked.requestedAt = TrackerDriver.at(0)
        let request = Sample.facts([Sample.regular(), asked], version: 10)
        let ended = Sample.facts(
            [Sample.regular(), Sample.ephemeral(status: Sample.terminated(id, 137, "OOMKilled", from: 0, to: 10))],
            version: 11)
        return [
            { $0.tell(.pod(request), at: 0.1) },
            { $0.tell(.taskCreated(id, pid: 7, at: TrackerDriver.at(0.4)), at: 0.4) },
            { $0.tell(.taskStarted(id, pid: 7, at: TrackerDriver.at(0.5)), at: 0.5) },
            { $0.exit(id, 137, at: 10.5) },
            {
                $0.statuses[id] = Sample.exited(id, 137, "OOMKilled", from: 0.51, to: 10.5)
                $0.delete(id, at: 10.6)
            },
            { $0.tell(.pod(ended), at: 11) },
            { $0.remove(id, at: 12) },
            { $0.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(13)), at: 13) },
            { $0.clock(60) },
        ]
    }()

    private func play(restartBefore index: Int?) throws -> TrackerDriver {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        for (step, act) in Self.steps.enumerated() {
            if step == index {
                try node.restart()
                node.relist()
            }
            act(&node)
        }
        return node
    }

    @Test("a container that ran before the agent, and of which the pod source spoke first, is pinned and asked for")
    func foundRunningByPodFirst() {
        var node = TrackerDriver()
        let id = Sample.id(1)
        node.place(Sample.record(id))
        var running = RuntimeStatus(id: id, state: .running)
        running.startedAt = TrackerDriver.at(0.5)
        node.statuses[id] = running
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: Sample.running(id, since: 0))], version: 10)), at: 3)
        #expect(node.pins.isEmpty)
        node.tell(.runtimeListing(RuntimeListing(containers: [id: .running])), at: 3.1)
        #expect(node.pins == [id])
        #expect(node.session(id)?.startedAt == TrackerDriver.at(0.5))
        #expect(node.session(id)?.sources["startedAt"] == .criStatus)
    }

    @Test("an agent that dies at any step and returns ends with the same facts, each told once", arguments: 0..<9)
    func everyStep(index: Int) throws {
        let whole = try play(restartBefore: nil)
        let resumed = try play(restartBefore: index)
        let known = try #require(resumed.session(id)).facts
        let expected = try #require(whole.session(id)).facts
        // The create event came before the restart and has no row yet: alone it is not worth one.
        #expect(known.json.differences(from: expected.json).filter { $0 != "evidence" } == [])
        #expect(known.evidence == expected.evidence.filter { index != 2 || $0.fact != "create" })
        #expect(resumed.entryTypes(id).filter { $0 != .sessionAmended } == [.sessionStarted, .sessionEnded])
        #expect(resumed.settled == [SessionID(container: id)])
        #expect(resumed.pins.isEmpty)
        #expect(resumed.violations.isEmpty)
        #expect(whole.violations.isEmpty)
    }

    @Test("a resumed agent that hears nothing new tells nothing new")
    func idempotent() throws {
        for steps in 1...8 {
            var node = TrackerDriver()
            node.place(Sample.record(id))
            for act in Self.steps.prefix(steps) { act(&node) }
            let entries = node.entries.count
            let revision = node.session(id)?.revision
            try node.restart()
            #expect(node.entries.count == entries, "after \(steps) steps")
            #expect(node.session(id)?.revision == revision, "after \(steps) steps")
        }
    }

    @Test("ended and not sealed when the agent died: sealed by the deadline after its return")
    func unsealed() throws {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.start(id)
        node.exit(id, 42, at: 5)
        try node.restart(reboot: true)
        node.clock(9)
        #expect(node.entryTypes(id) == [.sessionStarted])
        node.clock(11)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        #expect(node.session(id)?.sealedBy == .deadline)
    }

    @Test("a capture that was under way when the agent died is asked for again, and its pin released")
    func captureAgain() throws {
        var node = TrackerDriver()
        node.answersCaptures = false
        node.place(Sample.record(id))
        node.start(id)
        node.exit(id, 42, at: 5)
        node.delete(id, at: 5.1)
        node.answersCaptures = true
        try node.restart()
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        #expect(node.pins.isEmpty)
        #expect(node.violations.isEmpty)
    }

    @Test("undecided when the agent died: the wait for the pod source goes on, and ends")
    func undecided() throws {
        var node = TrackerDriver()
        node.place(Sample.record(id, name: "shell"))
        node.start(id)
        node.exit(id, 1, at: 5)
        node.delete(id, at: 5.1)
        try node.restart()
        #expect(node.entries.isEmpty)
        node.clock(700)
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.session(id)?.classification == .unresolved)
    }

    @Test("down for the whole life of a session: its pod's status or a listing is enough", arguments: [true, false])
    func whollyMissed(byPod: Bool) {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.statuses[id] = Sample.exited(id, 42, "Error", from: 0.5, to: 10.5)
        if byPod {
            let status = Sample.terminated(id, 42, "Error", from: 0, to: 10)
            node.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 10)), at: 60)
        } else {
            node.tell(.runtimeListing(RuntimeListing(containers: [id: .exited])), at: 60)
        }
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.session(id)?.ending == .recovered)
        #expect(node.session(id)?.finishedAt == TrackerDriver.at(10.5))
        #expect(node.session(id)?.output != nil)
        #expect(node.violations.isEmpty)
    }

    @Test("a pin without a row is a witness: the container is asked for")
    func orphanPin() {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.statuses[id] = Sample.exited(id, 42, "Error", from: 0.5, to: 10.5)
        node.tell(.logPinned(id, .held(.hardlink)), at: 60)
        node.clock(63)
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.count { $0 == .releasePin(id) } == 1)
    }

    @Test("a pin of a container that nobody knows any more still gives its output")
    func orphanPinAlone() {
        var node = TrackerDriver()
        // Also after an absence: who has no row and is none of ours has no pin either.
        node.tracker.resumeGap(
            Gap(source: "agent", openedAt: TrackerDriver.at(50), reason: "agent ended without a stop"), source: .agent)
        node.tails[id] = Sample.tail("last words")
        node.tell(.logPinned(id, .held(.hardlink)), at: 60)
        #expect(node.session(id)?.state == .unknown)
        #expect(node.session(id)?.classification == .unresolved)
        #expect(node.outputs[SessionID(container: id)] == Sample.tail("last words"))
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.violations.isEmpty)
    }
}

extension Session {
    /// What order and repetition must not change (`design.md` §4, the tracker).
    var facts: Session {
        var copy = self
        copy.revision = 0
        copy.observedAt = nil
        copy.sealedAt = nil
        return copy
    }
}
