// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

/// The journal as a witness: the last one of what nobody else knows, and never more than a second one of the rest.
@Suite struct JournalTests {
    let id = Sample.id(1)

    private func node(_ configure: (inout TrackerConfiguration) -> Void = { _ in }) -> TrackerDriver {
        TrackerDriver {
            $0.hasJournal = true
            configure(&$0)
        }
    }

    // MARK: What only the journal knows

    @Test(
        "a container that came and went unseen is a session by the journal's word, told once, its output said to be lost"
    )
    func alone() throws {
        var node = node()
        node.tell(.podListing([]), at: 50)
        node.readJournal(of: id, from: 0.5, to: 10.5, code: 42)
        // Not before the journal was read to its end: it may have more to say.
        #expect(node.entries.isEmpty)
        node.tell(.sourceRestored(.journal))
        #expect(node.entryTypes(id) == [.sessionEnded])
        let session = try #require(node.session(id))
        #expect(session.state == .ended)
        #expect(session.ending == .recovered)
        #expect(session.exitCode == 42)
        #expect(session.finishedAt == TrackerDriver.at(10.5))
        #expect(session.startedAt == TrackerDriver.at(0.5))
        #expect(session.createdAt == TrackerDriver.at(0.2))
        #expect(session.durationNanoseconds == 10_000_000_000)
        #expect(session.path == "default/web-1/debugger-x7k2p")
        #expect(session.sandboxID == "9a3c")
        #expect(session.attempt == 0)
        #expect(session.classification == .inferred)
        #expect(session.classificationSource == .journal)
        #expect(Set(session.sources.values) == [.journal])
        #expect(Set(session.sources.keys) == ["createdAt", "startedAt", "finishedAt", "exitCode"])
        #expect(session.output?.pinnedBy == PinnedBy.none)
        #expect(session.output?.note != nil)
        #expect(node.violations.isEmpty)
        node.clock(200)
        #expect(node.settled == [SessionID(container: id)])
    }

    @Test("whose log outlived its record is read where the kubelet keeps it")
    func usualPath() {
        var node = node { $0.podLogsDirectory = "/var/log/pods" }
        node.readJournal(of: id, from: 0.5, to: 10.5, code: 0)
        let path = "/var/log/pods/default_web-1_\(Sample.pod)/debugger-x7k2p/0.log"
        #expect(node.count { $0 == .capture(id, logPath: path) } == 1)
    }

    @Test("a hostile name makes no path")
    func hostilePath() {
        var node = node { $0.podLogsDirectory = "/var/log/pods" }
        node.readJournal(of: id, name: "../../../../etc/shadow", from: 0.5, to: 10.5, code: 0)
        #expect(node.count { $0 == .capture(id, logPath: nil) } == 1)
    }

    @Test("with a name that says nothing: unresolved once no pod can confirm it, and forgotten where it was a restart")
    func unresolved() {
        var node = node()
        node.tell(.podListing([]), at: 50)
        node.readJournal(of: id, name: "shell", from: 0.5, to: 10.5, code: 1)
        node.readJournal(of: Sample.id(2), name: "app", attempt: 3, from: 0.5, to: 10.5, code: 1)
        node.tell(.sourceRestored(.journal))
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.session(id)?.classification == .unresolved)
        #expect(node.session(Sample.id(2)) == nil)
        #expect(node.tracker.isOutOfScope(Sample.id(2)))
    }

    @Test(
        "made while we watched and without a row: it was looked at then and is none of ours",
        arguments: [(0.2, 100.0, false), (0.2, 5.0, true), (nil, 100, false)])
    func judged(created: Double?, watchedUntil: Double, isTold: Bool) {
        var node = node()
        node.tracker.resumeGap(
            Gap(source: "agent", openedAt: TrackerDriver.at(watchedUntil), reason: "agent stopped"), source: .agent)
        node.tell(.podListing([]), at: 200)
        if created != nil { node.tell(.container(Sample.line(id, name: "app"))) }
        for fact in TrackerDriver.journal(of: id, from: 110, to: 120, code: 0).dropFirst() { node.tell(fact) }
        node.tell(.sourceRestored(.journal))
        node.clock(1000)
        #expect(node.entryTypes(id) == (isTold ? [.sessionEnded] : []))
        #expect(node.violations.isEmpty)
    }

    @Test("nameless, behind a hole in the journal: it may have been made in there, so it is told")
    func namelessBehindHole() {
        var node = node()
        node.tracker.resumeGap(
            Gap(source: "agent", openedAt: TrackerDriver.at(100), reason: "agent stopped"), source: .agent)
        let (from, to) = (TrackerDriver.at(100), TrackerDriver.at(109))
        node.tell(.intervalMissed(.journal, from: from, to: to, reason: "journal vacuumed", dropped: nil), at: 200)
        for fact in TrackerDriver.journal(of: id, from: 110, to: 120, code: 0).dropFirst() { node.tell(fact) }
        node.tell(.sourceRestored(.journal))
        node.clock(1000)
        #expect(node.entryTypes(id) == [.sessionEnded])
    }

    @Test("its pod, where it still lives, says what it was", arguments: [true, false])
    func podConfirms(isDebug: Bool) {
        var node = node()
        let container = isDebug ? Sample.ephemeral("shell") : Sample.regular("shell")
        node.tell(.pod(Sample.facts([container], version: 3)), at: 50)
        node.readJournal(of: id, name: "shell", from: 0.5, to: 10.5, code: 1)
        node.tell(.sourceRestored(.journal))
        #expect(node.entryTypes(id) == (isDebug ? [.sessionEnded] : []))
        #expect(node.session(id)?.classification == (isDebug ? .confirmed : nil))
    }

    @Test("a name alone, of a container that nothing more was said of, is no session; a sandbox never is")
    func nameAlone() {
        var node = node()
        node.tell(.container(Sample.line(id, name: "app")), at: 50)
        var sandbox = Sample.line(Sample.id(2), name: "POD")
        sandbox.isSandbox = true
        node.tell(.container(sandbox))
        node.tell(.journal(JournalStatement(container: sandbox.id, event: .started, at: TrackerDriver.at(1))))
        node.tell(.sourceRestored(.journal))
        node.clock(700)
        #expect(node.entries.isEmpty)
        #expect(node.rows.isEmpty)
        #expect(!node.tracker.isTracking(id))
        #expect(!node.tracker.isTracking(Sample.id(2)))
    }

    @Test("started by the journal and known to nobody: an unknown end, told when the journal has been read")
    func unknownEnd() {
        var node = node()
        node.tell(.container(Sample.line(id)), at: 50)
        node.tell(.journal(JournalStatement(container: id, event: .started, at: TrackerDriver.at(1))))
        node.clock(60)
        #expect(node.entries.isEmpty)
        node.tell(.sourceRestored(.journal))
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.session(id)?.state == .unknown)
    }

    @Test("read in pieces, with the runtime's answer in between: no start is told of what is gone")
    func inPieces() {
        var node = node()
        node.answersLookups = false
        let lines = TrackerDriver.journal(of: id, from: 0.5, to: 10.5, code: 42)
        for fact in lines.prefix(2) { node.tell(fact, at: 50) }
        node.tell(.containerUnknown(id))
        for fact in lines.dropFirst(2) { node.tell(fact) }
        node.tell(.sourceRestored(.journal))
        #expect(node.entryTypes(id) == [.sessionEnded])
    }

    // MARK: What others know better

    @Test("never overrules: an event's code and times stay, and a contradiction stays visible")
    func contradiction() throws {
        var node = node()
        node.tell(.sourceRestored(.journal), at: 0)
        node.place(Sample.record(id))
        node.start(id)
        node.exit(id, 42, at: 5)
        node.delete(id, at: 5.1)
        let before = try #require(node.session(id))
        node.tell(
            .journal(
                JournalStatement(container: id, event: .exited(code: 7, finishedAt: nil), at: .init(nanoseconds: 5))))
        let after = try #require(node.session(id))
        #expect(after.exitCode == 42)
        #expect(after.ending == .observed)
        #expect(after.finishedAt == before.finishedAt)
        #expect(after.evidence.contains { $0.witness == .journal && $0.fact == "exit" && $0.value == "7" })
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded, .sessionAmended])
    }

    @Test("what merely repeats costs nothing, and rides along with the next revision")
    func repetition() throws {
        func lived(withJournal: Bool) -> TrackerDriver {
            var node = self.node()
            node.tell(.sourceRestored(.journal), at: 0)
            node.place(Sample.record(id))
            if withJournal { node.tell(.container(Sample.line(id)), at: 0.3) }
            node.start(id)
            if withJournal { node.readJournal(of: id, from: 0.5, to: 5, code: 42, ends: false) }
            let stream = JournalStatement.Event.attachClosed(stream: "stdin")
            if withJournal {
                node.tell(.journal(JournalStatement(container: id, event: stream, at: TrackerDriver.at(4))))
            }
            node.exit(id, 42, at: 5)
            node.delete(id, at: 5.1)
            if withJournal { node.readJournal(of: id, from: 0.5, to: 5, code: 42) }
            node.tell(
                .pod(Sample.facts([Sample.ephemeral(status: Sample.terminated(id, 42, "Error", to: 5))], version: 4)))
            return node
        }
        let with = lived(withJournal: true)
        let without = lived(withJournal: false)
        #expect(with.commits == without.commits)
        #expect(with.entryTypes(id) == without.entryTypes(id))
        let facts = try #require(with.session(id)?.evidence.filter { $0.witness == .journal }.map(\.fact))
        #expect(Set(facts) == ["start", "attach-closed", "exit"])
    }

    @Test("the journal's OOM line counts with 137 alone", arguments: [137, 0])
    func outOfMemory(code: Int) {
        var node = node()
        node.place(Sample.record(id))
        node.start(id)
        node.tell(.journal(JournalStatement(container: id, event: .outOfMemory, at: TrackerDriver.at(4.9))), at: 4.95)
        node.statuses[id] = Sample.exited(id, code, "Error", from: 0.5, to: 5)
        node.exit(id, code, at: 5)
        node.delete(id, at: 5.1)
        #expect(node.session(id)?.oomKilled == (code == 137))
        #expect(node.session(id)?.sources["oomKilled"] == (code == 137 ? .journal : nil))
    }

    @Test("an end that the journal alone tells while the runtime still has the container is asked for")
    func eventMissed() {
        var node = node()
        node.tell(.sourceRestored(.journal), at: 0)
        node.place(Sample.record(id))
        node.start(id)
        node.statuses[id] = Sample.exited(id, 3, "Error", from: 0.5, to: 5)
        let event = JournalStatement.Event.exited(code: 3, finishedAt: TrackerDriver.at(5))
        node.tell(.journal(JournalStatement(container: id, event: event, at: TrackerDriver.at(5.1))), at: 5.2)
        node.clock(8)
        #expect(node.session(id)?.sources["exitCode"] == .criStatus)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
    }

    @Test("the target's end in the journal is the cause of the session's")
    func target() {
        var node = node()
        let target = Sample.id(9)
        node.readJournal(of: target, name: "app", from: 0.1, to: 10.5, code: 1)
        var record = Sample.record(id, target: target)
        record.attempt = 0
        node.place(record)
        node.statuses[id] = Sample.exited(id, 137, "Error", from: 0.5, to: 10.501)
        node.tell(.runtimeListing(RuntimeListing(containers: [id: .exited])))
        #expect(node.session(id)?.cause == .targetRestarted)
    }
}

extension TrackerDriver {
    /// The lines of one whole life, told now.
    mutating func readJournal(
        of id: ContainerID, name: String = "debugger-x7k2p", attempt: Int = 0, from start: Double, to end: Double,
        code: Int, ends: Bool = true
    ) {
        for fact in Self.journal(of: id, name: name, attempt: attempt, from: start, to: end, code: code) {
            if !ends, case .journal(let statement) = fact, statement.event != .started { continue }
            tell(fact)
        }
    }

    static func journal(
        of id: ContainerID, name: String = "debugger-x7k2p", attempt: Int = 0, from start: Double, to end: Double,
        code: Int
    ) -> [Fact] {
        func said(_ event: JournalStatement.Event, _ seconds: Double) -> Fact {
            .journal(JournalStatement(container: id, event: event, at: at(seconds)))
        }
        return [
            .container(Sample.line(id, name: name, attempt: attempt)), said(.started, start),
            said(.exited(code: code, finishedAt: at(end)), end + 0.02), said(.removed, end + 1),
        ]
    }
}
