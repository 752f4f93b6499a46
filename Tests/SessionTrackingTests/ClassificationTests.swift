// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@Suite struct ClassificationTests {
    let id = Sample.id(1)

    @Test("without a pod: TARGET mode and kubectl's names are inferred, other names wait for the pod source")
    func inferred() {
        func scope(_ record: ContainerDescription) -> Session? {
            var node = TrackerDriver()
            node.place(record)
            node.start(record.id)
            return node.session(record.id)
        }
        #expect(scope(Sample.record(id))?.classification == .inferred)
        #expect(scope(Sample.record(id, name: "shell", target: Sample.id(9)))?.classification == .inferred)
        #expect(scope(Sample.record(id, name: "shell", target: Sample.id(9)))?.mode == .ephemeral)
        for name in ["debugger-", "debugger-aeiou", "debugger-x7k2pp", "nginx"] {
            #expect(scope(Sample.record(id, name: name))?.classification == .unresolved)
            #expect(scope(Sample.record(id, name: name))?.mode == nil)
        }
    }

    @Test("a container that the cached pod does not have is newer than the cache: inferred, then confirmed")
    func absentFromCache() {
        var node = TrackerDriver()
        node.place(Sample.record(id, name: "shell"))
        node.tell(.pod(Sample.facts([Sample.regular()], version: 10)), at: 0.1)
        node.start(id)
        #expect(node.session(id)?.classification == .inferred)
        #expect(node.session(id)?.classificationSource == .podSpec)
        node.tell(.pod(Sample.facts([Sample.regular(), Sample.ephemeral("shell")], version: 11)), at: 1)
        #expect(node.session(id)?.classification == .confirmed)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionAmended])
        #expect(node.violations.isEmpty)
    }

    /// Custom name, no target, no pod: ended and sealed by 2.1 s.
    private func unresolved() -> TrackerDriver {
        var node = TrackerDriver()
        node.place(Sample.record(id, name: "shell"))
        node.start(id)
        node.exit(id, 3, at: 2)
        node.delete(id, at: 2.1)
        return node
    }

    @Test("an ended container whose record was gone before it was read is told at once where nobody else can say more")
    func unknowable() {
        for hasPodSource in [false, true] {
            var node = TrackerDriver { $0.hasPodSource = hasPodSource }
            node.answersLookups = false
            node.start(id)
            node.exit(id, 3, at: 0.6)
            node.delete(id, at: 0.61)
            node.remove(id, at: 0.62)
            node.tell(.containerUnknown(id), at: 0.63)
            node.clock(4)
            #expect(node.entryTypes(id) == (hasPodSource ? [] : [.sessionEnded]))
            node.clock(700)
            #expect(node.entryTypes(id) == [.sessionEnded])
            #expect(node.session(id)?.classification == .unresolved)
            #expect(node.session(id)?.exitCode == 3)
            #expect(node.session(id)?.output?.pinnedBy == PinnedBy.none)
            #expect(node.violations.isEmpty)
        }
    }

    @Test("what may be a session is kept and told to nobody until its deadline")
    func heldBack() {
        var node = unresolved()
        #expect(node.entries.isEmpty)
        #expect(node.session(id)?.exitCode == 3)
        #expect(node.outputs[SessionID(container: id)] != nil)
        node.clock(601)
        #expect(node.entries.isEmpty)
        node.clock(603)
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.session(id)?.classification == .unresolved)
        #expect(node.session(id)?.mode == nil)
        #expect(node.violations.isEmpty)
    }

    @Test("a list of all pods without its pod settles the wait, unless the container is younger than the list")
    func podListing() {
        var node = unresolved()
        node.tell(.podListing([Sample.uid("another")]), at: 3)
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.session(id)?.classification == .unresolved)
        var young = TrackerDriver()
        young.place(Sample.record(id, name: "shell"))
        young.start(id)
        young.tell(.podListing([]), at: 1)
        young.exit(id, 3, at: 2)
        young.delete(id, at: 2.1)
        #expect(young.entries.isEmpty)
    }

    @Test("held back and then regular by the pod: forgotten as if it had never been")
    func turnsOutRegular() {
        var node = unresolved()
        node.tell(.pod(Sample.facts([Sample.regular("shell")], version: 10)), at: 3)
        #expect(node.entries.isEmpty)
        #expect(node.rows.isEmpty)
        #expect(node.violations.isEmpty)
    }

    @Test("held back and then a debug container by the pod: told as confirmed")
    func turnsOutDebug() {
        var node = unresolved()
        node.tell(.pod(Sample.facts([Sample.ephemeral("shell")], version: 10)), at: 3)
        #expect(node.entryTypes(id) == [.sessionEnded])
        #expect(node.session(id)?.classification == .confirmed)
        #expect(node.violations.isEmpty)
    }

    @Test("a container started again, of which nobody can say what it was, is forgotten and not told")
    func crashLoop() {
        var node = TrackerDriver()
        node.place(Sample.record(id, name: "shell", attempt: 3))
        node.start(id)
        node.exit(id, 3, at: 2)
        node.delete(id, at: 2.1)
        #expect(node.rows.count == 1)
        node.clock(700)
        #expect(node.entries.isEmpty)
        #expect(node.rows.isEmpty)
        #expect(node.violations.isEmpty)
    }

    @Test("what was told and then turns out regular stays told, under its right name")
    func toldAndRegular() {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.start(id)
        node.tell(.pod(Sample.facts([Sample.regular("debugger-x7k2p")], version: 10)), at: 1)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionAmended])
        #expect(node.session(id)?.mode == .regular)
        #expect(node.session(id)?.classification == .confirmed)
        #expect(node.violations.isEmpty)
    }

    @Test("API server away for the whole session: inferred first, amended to confirmed when it is back")
    func apiDown() throws {
        var node = TrackerDriver()
        node.place(Sample.record(id, target: Sample.id(9)))
        node.tell(.sourceLost(.pods, reason: "connection refused"), at: 0.1)
        node.start(id)
        node.exit(id, 42, at: 10.5)
        node.delete(id, at: 10.55)
        node.remove(id, at: 11)
        node.clock(900)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        #expect(node.session(id)?.classification == .inferred)
        #expect(!node.settled.contains(SessionID(container: id)))
        var ephemeral = Sample.ephemeral(status: Sample.terminated(id, 42, "Error", from: 0, to: 10))
        ephemeral.requestedAt = TrackerDriver.at(0)
        ephemeral.requestedBy = "kubectl"
        node.tell(.pod(Sample.facts([Sample.regular(), ephemeral], version: 10)), at: 1000)
        let session = try #require(node.session(id))
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded, .sessionAmended])
        #expect(session.classification == .confirmed)
        #expect(session.targetContainer == "nginx")
        #expect(session.requestedBy == "kubectl")
        #expect(session.finishedAt == TrackerDriver.at(10.5))
        #expect(node.violations.isEmpty)
    }

    @Test("no pod source: kubectl's names and TARGET are sessions, all else is dropped at once")
    func noPodSource() {
        var node = TrackerDriver { $0.hasPodSource = false }
        node.place(Sample.record(id, name: "shell"))
        node.start(id)
        #expect(node.tracker.isOutOfScope(id))
        let debugger = Sample.id(2)
        node.place(Sample.record(debugger))
        node.start(debugger, at: 1)
        #expect(node.entryTypes(debugger) == [.sessionStarted])
    }

    @Test("scope all records every container, sandboxes left out, debug containers as such")
    func scopeAll() {
        var node = TrackerDriver { $0.scope = .all }
        node.place(Sample.record(id, name: "nginx"))
        node.place(Sample.record(Sample.id(2)))
        node.records[Sample.id(3)] = Sample.sandbox(Sample.id(3))
        for number in 1...3 { node.start(Sample.id(number), at: Double(number)) }
        #expect(node.session(id)?.mode == .regular)
        #expect(node.session(id)?.classification == .inferred)
        node.tell(.pod(Sample.facts([Sample.regular(), Sample.ephemeral()], version: 10)), at: 4)
        #expect(node.session(id)?.classification == .confirmed)
        #expect(node.session(Sample.id(2))?.mode == .ephemeral)
        #expect(node.session(Sample.id(3)) == nil)
        #expect(node.violations.isEmpty)
    }

    @Test(
        "namespaces: only the included, never the excluded",
        arguments: [
            (["default"], [], true), (["other"], [], false), ([], ["default"], false),
            (["default"], ["default"], false),
            ([], ["other"], true),
        ] as [(Set<String>, Set<String>, Bool)])
    func namespaces(included: Set<String>, excluded: Set<String>, recorded: Bool) {
        var node = TrackerDriver {
            $0.includedNamespaces = included
            $0.excludedNamespaces = excluded
        }
        node.place(Sample.record(id))
        let status = Sample.running(id, since: 0)
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 10)), at: 0.1)
        node.start(id)
        node.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 11)), at: 1)
        #expect((node.session(id) != nil) == recorded)
        #expect(node.entryTypes(id).isEmpty == !recorded)
        #expect(recorded || node.pins.isEmpty)
        // An excluded container is not asked for again and again.
        #expect(node.count { $0 == .describe(id) } <= 1)
    }

    @Test("a namespace excluded after a session was told leaves that session what it was")
    func excludedLater() throws {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.tell(.pod(Sample.facts([Sample.ephemeral()], version: 10)), at: 0.1)
        node.start(id)
        let row = try #require(node.rows[SessionID(container: id)])
        let facts = try #require(row.facts)
        var other = TrackerDriver { $0.excludedNamespaces = ["default"] }
        let actions = other.tracker.resume([(row.session, facts)], receipt: other.now)
        #expect(!actions.contains { if case .commit = $0 { true } else { false } })
        #expect(other.tracker.session(of: id)?.mode == .ephemeral)
        #expect(other.tracker.session(of: id)?.classification == .confirmed)
    }

    @Test("of the pod's labels only those on the allow-list are kept")
    func labels() {
        var node = TrackerDriver { $0.allowedLabels = ["team"] }
        node.place(Sample.record(id))
        var facts = Sample.facts([Sample.ephemeral()], version: 10)
        facts.labels = ["team": "db", "secret": "x"]
        node.tell(.pod(facts), at: 0.1)
        node.start(id)
        #expect(node.session(id)?.labels == ["team": "db"])
    }

    @Test("a request is the earliest that any version of the pod tells of, and a later version cannot take it back")
    func request() {
        var node = TrackerDriver()
        node.place(Sample.record(id))
        var first = Sample.ephemeral()
        first.requestedAt = TrackerDriver.at(0)
        first.requestedBy = "kubectl"
        node.tell(.pod(Sample.facts([first], version: 10)), at: 0.1)
        node.tell(.pod(Sample.facts([Sample.ephemeral()], version: 11)), at: 0.2)
        node.start(id)
        #expect(node.session(id)?.requestedAt == TrackerDriver.at(0))
        #expect(node.session(id)?.requestedBy == "kubectl")
    }

    @Test("a static pod's container is found under the mirror pod's UID and under the runtime's")
    func staticPod() {
        var node = TrackerDriver()
        let hash = Sample.uid("0123456789abcdef")
        node.place(Sample.record(id, name: "etcd", uid: hash))
        node.start(id)
        var facts = Sample.facts([Sample.regular("etcd")], version: 10)
        facts.runtimeUID = hash
        node.tell(.pod(facts), at: 1)
        #expect(node.tracker.isOutOfScope(id))
        #expect(node.rows.isEmpty)
    }
}
