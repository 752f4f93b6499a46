// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@Suite struct SealingTests {
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

    @Test("an end that comes before the container's record waits for it: only there stands where the log is")
    func recordComesLate() {
        var node = node()
        node.answersLookups = false
        node.tails[id] = Sample.tail("finding\n")
        node.tell(.taskCreated(id, pid: 7, at: TrackerDriver.at(0.1)), at: 0.1)
        node.exit(id, 42, at: 0.2)
        node.delete(id, at: 0.3)
        #expect(!node.actions.contains { if case .capture = $0 { true } else { false } })
        node.tell(.container(Sample.record(id)), at: 0.4)
        #expect(node.session(id)?.output?.bytes == 8)
        #expect(node.entryTypes(id).last == .sessionEnded)
        #expect(node.session(id)?.sealedBy == .taskDelete)
    }

    @Test("a record that was read in time and told behind the container's removal still says where the log is")
    func recordComesBehindTheRemoval() {
        var node = node()
        node.answersLookups = false
        node.tails[id] = Sample.tail("finding\n")
        node.tell(.taskCreated(id, pid: 7, at: TrackerDriver.at(0.1)), at: 0.1)
        node.exit(id, 42, at: 0.2)
        node.delete(id, at: 0.3)
        node.tell(.containerRemoved(id, at: TrackerDriver.at(0.35)), at: 0.35)
        #expect(!node.actions.contains { if case .capture = $0 { true } else { false } })
        node.tell(.container(Sample.record(id)), at: 0.4)
        #expect(node.outputs[SessionID(container: id)] == node.tails[id])
        #expect(node.entryTypes(id).last == .sessionEnded)
        #expect(node.session(id)?.sealedBy == .taskDelete)
        #expect(node.violations.isEmpty)
    }

    @Test("a removed container whose record nobody answers for is sealed all the same", arguments: [true, false])
    func noAnswer(wasSeenEnding: Bool) {
        var node = TrackerDriver { $0.hasPodSource = false }
        node.answersLookups = false
        node.tell(.taskCreated(id, pid: 7, at: TrackerDriver.at(0.1)), at: 0.1)
        if wasSeenEnding {
            node.exit(id, 42, at: 0.2)
            node.delete(id, at: 0.3)
        }
        node.tell(.containerRemoved(id, at: TrackerDriver.at(0.35)), at: 0.35)
        if !wasSeenEnding { node.tell(.containerStatusUnknown(id), at: 0.4) }
        node.clock(6)
        #expect(node.session(id)?.sealedAt != nil)
        node.tell(.containerUnknown(id), at: 7)
        // That it was asked and is unknown is news for the record, and no second end.
        #expect(node.entryTypes(id).filter { $0 != .sessionAmended } == [.sessionEnded])
        #expect(node.violations.isEmpty)
    }

    @Test("without a delete the deadline seals, and what comes later is an amendment")
    func deadline() {
        var node = running()
        node.exit(id, 42, at: 5)
        node.clock(9.9)
        #expect(node.entryTypes(id) == [.sessionStarted])
        node.clock(10.1)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        #expect(node.session(id)?.sealedBy == .deadline)
        #expect(node.pins == [id])
        node.tails[id] = Sample.tail("finding: connection pool exhausted\nand more\n")
        node.delete(id, at: 30)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded, .sessionAmended])
        #expect(node.session(id)?.sealedBy == .taskDelete)
        #expect(node.outputs[SessionID(container: id)] == node.tails[id])
        #expect(node.pins.isEmpty)
        #expect(node.violations.isEmpty)
    }

    @Test("a delete while the deadline's capture is under way: read again, and told once, as complete")
    func deleteDuringCapture() {
        var node = running()
        node.answersCaptures = false
        node.exit(id, 42, at: 5)
        node.clock(10.1)
        node.delete(id, at: 10.2)
        node.tell(.outputCaptured(id, Sample.tail("first")), at: 10.3)
        #expect(node.entryTypes(id) == [.sessionStarted])
        #expect(node.pins == [id])
        node.tell(.outputCaptured(id, Sample.tail("first and last")), at: 10.4)
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded])
        #expect(node.session(id)?.sealedBy == .taskDelete)
        #expect(node.outputs[SessionID(container: id)] == Sample.tail("first and last"))
        #expect(node.violations.isEmpty)
    }

    @Test("a later capture that reads less does not replace the fuller output")
    func poorerCapture() {
        var node = running()
        node.exit(id, 42, at: 5)
        node.clock(10.1)
        node.tails.removeValue(forKey: id)
        node.delete(id, at: 30)
        #expect(node.session(id)?.output?.pinnedBy == .hardlink)
        #expect(node.session(id)?.sealedBy == .taskDelete)
        #expect(node.violations.isEmpty)
    }

    @Test("an output told twice is no second revision")
    func sameOutput() {
        var node = running()
        node.exit(id, 42, at: 5)
        node.delete(id, at: 5.1)
        let revision = node.session(id)?.revision
        node.tell(.outputCaptured(id, node.tail(of: id)), at: 6)
        #expect(node.session(id)?.revision == revision)
    }
}
