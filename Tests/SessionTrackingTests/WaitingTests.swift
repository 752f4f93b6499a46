// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@Suite struct WaitingTests {
    let id = Sample.id(1)
    let waitingID = SessionID(podUID: Sample.pod, containerName: "debugger-x7k2p")

    private func pod(_ reason: String, version: UInt64, phase: String = "Running") -> Fact {
        let status = Sample.waiting(reason, "lookup registry: no such host")
        var facts = Sample.facts([Sample.regular(), Sample.ephemeral(status: status)], version: version)
        facts.phase = phase
        return .pod(facts)
    }

    private func waiting() -> TrackerDriver {
        var node = TrackerDriver()
        node.tell(pod("ErrImagePull", version: 10), at: 1)
        return node
    }

    @Test("a session whose image cannot be pulled waits in a row, and no entry tells of it")
    func waits() {
        let node = waiting()
        let session = node.rows[waitingID]?.session
        #expect(session?.state == .waiting)
        #expect(session?.containerID == nil)
        #expect(session?.mode == .ephemeral)
        #expect(session?.targetContainer == "nginx")
        #expect(session?.evidence.first?.value == "ErrImagePull: lookup registry: no such host")
        #expect(node.entries.isEmpty)
    }

    @Test("it never started when the pod goes, and then nothing more is kept of it")
    func podDeleted() {
        var node = waiting()
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(5)), at: 5)
        // The runtime's last news may be on its way.
        #expect(node.entries.isEmpty)
        node.clock(8)
        #expect(node.entryTypes(waitingID) == [.sessionEnded])
        #expect(node.rows[waitingID]?.session.state == .neverStarted)
        #expect(node.rows[waitingID]?.session.podFate?.deletedAt == TrackerDriver.at(5))
        #expect(node.settled == [waitingID])
        node.tell(pod("ErrImagePull", version: 10), at: 9)
        node.tell(pod("ErrImagePull", version: 11), at: 10)
        #expect(node.entries.count == 1)
        #expect(node.violations.isEmpty)
    }

    @Test("it never started when the pod is over, and a listing without the pod is as good as its deletion")
    func podOver() {
        var node = waiting()
        node.tell(pod("ErrImagePull", version: 11, phase: "Failed"), at: 5)
        node.clock(8)
        #expect(node.entryTypes(waitingID) == [.sessionEnded])
        var other = waiting()
        other.tell(.podListing([]), at: 5)
        other.clock(8)
        #expect(other.entryTypes(waitingID) == [.sessionEnded])
        #expect(other.settled == [waitingID])
    }

    @Test("it never started after ten minutes of the same error, whose two words count as one")
    func tenMinutes() {
        var node = waiting()
        for minute in 1...9 {
            node.tell(
                pod(minute % 2 == 0 ? "ErrImagePull" : "ImagePullBackOff", version: UInt64(10 + minute)),
                at: Double(minute) * 60)
        }
        node.clock(600)
        #expect(node.entries.isEmpty)
        node.clock(602)
        #expect(node.entryTypes(waitingID) == [.sessionEnded])
    }

    @Test("another error begins the ten minutes anew, and a wait without an error never ends it")
    func otherError() {
        var node = waiting()
        node.tell(pod("CreateContainerConfigError", version: 11), at: 300)
        node.clock(890)
        #expect(node.entries.isEmpty)
        node.clock(902)
        #expect(node.entryTypes(waitingID) == [.sessionEnded])
        var slow = TrackerDriver()
        slow.tell(pod("ContainerCreating", version: 10), at: 1)
        slow.clock(3600)
        #expect(slow.entries.isEmpty)
    }

    @Test("a stepped clock does not keep it from giving up")
    func steppedClock() {
        var node = waiting()
        node.clock(300)
        node.stepClock(by: -3600)
        node.wait(400)
        #expect(node.entryTypes(waitingID) == [.sessionEnded])
    }

    @Test("the ending that the kubelet invents for it is evidence and no exit code")
    func invented() {
        var node = waiting()
        let status = Sample.terminated(nil, 137, "ContainerStatusUnknown")
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 11)), at: 5)
        node.clock(8)
        let session = node.rows[waitingID]?.session
        #expect(session?.state == .neverStarted)
        #expect(session?.exitCode == nil)
        #expect(session?.evidence.contains { $0.value == "137 ContainerStatusUnknown" } == true)
        #expect(node.entryTypes(waitingID) == [.sessionEnded])
    }

    @Test("its container comes: the waiting row goes, its evidence stays", arguments: [true, false])
    func containerComes(runtimeFirst: Bool) {
        var node = waiting()
        node.place(Sample.record(id))
        let running = Fact.pod(
            Sample.facts([Sample.regular(), Sample.ephemeral(status: Sample.running(id, since: 20))], version: 12))
        if runtimeFirst { node.start(id, at: 20) }
        node.tell(running, at: 21)
        if !runtimeFirst { node.start(id, at: 22) }
        #expect(node.forgotten == [waitingID])
        #expect(node.rows[waitingID] == nil)
        #expect(node.session(id)?.state == .running)
        #expect(node.session(id)?.evidence.contains { $0.fact == "waiting" } == true)
        // A late version that still has it waiting does not begin it again.
        node.tell(pod("ImagePullBackOff", version: 11), at: 23)
        #expect(node.rows[waitingID] == nil)
        #expect(node.violations.isEmpty)
    }

    @Test("its container comes after it was told as never started: an amendment names the successor")
    func successor() {
        var node = waiting()
        node.clock(700)
        #expect(node.entryTypes(waitingID) == [.sessionEnded])
        node.place(Sample.record(id))
        node.start(id, at: 710)
        #expect(node.entryTypes(waitingID) == [.sessionEnded, .sessionAmended])
        #expect(node.rows[waitingID]?.session.successor == SessionID(container: id))
        #expect(node.rows[waitingID]?.facts == nil)
        #expect(node.entryTypes(id) == [.sessionStarted])
        #expect(node.violations.isEmpty)
    }

    @Test("the ten minutes go on over a restart of the agent")
    func restart() throws {
        var node = waiting()
        node.clock(400)
        try node.restart(reboot: true)
        node.clock(599)
        #expect(node.entries.isEmpty)
        node.clock(603)
        #expect(node.entryTypes(waitingID) == [.sessionEnded])
        #expect(node.violations.isEmpty)
    }

    // Found by `make torture`: containers that came and went while the agent was down were told as never started.
    @Test(
        "nobody watched the runtime for a while: when the pod goes, how it went is unknown", arguments: [true, false])
    func unwatched(agentDown: Bool) throws {
        var node = TrackerDriver()
        node.tell(pod("ContainerCreating", version: 10), at: 1)
        if agentDown {
            try node.restart(reboot: false)
            node.relist()
        } else {
            node.tell(.sourceLost(.runtime, reason: "gone"), at: 2)
            node.tell(.sourceRestored(.runtime), at: 3)
        }
        // What the kubelet said last is still the first word, and comes once more with the deletion.
        node.tell(pod("ContainerCreating", version: 11), at: 4)
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(5)), at: 5)
        node.clock(8)
        #expect(node.entryTypes(waitingID) == [.sessionEnded])
        #expect(node.rows[waitingID]?.session.state == .unknown)
        #expect(node.rows[waitingID]?.session.ending == nil)
        #expect(node.violations.isEmpty)
    }

    @Test("an error told after the runtime is watched again says that it has not started")
    func watchedAgain() {
        var node = waiting()
        node.tell(.sourceLost(.runtime, reason: "gone"), at: 2)
        node.tell(pod("ErrImagePull", version: 11), at: 3)
        node.tell(.sourceRestored(.runtime), at: 4)
        var early = node
        early.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(5)), at: 5)
        early.clock(8)
        #expect(early.rows[waitingID]?.session.state == .unknown)
        node.tell(pod("ImagePullBackOff", version: 12), at: 5)
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(6)), at: 6)
        node.clock(9)
        #expect(node.rows[waitingID]?.session.state == .neverStarted)
    }

    // Found by `make torture`: an agent that was frozen for a moment reads the API's news before the runtime's.
    @Test("the runtime's news comes after the pod's deletion: it is the container's session, and no wait is told")
    func lateNews() {
        var node = TrackerDriver()
        node.tell(pod("ContainerCreating", version: 10), at: 1)
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(5)), at: 5)
        node.place(Sample.record(id))
        node.start(id, at: 5.5)
        node.clock(20)
        #expect(node.rows[waitingID] == nil && node.forgotten == [waitingID])
        #expect(node.session(id)?.state == .running)
        #expect(node.entryTypes(id).first == .sessionStarted)
        #expect(node.violations.isEmpty)
    }

    @Test("a container that went before it could be asked for its name may have been it: nobody knows")
    func nameless() {
        var node = TrackerDriver()
        node.tell(pod("ContainerCreating", version: 10), at: 1)
        node.start(id, at: 2)
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(5)), at: 5)
        node.clock(8)
        #expect(node.rows[waitingID]?.session.state == .unknown)
    }

    @Test("after a restart the pod is gone from the API and its container still there: the wait is not told")
    func stillInRuntime() throws {
        var node = TrackerDriver()
        node.tell(pod("ContainerCreating", version: 10), at: 1)
        node.place(Sample.record(id))
        var running = RuntimeStatus(id: id, state: .running)
        running.startedAt = TrackerDriver.at(2)
        node.statuses[id] = running
        try node.restart()
        node.tracker.resumeGap(
            Gap(source: SourceName.agent.rawValue, openedAt: TrackerDriver.at(1), reason: "killed"), source: .agent)
        node.tell(.podListing([]), at: 5)
        node.clock(60)
        #expect(node.entries.isEmpty)
        node.relist()
        node.clock(120)
        #expect(node.rows[waitingID] == nil)
        #expect(node.session(id)?.container == "debugger-x7k2p")
        #expect(node.violations.isEmpty)
    }
}
