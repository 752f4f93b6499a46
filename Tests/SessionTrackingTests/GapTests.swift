// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@Suite struct GapTests {
    let id = Sample.id(1)

    @Test("a gap is told when it opens and when it closes, and is one gap however often it is lost")
    func gap() {
        var node = TrackerDriver()
        node.tell(.sourceLost(.runtime, reason: "connection lost"), at: 1)
        node.tell(.sourceLost(.runtime, reason: "again"), at: 2)
        node.tell(.sourceRestored(.runtime), at: 3)
        node.tell(.sourceRestored(.runtime), at: 4)
        #expect(node.gaps.count == 2)
        #expect(node.gaps.first?.closedAt == nil)
        #expect(node.gaps.last?.id == node.gaps.first?.id)
        #expect(node.gaps.last?.reason == "connection lost")
        #expect(node.gaps.last?.closedBy == "relisted")
        #expect(node.gaps.last?.closedAt != nil)
    }

    @Test("what a source dropped is counted in its gap, and two sources' gaps are two")
    func dropped() {
        var node = TrackerDriver()
        node.tell(.sourceOverflowed(.runtime, dropped: 7), at: 1)
        node.tell(.sourceOverflowed(.runtime, dropped: 5), at: 2)
        node.tell(.sourceLost(.pods, reason: "401"), at: 2)
        node.tell(.sourceRestored(.runtime), at: 3)
        #expect(node.gaps.map(\.dropped) == [7, nil, 12])
        #expect(node.gaps.last?.reason == "queue full")
        node.tell(.sourceRestored(.pods), at: 4)
        #expect(node.gaps.last?.source == "pods")
    }

    @Test("the agent's own absence closes when the runtime has been listed, not when the pods have")
    func ownGap() {
        var node = TrackerDriver()
        node.tracker.resumeGap(
            Gap(source: "agent", openedAt: TrackerDriver.at(-60), reason: "agent not running"), source: .agent)
        node.tell(.sourceRestored(.pods), at: 1)
        #expect(node.gaps.isEmpty)
        node.tell(.sourceRestored(.runtime), at: 2)
        #expect(node.gaps.map(\.source) == ["agent"])
        #expect(node.gaps.first?.openedAt == TrackerDriver.at(-60))
    }

    // MARK: Our own absence, with a journal

    private func absent() -> TrackerDriver {
        var node = TrackerDriver { $0.hasJournal = true }
        node.tracker.resumeGap(
            Gap(source: "agent", openedAt: TrackerDriver.at(-60), reason: "agent stopped"), source: .agent)
        _ = node.tracker.resume([], receipt: node.now)
        return node
    }

    @Test("closes when the runtime has been listed and the journal read, in either order", arguments: [true, false])
    func listedAndRead(listedFirst: Bool) {
        var node = absent()
        let facts: [Fact] = [.sourceRestored(.runtime), .sourceRestored(.journal)]
        node.tell(listedFirst ? facts[0] : facts[1], at: 1)
        #expect(node.gaps.isEmpty)
        node.tell(listedFirst ? facts[1] : facts[0], at: 2)
        #expect(node.gaps.map(\.closedBy) == ["relisted, journal read"])
    }

    @Test("closes by the listing alone where there is no journal, or none that can be read", arguments: 0..<4)
    func withoutJournal(kind: Int) {
        var node = absent()
        node.tell(.sourceRestored(.runtime), at: 1)
        switch kind {
        case 0: node.tell(.sourceAbsent(.journal))
        case 1: node.tell(.sourceLost(.journal, reason: "permission denied"))
        case 2: node.clock(400)
        default:
            node.tell(.sourceAbsent(.journal))
            node.tell(.sourceRestored(.journal))
        }
        #expect(node.gaps.filter { $0.source == "agent" }.map(\.closedBy) == ["relisted"])
    }

    @Test("the journal's own gap is closed by reading on, and an interval that nothing covers is closed by nothing")
    func journalGaps() {
        var node = TrackerDriver { $0.hasJournal = true }
        node.tell(.sourceLost(.journal, reason: "cannot be read"), at: 1)
        node.tell(.sourceRestored(.journal), at: 2)
        #expect(node.gaps.map(\.closedBy) == [nil, "resumed at cursor"])
        let (from, to) = (TrackerDriver.at(-90), TrackerDriver.at(-80))
        for _ in 0..<2 {
            node.tell(.intervalMissed(.journal, from: from, to: to, reason: "journal vacuumed", dropped: 3))
        }
        #expect(node.gaps.last?.closedAt == to)
        #expect(node.gaps.last?.closedBy == nil)
        #expect(node.gaps.last?.dropped == 3)
        #expect(node.gaps[2].id == node.gaps[3].id)
    }

    // MARK: Reboot

    /// Started, then the node reboots; `then` is what is found afterwards.
    private func rebooted(
        hasJournal: Bool = false, twice: Bool = false, _ then: (inout TrackerDriver) -> Void
    ) throws -> Session? {
        var node = TrackerDriver { $0.hasJournal = hasJournal }
        node.place(Sample.record(id))
        node.start(id)
        try node.restart(reboot: true)
        if twice {
            node.tell(.pod(Sample.facts([Sample.ephemeral(status: Sample.running(id, since: 0))], version: 3)))
            try node.restart()
        }
        then(&node)
        if hasJournal { node.tell(.sourceRestored(.journal)) }
        node.clock(100)
        #expect(node.violations.isEmpty)
        return node.session(id)
    }

    @Test("a reboot is the cause of what was open, where an ending was made up for it", arguments: [true, false])
    func reboot(twice: Bool) throws {
        let id = id
        let byRuntime = try rebooted(twice: twice) {
            $0.statuses[id] = Sample.exited(id, 255, "Unknown", from: 0.5, to: 60)
            $0.tell(.runtimeListing(RuntimeListing(containers: [id: .exited])), at: 61)
        }
        #expect(byRuntime?.cause == .nodeReboot)
        #expect(byRuntime?.ending == .inferred)
        let byPod = try rebooted(twice: twice) {
            $0.records = [:]
            let status = Sample.terminated(id, 137, "ContainerStatusUnknown")
            $0.tell(.pod(Sample.facts([Sample.ephemeral(status: status)], version: 9)), at: 61)
            $0.tell(.containerUnknown(id))
        }
        #expect(byPod?.cause == .nodeReboot)
        #expect(byPod?.ending == .inferred)
    }

    @Test("a reboot is the cause of an end of which nobody knows anything")
    func rebootAlone() throws {
        let session = try rebooted(hasJournal: true) {
            $0.records = [:]
            $0.tell(.runtimeListing(RuntimeListing(containers: [:])), at: 61)
        }
        #expect(session?.state == .unknown)
        #expect(session?.cause == .nodeReboot)
        #expect(session?.ending == nil)
    }

    @Test("not where the journal or the runtime knows how it ended, nor after a mere restart of the agent")
    func notByReboot() throws {
        let id = id
        let byJournal = try rebooted(hasJournal: true) {
            $0.records = [:]
            $0.tell(.runtimeListing(RuntimeListing(containers: [:])), at: 61)
            $0.readJournal(of: id, from: 0.5, to: 20, code: 143)
        }
        #expect(byJournal?.exitCode == 143)
        #expect(byJournal?.ending == .recovered)
        #expect(byJournal?.cause == nil)
        let byRuntime = try rebooted {
            $0.statuses[id] = Sample.exited(id, 0, "Completed", from: 0.5, to: 20)
            $0.tell(.runtimeListing(RuntimeListing(containers: [id: .exited])), at: 61)
        }
        #expect(byRuntime?.cause == nil)
        var node = TrackerDriver()
        node.place(Sample.record(id))
        node.start(id)
        try node.restart()
        node.statuses[id] = Sample.exited(id, 255, "Unknown", from: 0.5, to: 60)
        node.relist()
        #expect(node.session(id)?.cause == nil)
        #expect(node.session(id)?.ending == .inferred)
    }
}
