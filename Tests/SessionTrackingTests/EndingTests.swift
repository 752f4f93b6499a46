// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@Suite struct EndingTests {
    let id = Sample.id(1)

    private func node() -> TrackerDriver {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        return node
    }

    private func running() -> TrackerDriver {
        var node = node()
        node.start(id)
        return node
    }

    @Test(
        "an OOM kill is told from the exit by the event, before or after it, once or twice", arguments: [true, false])
    func oom(before: Bool) {
        var node = running()
        let oom = Fact.outOfMemory(id, at: TrackerDriver.at(5), witness: .containerdEvent)
        if before {
            node.tell(oom, at: 5)
            node.tell(oom, at: 5)
        }
        node.exit(id, 137, at: 5)
        node.delete(id, at: 5.1)
        if !before {
            node.tell(oom, at: 5.2)
            node.tell(oom, at: 5.2)
        }
        #expect(node.session(id)?.oomKilled == true)
        #expect(node.session(id)?.reason == "OOMKilled")
        #expect(node.session(id)?.derivedSignal == 9)
        #expect(node.session(id)?.evidence.count { $0.fact == "oom" } == 1)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded] + (before ? [] : [.sessionAmended]))
        #expect(node.violations.isEmpty)
    }

    @Test("137 is asked for at CRI once the task is deleted, for only CRI knows of the OOM killer")
    func oomByStatus() {
        var node = running()
        node.exit(id, 137, at: 5)
        #expect(node.count { $0 == .askStatus(id) } == 0)
        node.statuses[id] = Sample.exited(id, 137, "OOMKilled", from: 0.5, to: 5)
        node.delete(id, at: 5.1)
        #expect(node.count { $0 == .askStatus(id) } == 1)
        #expect(node.session(id)?.oomKilled == true)
        #expect(node.session(id)?.sources["oomKilled"] == .criStatus)
        #expect(node.session(id)?.ending == .observed)
        #expect(node.violations.isEmpty)
    }

    @Test("CRI that still calls a killed container running is asked again at the deadline")
    func oomLate() {
        var node = running()
        var status = RuntimeStatus(id: id, state: .running)
        status.startedAt = TrackerDriver.at(0.5)
        node.statuses[id] = status
        node.exit(id, 137, at: 5)
        node.delete(id, at: 5.1)
        #expect(node.session(id)?.oomKilled == false)
        node.statuses[id] = Sample.exited(id, 137, "OOMKilled", from: 0.5, to: 5)
        node.clock(12)
        #expect(node.session(id)?.oomKilled == true)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded, .sessionAmended])
    }

    @Test("a neighbour's OOMKilled on a container that ended with 0 is not believed")
    func neighbourOOM() {
        var node = running()
        node.exit(id, 0, at: 5)
        node.delete(id, at: 5.1)
        node.tell(.containerStatus(Sample.exited(id, 0, "OOMKilled", from: 0.5, to: 5)), at: 6)
        #expect(node.session(id)?.oomKilled == false)
        #expect(node.session(id)?.reason == "Completed")
        #expect(node.session(id)?.evidence.contains { $0.value == "0 OOMKilled" } == true)
    }

    @Test("a start failure sends no event: it is asked for at the deadline and is a session that never started")
    func startFailure() {
        var node = node()
        let message = "exec: \"/nonexistent\": no such file"
        node.statuses[id] = Sample.exited(id, 128, "StartError", from: nil, to: 1, message: message)
        node.tell(.container(Sample.record(id)), at: 0.1)
        #expect(node.rows.isEmpty)
        node.clock(2)
        #expect(node.rows.isEmpty)
        node.clock(2.2)
        let session = node.session(id)
        #expect(session?.state == .neverStarted)
        #expect(session?.exitCode == 128)
        #expect(session?.reason == "StartError")
        #expect(session?.message == message)
        #expect(session?.cause == .startFailed)
        #expect(session?.startedAt == nil)
        #expect(session?.durationNanoseconds == nil)
        #expect(session?.sealedBy == .recovery)
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.violations.isEmpty)
    }

    @Test("a start failure that the kubelet tells first is asked for at the runtime all the same, and sealed")
    func startFailureByKubeletFirst() {
        var node = node()
        node.tell(.container(Sample.record(id)), at: 0.1)
        node.statuses[id] = Sample.exited(id, 128, "StartError", from: nil, to: 0.2)
        var status = Sample.waiting("RunContainerError")
        status.containerID = id
        var last = PodTermination(exitCode: 128)
        last.reason = "StartError"
        last.containerID = id
        status.lastTermination = last
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 10)), at: 0.5)
        #expect(node.entryTypes(id).isEmpty)
        node.clock(3)
        #expect(node.session(id)?.sources["exitCode"] == .criStatus)
        #expect(node.session(id)?.sealedBy == .recovery)
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.violations.isEmpty)
    }

    @Test("a task that was made, failed to start and was killed for it is a start failure too")
    func startFailureWithTask() {
        var node = node()
        node.statuses[id] = Sample.exited(id, 128, "StartError", from: nil, to: 1)
        node.tell(.taskCreated(id, pid: 7, at: TrackerDriver.at(0.9)), at: 0.9)
        node.exit(id, 137, at: 1)
        node.delete(id, at: 1.1)
        #expect(node.session(id)?.state == .neverStarted)
        #expect(node.session(id)?.exitCode == 128)
    }

    @Test("the API's copy of a start failure, with its start in 1970, has no start")
    func startFailureByPod() {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        var status = Sample.waiting("RunContainerError")
        status.containerID = id
        var last = PodTermination(exitCode: 128)
        last.reason = "StartError"
        last.startedAt = Timestamp(nanoseconds: 0)
        last.finishedAt = TrackerDriver.at(1)
        last.containerID = id
        status.lastTermination = last
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 10)), at: 2)
        #expect(node.session(id)?.state == .neverStarted)
        #expect(node.session(id)?.startedAt == nil)
    }

    @Test("255 Unknown is the runtime's invention: inferred, no signal, no OOM, and any real code replaces it")
    func unknown() {
        var node = running()
        node.tell(.containerStatus(Sample.exited(id, 255, "Unknown", from: 0.5, to: 60)), at: 61)
        #expect(node.session(id)?.ending == .inferred)
        #expect(node.session(id)?.exitCode == 255)
        #expect(node.session(id)?.isMadeUpEnding == true)
        #expect(node.session(id)?.oomKilled == nil)
        #expect(node.session(id)?.cause == nil)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        let status = Sample.terminated(id, 7, "Error", from: 0, to: 30)
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 10)), at: 62)
        #expect(node.session(id)?.exitCode == 7)
        #expect(node.session(id)?.ending == .recovered)
        #expect(node.session(id)?.finishedAt == TrackerDriver.at(30))
        #expect(node.session(id)?.sources["exitCode"] == .podStatus)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded, .sessionAmended])
        node.exit(id, 9, at: 62.5)
        #expect(node.session(id)?.exitCode == 9)
        #expect(node.session(id)?.ending == .observed)
        #expect(node.violations.isEmpty)
    }

    @Test(
        "an exit that containerd makes up at the deletion changes nothing of what it had said before",
        arguments: [(137, true), (255, true), (137, false), (255, false)])
    func madeUpAtDeletion(_ code: Int, inOrder: Bool) {
        var node = running()
        let exit = Fact.taskExited(
            id, TaskExit(exitCode: code, exitedAt: TrackerDriver.at(70), at: TrackerDriver.at(70)))
        let status = Fact.containerStatus(Sample.exited(id, 255, "Unknown", from: 0.5, to: 60))
        node.tell(inOrder ? status : exit, at: 71)
        node.tell(inOrder ? exit : status, at: 72)
        #expect(node.session(id)?.exitCode == 255)
        #expect(node.session(id)?.ending == .inferred)
        #expect(node.session(id)?.finishedAt == TrackerDriver.at(60))
        #expect(node.session(id)?.evidence.contains { $0.witness == .containerdEvent && $0.fact == "exit" } == true)
        #expect(node.violations.isEmpty)
    }

    @Test("an exit event of before the runtime forgot the container counts, one of after it does not")
    func forgotten() {
        for (finish, isEnd) in [(59.0, true), (70, false)] {
            var node = running()
            node.tell(.containerUnknown(id), at: 60)
            node.tell(.containerStatusUnknown(id), at: 60.1)
            node.tell(
                .taskExited(
                    id,
                    TaskExit(exitCode: 137, exitedAt: TrackerDriver.at(finish), at: TrackerDriver.at(finish))), at: 71)
            #expect(node.session(id)?.exitCode == (isEnd ? 137 : nil))
            #expect(node.session(id)?.state == (isEnd ? .ended : .unknown))
        }
        // Any other code is nobody's invention.
        var node = running()
        node.tell(.containerUnknown(id), at: 60)
        node.tell(.containerStatusUnknown(id), at: 60.1)
        node.exit(id, 7, at: 70)
        #expect(node.session(id)?.exitCode == 7)
    }

    @Test("137 ContainerStatusUnknown is the kubelet's invention and has no time")
    func statusUnknown() {
        var node = running()
        let status = Sample.terminated(id, 137, "ContainerStatusUnknown")
        node.records.removeValue(forKey: id)
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 10)), at: 62)
        #expect(node.session(id)?.ending == .inferred)
        #expect(node.session(id)?.finishedAt == nil)
        #expect(node.session(id)?.durationNanoseconds == nil)
        #expect(node.session(id)?.derivedSignal == nil)
    }

    @Test("-1 is CRI-O's word for an unknown code, and is not told as a code")
    func minusOne() {
        var node = running()
        node.tell(.containerStatus(Sample.exited(id, -1, "Error", from: 0.5, to: 60)), at: 61)
        #expect(node.session(id)?.exitCode == nil)
        #expect(node.session(id)?.ending == .inferred)
    }

    @Test("a delete that overtakes its exit seals nothing before the exit is known")
    func deleteFirst() {
        var node = running()
        node.delete(id, at: 5.1)
        #expect(node.count { $0 == .askStatus(id) } == 1)
        #expect(node.session(id)?.state == .running)
        node.tell(
            .taskExited(id, TaskExit(exitCode: 42, exitedAt: TrackerDriver.at(5), at: TrackerDriver.at(5))), at: 6)
        #expect(node.session(id)?.sealedBy == .taskDelete)
        #expect(node.session(id)?.exitCode == 42)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        #expect(node.violations.isEmpty)
    }

    @Test("an exit that was never seen is recovered from CRI at the next listing")
    func recovered() {
        var node = running()
        node.statuses[id] = Sample.exited(id, 42, "Error", from: 0.4, to: 5)
        node.tell(.runtimeListing(RuntimeListing(containers: [id: .exited])), at: 60)
        let session = node.session(id)
        #expect(session?.exitCode == 42)
        #expect(session?.ending == .recovered)
        #expect(session?.sealedBy == .recovery)
        #expect(session?.startedAt == TrackerDriver.at(0.5))
        #expect(session?.sources["startedAt"] == .containerdEvent)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
    }

    @Test("a container that the runtime has forgotten with no word of its end: unknown, and said so")
    func lost() {
        var node = running()
        node.records.removeValue(forKey: id)
        node.tell(.runtimeListing(RuntimeListing(containers: [:])), at: 60)
        // It was seen to start: the event of its exit may be on its way.
        #expect(node.entryTypes(id) == [.sessionStarted])
        node.clock(66)
        let session = node.session(id)
        #expect(session?.state == .unknown)
        #expect(session?.exitCode == nil)
        #expect(session?.ending == nil)
        #expect(session?.finishedAt == nil)
        #expect(session?.evidence.count { $0.fact == "not-found" } == 2)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        #expect(node.violations.isEmpty)
    }

    @Test("a listing older than the container loses nothing: the next exit still waits for its output")
    func staleListing() {
        var node = running()
        node.tell(.runtimeListing(RuntimeListing(containers: [:])), at: 1)
        node.exit(id, 42, at: 5)
        #expect(node.session(id)?.sealedAt == nil)
        node.delete(id, at: 5.05)
        #expect(node.session(id)?.sealedBy == .taskDelete)
        #expect(node.session(id)?.state == .ended)
    }

    @Test("a listing of a container that is known to run asks nothing; of one that is not, everything")
    func listingAsks() {
        var node = running()
        node.tell(.runtimeListing(RuntimeListing(containers: [id: .running])), at: 60)
        #expect(node.count { $0 == .askStatus(id) } == 0)
        let fresh = Sample.id(2)
        node.place(Sample.record(fresh))
        var status = RuntimeStatus(id: fresh, state: .running)
        status.startedAt = TrackerDriver.at(30)
        node.statuses[fresh] = status
        node.tell(.runtimeListing(RuntimeListing(containers: [id: .running, fresh: .running])), at: 61)
        #expect(node.entryTypes(fresh) == [.sessionStarted])
        #expect(node.session(fresh)?.startedAt == TrackerDriver.at(30))
    }

    @Test("the status of a listed container is not asked for if its record shows a container of the pod itself")
    func listingOfRegulars() {
        var node = TrackerDriver()
        node.tell(.pod(Sample.facts([Sample.regular()], version: 10)), at: 0.1)
        node.place(Sample.record(id, name: "nginx"))
        node.tell(.runtimeListing(RuntimeListing(containers: [id: .exited])), at: 1)
        node.clock(10)
        #expect(node.count { $0 == .askStatus(id) } == 0)
    }

    @Test("a finish a millisecond before the start is a duration of 0")
    func negative() {
        var node = running()
        node.tell(
            .taskExited(id, TaskExit(exitCode: 0, exitedAt: TrackerDriver.at(0.499), at: TrackerDriver.at(0.51))),
            at: 0.51)
        #expect(node.session(id)?.durationNanoseconds == 0)
        #expect(node.session(id)?.clockStepped == nil)
    }

    @Test(
        "a clock step during the session: the duration is by the boot-time clock, and the record says so",
        arguments: [3600.0, -3600.0])
    func clockStep(step: Double) throws {
        var node = running()
        node.clock(5)
        node.stepClock(by: step)
        node.exit(id, 0, at: 10.5 + step)
        let session = try #require(node.session(id))
        let duration = try #require(session.durationNanoseconds)
        #expect(abs(duration - 10_000_000_000) < 10_000_000)
        #expect(session.clockStepped == true)
    }

    @Test("an exit that is delivered late is no clock step")
    func lateDelivery() {
        var node = running()
        node.tell(
            .taskExited(id, TaskExit(exitCode: 0, exitedAt: TrackerDriver.at(10.5), at: TrackerDriver.at(10.5))),
            at: 12.4)
        #expect(node.session(id)?.durationNanoseconds == 10_000_000_000)
        #expect(node.session(id)?.clockStepped == nil)
    }

    // MARK: Causes

    @Test(
        "killed with its target: the cause is the target's restart, in whichever order the two ends arrive",
        arguments: [true, false], [true, false])
    func targetRestarted(targetFirst: Bool, describedLate: Bool) {
        var node = TrackerDriver()
        let target = Sample.id(2)
        node.place(Sample.record(target, name: "app"))
        node.tell(.pod(Sample.facts([Sample.regular("app")], version: 10)), at: 0.1)
        node.start(target, at: 0.3)
        node.answersLookups = !describedLate
        node.place(Sample.record(id, target: target))
        node.start(id)
        if targetFirst { node.exit(target, 1, at: 5) }
        // As far apart as two shims on a busy node reap.
        let end = TrackerDriver.at(describedLate ? 5.001 : 5.2)
        node.tell(.taskExited(id, TaskExit(exitCode: 137, exitedAt: end, at: end)))
        if !targetFirst { node.exit(target, 1, at: 5) }
        node.remove(target, at: 6)
        if describedLate { node.tell(.container(Sample.record(id, target: target)), at: 7) }
        #expect(node.session(id)?.cause == .targetRestarted)
        #expect(node.session(id)?.targetContainer == "app")
        #expect(node.violations.isEmpty)
    }

    @Test(
        "an end of its own near its target's, or a kill far from it, has no such cause",
        arguments: [(0, 5.001), (137, 5.5)])
    func targetNotTheCause(code: Int, end: Double) {
        var node = TrackerDriver()
        let target = Sample.id(2)
        node.place(Sample.record(id, target: target))
        node.start(id)
        node.exit(target, 1, at: 5)
        node.exit(id, code, at: end)
        #expect(node.session(id)?.cause == nil)
    }
}
