// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import TestSupport
import Testing

/// Any order and any repetition of the same facts gives the same session facts (`design.md` §4, the tracker).
///
/// An observation is a fact with its receipt. Snapshots (`podListing`, `runtimeListing`) speak of one moment and are no
/// part of this; what the effects answer comes from the play itself.
@Suite struct OrderTests {
    @Test(
        "a recorded node: in any order, with any repetition, every container's session is the same",
        arguments: RecordedNode.scenarios)
    func recorded(scenario: String) throws {
        let node = try RecordedNode(scenario: scenario)
        let expected = Play(node.observations).sessions(node.containers)
        #expect(expected.contains { $0 != nil })
        for seed in 0..<(node.observations.count < 100 ? 30 : 8) {
            var generator = SeededGenerator(seed: UInt64(seed))
            let shuffled = node.observations.shuffledAndRepeated(using: &generator)
            Self.compare(Play(shuffled).sessions(node.containers), expected, "\(scenario), seed \(seed)")
        }
    }

    @Test("the recorded sessions are what the node's own timeline says")
    func recordedFacts() throws {
        let node = try RecordedNode(scenario: "1-attach")
        let id = try #require(
            ContainerID("38ca0e0093f5a975222d1e4197ca5bd5807be77607aace195b8a064ed0f3b044"))
        let session = try #require(Play(node.observations).tracker.session(of: id))
        #expect(session.container == "debugger-wbcnr")
        #expect(session.targetContainer == "debug-target")
        #expect(session.exitCode == 42)
        #expect(session.startedAt == Timestamp(rfc3339: "2026-11-21T02:40:00.507517568Z"))
        #expect(session.finishedAt == Timestamp(rfc3339: "2026-11-21T02:40:10.522775261Z"))
        #expect(session.durationNanoseconds == 10_015_257_693)
        #expect(session.sealedBy == .taskDelete)
        #expect(session.classification == .confirmed)
        let badcmd = try RecordedNode(scenario: "1b-log-format")
        let failed = Play(badcmd.observations).sessions(badcmd.containers).compactMap { $0 }
        #expect(failed.count { $0.state == .neverStarted && $0.exitCode == 128 } == 1)
        let lost = try RecordedNode(scenario: "g-containerd-restart")
        let unknown = Play(lost.observations).sessions(lost.containers).compactMap { $0 }
        #expect(unknown.contains { $0.exitCode == 255 && $0.ending == .inferred })
        #expect(try RecordedNode.scenarios.map { try RecordedNode(scenario: $0).execExits }.reduce(0, +) > 0)
    }

    @Test(
        "the hard cases, all in one pod: in any order, with any repetition, the sessions are the same",
        arguments: 0..<10)
    func contrived(block: Int) {
        let observations = Contrived.observations
        let expected = Play(observations).sessions(Contrived.containers)
        #expect(expected.compactMap { $0 }.count == 7)
        for seed in (block * 30)..<(block * 30 + 30) {
            var generator = SeededGenerator(seed: UInt64(1000 + seed))
            let play = Play(observations.shuffledAndRepeated(using: &generator))
            Self.compare(play.sessions(Contrived.containers), expected, "seed \(seed)")
            // What the store has is what the tracker knows.
            let stored = Contrived.containers.map { play.committed[SessionID(container: $0)]?.facts.withoutEchoes }
            Self.compare(stored, expected.map { $0?.withoutEchoes }, "stored, seed \(seed)")
        }
    }

    @Test(
        "ledger: in any order, with deadlines and restarts in between, started once, ended once, nothing after the settling",
        arguments: RecordedNode.scenarios)
    func ledger(scenario: String) throws {
        let node = try RecordedNode(scenario: scenario)
        for seed in 0..<(node.observations.count < 100 ? 12 : 3) {
            var generator = SeededGenerator(seed: UInt64(5000 + seed))
            var driver = TrackerDriver {
                $0.settleDelay = 5_000_000_000
                // News may be as late as this play is long.
                $0.podMemory = 1_000_000_000_000_000
            }
            driver.answersLookups = Bool.random(using: &generator)
            for observation in node.observations.shuffledAndRepeated(using: &generator) {
                driver.tell(observation.fact)
                switch Int.random(in: 0..<40, using: &generator) {
                case 0: driver.wait(Double.random(in: 0...400, using: &generator))
                case 1: try driver.restart(reboot: Bool.random(using: &generator))
                case 2: driver.tell(.runtimeListing(RuntimeListing(containers: [:])))
                default: break
                }
            }
            driver.wait(700)
            #expect(driver.violations.isEmpty, "\(scenario), seed \(seed)")
            #expect(driver.entries.contains { $0.type == .sessionEnded } || scenario.hasPrefix("g-"))
        }
    }

    private static func compare(_ found: [Session?], _ expected: [Session?], _ label: String) {
        for (found, expected) in zip(found, expected) where found != expected {
            let keys = Set(found?.json.differences(from: expected?.json ?? .null) ?? ["missing"])
            Issue.record("\(label): \(expected?.path ?? "-") differs in \(keys.sorted())")
        }
    }
}

/// The observations told one after the other, each with its own receipt; captures are answered, questions are not (the
/// answers are among the observations).
private struct Play {
    var tracker: SessionTracker
    var committed: [SessionID: Session] = [:]

    init(_ observations: [Observation]) {
        var configuration = TrackerConfiguration(origin: RecordOrigin(node: "worker-0"))
        // Receipts go back and forth here: only the seal's deadline is to come.
        configuration.classificationDeadline = .max / 4
        configuration.waitingDeadline = .max / 4
        configuration.settleDelay = .max / 4
        configuration.podMemory = .max / 4
        tracker = SessionTracker(configuration: configuration)
        for observation in observations { tell(observation) }
        let last = observations.map(\.receipt).max { $0.boottime < $1.boottime }
        guard let last else { return }
        let end = Receipt(
            wall: last.wall.advanced(byNanoseconds: 60_000_000_000), boottime: last.boottime + 60_000_000_000)
        tell(Observation(.tick, receipt: end))
    }

    private mutating func tell(_ observation: Observation) {
        var answers: [Fact] = []
        for action in tracker.handle(observation) {
            switch action {
            case .describe(Contrived.lineAlone): answers.append(.containerUnknown(Contrived.lineAlone))
            case .capture(let id, _): answers.append(.outputCaptured(id, Sample.tail("output of \(id)")))
            case .commit(.session(let commit)):
                committed[commit.session.id] = commit.session
            case .commit(.forget(let id)): committed.removeValue(forKey: id)
            default: break
            }
        }
        for answer in answers { tell(Observation(answer, receipt: observation.receipt)) }
    }

    func sessions(_ ids: [ContainerID]) -> [Session?] { ids.map { tracker.session(of: $0)?.facts } }
}

extension Session {
    /// Without what the journal merely repeats: that waits in memory for the next revision.
    fileprivate var withoutEchoes: Session {
        var copy = self
        copy.evidence.removeAll {
            $0.witness == .journal && ($0.fact != "exit" || $0.value == exitCode.map(String.init))
        }
        return copy
    }
}

extension JSONValue {
    /// Names of the members in which two objects differ.
    func differences(from other: JSONValue) -> [String] {
        guard case .object(let left) = self, case .object(let right) = other else { return ["all"] }
        return (left.members + right.members).map(\.key).filter { left[$0] != right[$0] }
    }
}

/// One pod with a target that restarts, a session killed with it, an OOM kill, an invented ending that a real one
/// replaces, a start failure, a repeated name; versions of the pod with the same number; two accounts of everything.
private enum Contrived {
    static let target = Sample.id(1)
    static let killed = Sample.id(2)
    static let oom = Sample.id(3)
    static let recovered = Sample.id(4)
    static let failed = Sample.id(5)
    static let again = Sample.id(6)
    static let byPodAlone = Sample.id(7)
    static let lineAlone = Sample.id(8)
    static let containers = [target, killed, oom, recovered, failed, again, byPodAlone, lineAlone]

    static let observations: [Observation] = {
        let at = TrackerDriver.at
        var all: [Observation] = []
        func tell(_ seconds: Double, _ fact: Fact) {
            let wall = at(seconds + 0.001)
            all.append(
                Observation(fact, receipt: Receipt(wall: wall, boottime: wall.nanoseconds(since: at(-100)))))
        }
        func life(_ id: ContainerID, from start: Double, to end: Double, _ code: Int) {
            tell(start - 0.1, .taskCreated(id, pid: 7, at: at(start - 0.1)))
            tell(start, .taskStarted(id, pid: 7, at: at(start)))
            tell(end, .taskExited(id, TaskExit(exitCode: code, exitedAt: at(end), at: at(end + 0.0001))))
            tell(end + 0.1, .taskDeleted(id, at: at(end + 0.1)))
        }
        tell(0, .container(Sample.record(target, name: "app")))
        life(target, from: 0.2, to: 20, 1)
        tell(25, .containerRemoved(target, at: at(25)))
        tell(1, .container(Sample.record(killed, target: target)))
        var listed = ContainerDescription(id: killed, isSandbox: false, witness: .criStatus)
        listed.podUID = Sample.pod
        listed.container = "debugger-x7k2p"
        listed.createdAt = at(0.9)
        tell(2, .container(listed))
        life(killed, from: 1.5, to: 20.001, 137)
        tell(21, .containerStatus(Sample.exited(killed, 137, "Error", from: 1.6, to: 20.001)))

        tell(1, .container(Sample.record(oom, name: "shell")))
        life(oom, from: 1.5, to: 10, 137)
        tell(9.9, .outOfMemory(oom, at: at(9.9), witness: .containerdEvent))
        tell(10.2, .outOfMemory(oom, at: at(10.2), witness: .journal))
        tell(10.3, .containerStatus(Sample.exited(oom, 137, "Error", from: 1.6, to: 10)))
        tell(10.4, .containerStatus(Sample.exited(oom, 137, "OOMKilled", from: 1.6, to: 10, message: "oom")))

        tell(1, .container(Sample.record(recovered, name: "lost")))
        tell(1.2, .taskStarted(recovered, pid: 9, at: at(1.2)))
        tell(30, .containerStatus(Sample.exited(recovered, 255, "Unknown", from: 1.3, to: 29)))
        // What containerd makes up when it deletes a container whose shim is dead.
        tell(36, .taskExited(recovered, TaskExit(exitCode: 137, exitedAt: at(35.9), at: at(36))))

        tell(1, .container(Sample.record(failed, name: "bad")))
        tell(2, .taskCreated(failed, pid: 8, at: at(2)))
        tell(2, .taskExited(failed, TaskExit(exitCode: 137, exitedAt: at(2.01), at: at(2.01))))
        tell(3, .containerStatus(Sample.exited(failed, 128, "StartError", from: nil, to: 2, message: "no such file")))

        // The same record twice, with different fullness and equal fullness.
        tell(40, .container(Sample.record(again, name: "shell", attempt: 1)))
        var upgraded = Sample.record(again, name: "shell", attempt: 1)
        upgraded.runtime = "containerd"
        upgraded.runtimeVersion = "2.0"
        tell(41, .container(upgraded))
        life(again, from: 40.5, to: 45, 0)
        tell(46, .containerStatus(Sample.exited(again, 0, "OOMKilled", from: 40.6, to: 45)))

        for facts in versions { tell(Double(50 + all.count), .pod(facts)) }
        for fact in journal { tell(Double(100 + all.count), fact) }
        tell(200, .podDeleted(Sample.pod, at: at(199)))
        tell(201, .podDeleted(Sample.pod, at: at(200)))
        return all
    }()

    /// Lines about all of them: repetition, a contradiction, another name, and one container that only the journal knows.
    private static let journal: [Fact] = {
        let at = TrackerDriver.at
        func said(_ id: ContainerID, _ event: JournalStatement.Event, _ seconds: Double) -> Fact {
            .journal(JournalStatement(container: id, event: event, at: at(seconds)))
        }
        return [
            .container(Sample.line(killed, name: "another")),
            said(killed, .started, 1.7), said(killed, .exited(code: 137, finishedAt: at(20.001)), 20.2),
            said(target, .exited(code: 1, finishedAt: at(20)), 20.2),
            said(oom, .outOfMemory, 9.95), said(oom, .exited(code: 9, finishedAt: at(10)), 10.3),
            said(recovered, .exited(code: 3, finishedAt: at(28.5)), 28.6),
            said(again, .attachClosed(stream: "stdin"), 44), said(again, .removed, 60),
            .container(Sample.line(lineAlone, name: "debugger-b2b2b")),
            said(lineAlone, .started, 70), said(lineAlone, .exited(code: 5, finishedAt: at(71)), 71.2),
            said(lineAlone, .exited(code: 5, finishedAt: nil), 72), said(lineAlone, .removed, 73),
        ]
    }()

    private static let versions: [PodFacts] = {
        var asked = Sample.ephemeral("lost", status: Sample.waiting("ErrImagePull", "no route"))
        asked.requestedAt = TrackerDriver.at(0.5)
        asked.requestedBy = "kubectl"
        let app = Sample.regular("app")
        let early = Sample.facts([app, asked], version: 1)
        var equal = early
        equal.conditions = ["Ready=True"]
        equal.containers[1].status = Sample.waiting("ImagePullBackOff", "back-off")
        var lost = Sample.ephemeral("lost", status: Sample.terminated(recovered, 7, "Error", from: 1, to: 28))
        lost.status?.restartCount = 1
        var bad = Sample.ephemeral("bad", status: Sample.waiting("RunContainerError"))
        bad.status?.containerID = failed
        var shell = Sample.ephemeral("shell", status: Sample.terminated(again, 0, "Completed", from: 40, to: 45))
        shell.status?.lastTermination = PodTermination(exitCode: 137)
        shell.status?.lastTermination?.containerID = oom
        shell.status?.lastTermination?.reason = "Error"
        let alone = Sample.ephemeral("alone", status: Sample.terminated(byPodAlone, 3, "Error", from: 60, to: 61))
        let late = Sample.facts([app, Sample.ephemeral(), lost, bad, shell, alone], version: 3)
        var last = late
        last.version = 4
        last.deletionAt = TrackerDriver.at(150)
        last.phase = "Failed"
        last.conditions = ["Ready=False"]
        var unversioned = early
        unversioned.version = nil
        return [early, equal, late, last, unversioned]
    }()
}
