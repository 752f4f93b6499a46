// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@Suite struct OrdinarySessionTests {
    let id = Sample.id(1)

    /// Pod known, started at 0.5, exit 42 at 10.5, deleted at 10.55.
    private func played() -> TrackerDriver {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.tell(.pod(Sample.facts([Sample.regular(), Sample.ephemeral()], version: 10)), at: 0.1)
        node.start(id)
        node.exit(id, 42, at: 10.5)
        node.delete(id, at: 10.55)
        return node
    }

    @Test("a debug session is told at its start and at its sealed end, with all that is known of it")
    func ordinary() throws {
        let node = played()
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        let started = try #require(node.entrySessions(id).first)
        #expect(started.state == .running)
        #expect(started.exitCode == nil)
        let session = try #require(node.session(id))
        #expect(session.state == .ended)
        #expect(session.mode == .ephemeral)
        #expect(session.classification == .confirmed)
        #expect(session.classificationSource == .podSpec)
        #expect(session.targetContainer == "nginx")
        #expect(session.exitCode == 42)
        #expect(session.reason == "Error")
        #expect(session.oomKilled == false)
        #expect(session.ending == .observed)
        #expect(session.cause == nil)
        #expect(session.durationNanoseconds == 10_000_000_000)
        #expect(session.clockStepped == nil)
        #expect(session.pid == 24_987)
        #expect(session.sealedBy == .taskDelete)
        #expect(session.image == "busybox:1.36")
        #expect(session.imageDigest == "sha256:b8fd")
        #expect(session.node == "worker-0")
        #expect(
            session.sources == [
                "createdAt": .containerRecord, "startedAt": .containerdEvent, "finishedAt": .containerdEvent,
                "exitCode": .containerdEvent,
            ])
        #expect(session.evidence.map(\.fact) == ["create", "start", "exit", "delete"])
        #expect(node.outputs[session.id]?.bytes == Array("finding: connection pool exhausted\n".utf8))
        #expect(node.violations.isEmpty)
    }

    @Test("at the exit the facts are durable in the row, and the entry waits for the output")
    func rowAtExit() throws {
        var node = TrackerDriver()
        node.answersCaptures = false
        node.place(Sample.record(id))
        node.start(id)
        node.exit(id, 42, at: 10.5)
        let row = try #require(node.rows[SessionID(container: id)])
        #expect(row.session.state == .ended)
        #expect(row.session.sealedAt == nil)
        #expect(row.session.exitCode == 42)
        #expect(row.entry == nil)
        #expect(row.facts != nil)
        #expect(node.entryTypes(id) == [.sessionStarted])
        #expect(node.count { $0 == .capture(id, logPath: Sample.record(id).logPath) } == 0)
        node.delete(id, at: 10.6)
        #expect(node.count { $0 == .capture(id, logPath: Sample.record(id).logPath) } == 1)
        node.tell(.outputCaptured(id, Sample.tail("x")), at: 10.7)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        #expect(node.violations.isEmpty)
    }

    @Test("the log is pinned as soon as its path is known, and let go after the commit that holds the output")
    func pin() throws {
        let node = played()
        let pinned = try #require(node.first { $0 == .pin(id, logPath: Sample.record(id).logPath ?? "") })
        let started = try #require(node.first { $0.isCommit(of: .sessionStarted) })
        let ended = try #require(node.first { $0.isCommit(of: .sessionEnded) })
        let released = try #require(node.first { $0 == .releasePin(id) })
        #expect(pinned < started)
        #expect(ended < released)
        #expect(node.pins.isEmpty)
        guard case .commit(.session(let commit)) = node.actions[ended] else { return }
        #expect(commit.output != nil)
    }

    @Test("a log that was not there at the create is looked for once more after the start")
    func absentPin() {
        var node = TrackerDriver()
        node.pinAnswer = .absent
        node.place(Sample.record(id))
        node.start(id)
        let path = Sample.record(id).logPath ?? ""
        #expect(node.count { $0 == .pin(id, logPath: path) } == 2)
    }

    @Test("a refused pin is evidence")
    func refusedPin() {
        var node = TrackerDriver()
        node.pinAnswer = .refused("symbolic link")
        node.place(Sample.record(id))
        node.start(id)
        node.exit(id, 0, at: 2)
        node.delete(id, at: 2.1)
        #expect(node.session(id)?.evidence.contains { $0.witness == .pin && $0.value == "symbolic link" } == true)
    }

    @Test("a sandbox is no session, whatever is told of it and when")
    func sandbox() {
        var node = TrackerDriver()
        node.records[id] = Sample.sandbox(id)
        node.start(id)
        node.exit(id, 0, at: 2)
        node.delete(id, at: 2.1)
        node.remove(id, at: 3)
        #expect(node.entries.isEmpty)
        #expect(node.rows.isEmpty)
        #expect(node.tracker.isOutOfScope(id))
        #expect(node.violations.isEmpty)
    }

    @Test("a sandbox whose end was seen before its record leaves no row behind")
    func lateSandbox() {
        var node = TrackerDriver()
        node.answersLookups = false
        node.start(id)
        node.exit(id, 0, at: 2)
        #expect(node.rows.count == 1)
        node.tell(.container(Sample.sandbox(id)), at: 2.1)
        #expect(node.rows.isEmpty)
        #expect(node.violations.isEmpty)
    }

    @Test("a container of the pod itself is dropped, its pin let go, its row forgotten")
    func regular() {
        var node = TrackerDriver()
        node.place(Sample.record(id, name: "nginx"))
        node.start(id)
        #expect(node.pins == [id])
        #expect(node.rows.count == 1)
        node.tell(.pod(Sample.facts([Sample.regular()], version: 10)), at: 1)
        #expect(node.pins.isEmpty)
        #expect(node.rows.isEmpty)
        #expect(node.forgotten == [SessionID(container: id)])
        node.exit(id, 1, at: 2)
        node.delete(id, at: 2.1)
        #expect(node.entries.isEmpty)
        #expect(node.tracker.isOutOfScope(id))
        #expect(node.violations.isEmpty)
    }

    @Test("a container that is known to be regular is never pinned")
    func knownRegular() {
        var node = TrackerDriver()
        node.place(Sample.record(id, name: "nginx"))
        node.tell(.pod(Sample.facts([Sample.regular()], version: 10)), at: 0.1)
        node.start(id)
        #expect(node.count { if case .pin = $0 { true } else { false } } == 0)
        #expect(node.rows.isEmpty)
    }

    @Test("a pin that is held after all for a regular container, or after the sealing, is let go")
    func latePin() {
        var node = TrackerDriver()
        node.answersPins = false
        node.place(Sample.record(id))
        node.start(id)
        node.exit(id, 0, at: 1)
        node.delete(id, at: 1.1)
        node.tell(.logPinned(id, .held(.hardlink)), at: 1.2)
        #expect(node.actions.last == .releasePin(id))
        let other = Sample.id(2)
        node.place(Sample.record(other, name: "nginx"))
        node.start(other, at: 2)
        node.tell(.pod(Sample.facts([Sample.regular()], version: 10)), at: 3)
        node.tell(.logPinned(other, .held(.hardlink)), at: 3.1)
        #expect(node.actions.last == .releasePin(other))
    }

    @Test("the same pod and container names used again are a session of their own")
    func sameNames() {
        var node = played()
        let again = Sample.id(2)
        let uid = Sample.uid("second")
        node.place(Sample.record(again, uid: uid))
        node.tell(.pod(Sample.facts([Sample.ephemeral()], version: 20, uid: uid)), at: 20)
        node.start(again, at: 21)
        node.exit(again, 0, at: 22)
        node.delete(again, at: 22.1)
        #expect(node.session(id)?.exitCode == 42)
        #expect(node.session(again)?.exitCode == 0)
        #expect(node.session(id)?.id != node.session(again)?.id)
        #expect(node.session(id)?.path == node.session(again)?.path)
        #expect(node.violations.isEmpty)
    }

    @Test(
        "each run of a restarting copy is a session of its own, whichever of record and pod comes first",
        arguments: [true, false])
    func copy(podFirst: Bool) {
        var node = TrackerDriver()
        var dbg = PodContainer(name: "dbg", kind: .regular)
        dbg.debugMode = .copy
        dbg.classification = .inferred
        let pod = Fact.pod(Sample.facts([dbg], version: 10))
        if podFirst { node.tell(pod, at: 0.1) }
        for run in 1...3 {
            let id = Sample.id(run)
            node.place(Sample.record(id, name: "dbg", attempt: run - 1))
            let start = Double(run * 10)
            node.start(id, at: start)
            node.exit(id, run, at: start + 1)
            node.delete(id, at: start + 1.1)
        }
        if !podFirst { node.tell(pod, at: 60) }
        for run in 1...3 {
            let session = node.session(Sample.id(run))
            #expect(session?.mode == .copy)
            #expect(session?.classification == .inferred)
            #expect(session?.attempt == run - 1)
            #expect(session?.exitCode == run)
            #expect(node.entryTypes(Sample.id(run)).contains(.sessionEnded))
        }
        #expect(node.violations.isEmpty)
    }

    @Test("a node debug pod is known by its pod's name, and confirmed by the pod source")
    func nodeMode() {
        var node = TrackerDriver()
        node.place(Sample.record(id, name: "debugger", pod: "node-debugger-worker-0-x7k2p"))
        node.start(id)
        #expect(node.session(id)?.mode == .node)
        #expect(node.session(id)?.classification == .inferred)
        var debugger = PodContainer(name: "debugger", kind: .regular)
        debugger.debugMode = .node
        node.tell(.pod(Sample.facts([debugger], version: 10, name: "node-debugger-worker-0-x7k2p")), at: 1)
        #expect(node.session(id)?.classification == .confirmed)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionAmended])
    }
}

extension Action {
    func isCommit(of entry: EntryType) -> Bool {
        if case .commit(.session(let commit)) = self { return commit.entry == entry }
        return false
    }
}
