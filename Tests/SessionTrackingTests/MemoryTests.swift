// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@Suite struct MemoryTests {
    let id = Sample.id(1)

    private func ended(_ node: inout TrackerDriver) {
        node.place(Sample.record(id))
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: Sample.running(id, since: 0))], version: 10)), at: 0.1)
        node.start(id)
        node.exit(id, 42, at: 5)
        node.delete(id, at: 5.1)
    }

    @Test("a session is followed until its container and its pod are gone, and a little longer")
    func settles() {
        var node = TrackerDriver()
        ended(&node)
        node.clock(3600)
        #expect(node.settled.isEmpty)
        node.remove(id, at: 3601)
        node.clock(3700)
        #expect(node.settled.isEmpty)
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(3701)), at: 3701)
        node.clock(3730)
        #expect(node.tracker.isTracking(id))
        node.clock(3732)
        #expect(node.settled == [SessionID(container: id)])
        #expect(!node.tracker.isTracking(id))
    }

    @Test("of a burst of endings only so many wait to be settled, and every one is settled once")
    func burst() {
        var node = TrackerDriver {
            $0.hasPodSource = false
            $0.settlesWaiting = 10
        }
        for number in 1...100 {
            let id = Sample.id(number)
            node.place(Sample.record(id))
            let at = Double(number) * 0.01
            node.start(id, at: at)
            node.exit(id, 1, at: at)
            node.delete(id, at: at)
            node.remove(id, at: at)
        }
        #expect((1...100).count { node.tracker.isTracking(Sample.id($0)) } == 10)
        #expect(node.settled.count == 90)
        node.clock(60)
        #expect(node.settled == Set((1...100).map { SessionID(container: Sample.id($0)) }))
        #expect(node.count { if case .commit(.settle) = $0 { true } else { false } } == 100)
        #expect(node.violations.isEmpty)
    }

    @Test("no late or repeated news begins a settled session again")
    func noGhosts() {
        var node = TrackerDriver()
        ended(&node)
        node.remove(id, at: 6)
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(7)), at: 7)
        node.clock(60)
        let entries = node.entries.count
        let commits = node.count { if case .commit = $0 { true } else { false } }
        node.start(id, at: 61)
        node.exit(id, 42, at: 62)
        node.delete(id, at: 63)
        node.tell(.container(Sample.record(id)))
        node.tell(.containerStatus(Sample.exited(id, 42, "Error", from: 0.5, to: 5)))
        node.tell(.outOfMemory(id, at: TrackerDriver.at(5), witness: .journal))
        node.tell(.outputCaptured(id, Sample.tail("x")))
        node.tell(.logPinned(id, .held(.hardlink)))
        let status = Sample.terminated(id, 42, "Error", from: 0, to: 5)
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 12)))
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(7)))
        node.remove(id, at: 64)
        node.clock(800)
        #expect(node.entries.count == entries)
        #expect(node.count { if case .commit = $0 { true } else { false } } == commits)
        #expect(node.pins.isEmpty)
        #expect(node.violations.isEmpty)
    }

    @Test("the exit of a regular container that comes after its removal is no session")
    func lateRegularExit() {
        var node = TrackerDriver()
        node.place(Sample.record(id, name: "nginx"))
        node.tell(.pod(Sample.facts([Sample.regular()], version: 10)), at: 0.1)
        node.start(id)
        node.remove(id, at: 5)
        node.exit(id, 0, at: 6)
        node.clock(800)
        #expect(node.entries.isEmpty)
        #expect(node.rows.isEmpty)
    }

    @Test("a deletion that is told before its pod is still the pod's deletion")
    func deletionFirst() {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.start(id)
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(1)), at: 1)
        node.tell(.pod(Sample.facts([Sample.ephemeral()], version: 10)), at: 2)
        #expect(node.session(id)?.podFate?.deletedAt == TrackerDriver.at(1))
    }

    @Test("a copy that restarts for ever in a living pod is followed for its last runs only")
    func endlessCopy() {
        var node = TrackerDriver()
        for run in 1...100 {
            let id = Sample.id(run)
            node.place(Sample.record(id, name: "dbg", attempt: run - 1))
            let start = Double(run) * 100
            node.start(id, at: start)
            node.exit(id, 1, at: start + 1)
            node.delete(id, at: start + 1.1)
            var status = Sample.terminated(id, 1, "Error", from: start.rounded(), to: start + 1)
            status.lastTermination = run == 1 ? nil : PodTermination(exitCode: 1)
            status.lastTermination?.containerID = Sample.id(run - 1)
            status.restartCount = run - 1
            var dbg = PodContainer(name: "dbg", kind: .regular)
            dbg.debugMode = .copy
            dbg.status = status
            node.tell(.pod(Sample.facts([dbg], version: UInt64(run))), at: start + 2)
            if run > 1 { node.remove(Sample.id(run - 1), at: start + 3) }
        }
        #expect((1...100).count { node.tracker.isTracking(Sample.id($0)) } <= 34)
        #expect((1...100).allSatisfy { node.entryTypes(Sample.id($0)).contains(.sessionEnded) })
        #expect(node.violations.isEmpty)
    }

    @Test("after 10 000 whole lives, of sessions, regular containers and sandboxes, nothing is left in any table")
    func nothingIsLeft() {
        var configuration = TrackerConfiguration(origin: RecordOrigin(node: "worker-0"))
        configuration.podMemory = 60_000_000_000
        var tracker = SessionTracker(configuration: configuration)
        var now: Int64 = 0
        var settled = 0
        var peak = 0
        func tell(_ fact: Fact) {
            now += 1_000_000
            let wall = TrackerDriver.epoch.advanced(byNanoseconds: now)
            for action in tracker.handle(Observation(fact, receipt: Receipt(wall: wall, boottime: now))) {
                if case .commit(.settle) = action { settled += 1 }
                if case .capture(let id, _) = action { tell(.outputCaptured(id, Sample.tail("x"))) }
            }
        }
        for number in 0..<10_000 {
            let uid = Sample.uid("pod-\(number)")
            let session = Sample.id(number * 3)
            let app = Sample.id(number * 3 + 1)
            let sandbox = Sample.id(number * 3 + 2)
            var facts = Sample.facts([Sample.regular(), Sample.ephemeral()], version: 1, uid: uid)
            facts.runtimeUID = Sample.uid("hash-\(number)")
            tell(.pod(facts))
            if number % 4 == 0 {
                tell(.container(Sample.sandbox(sandbox, uid: uid)))
                tell(.container(Sample.record(app, name: "nginx", uid: uid)))
            }
            tell(.container(Sample.record(session, uid: uid, target: app)))
            let at = TrackerDriver.epoch.advanced(byNanoseconds: now)
            tell(.taskStarted(session, pid: 7, at: at))
            // The node's own containers live as briefly; a part of them is enough.
            for id in number % 4 == 0 ? [session, app, sandbox] : [session] {
                tell(.taskExited(id, TaskExit(exitCode: 0, exitedAt: at, at: at)))
                tell(.taskDeleted(id, at: at))
                // Every hundredth removal is missed and found by a listing.
                if number % 100 != 0 || id != session { tell(.containerRemoved(id, at: at)) }
            }
            if number % 100 == 0 {
                tell(.runtimeListing(RuntimeListing(containers: [:])))
                tell(.containerUnknown(session))
            }
            tell(.podDeleted(uid, at: at))
            if number % 100 == 0 {
                tell(.tick)
                peak = max(peak, tracker.trackedEntries)
            }
        }
        now += 1_000_000_000_000
        tell(.tick)
        now += 1_000_000_000_000
        tell(.tick)
        #expect(settled == 10_000)
        #expect(tracker.trackedEntries == 0)
        #expect(tracker.nextDeadline == nil)
        #expect(tracker.openSessions == 0)
        // 200 s of lives at 50 a second, remembered for 60 s: far from all of them at once.
        #expect(peak < 100_000)
    }
}
