// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@Suite struct PodFateTests {
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

    @Test("a pod's deletion is the cause only of what ended after it was seen", arguments: [true, false])
    func podDeleted(before: Bool) {
        var node = running()
        var facts = Sample.facts([Sample.ephemeral()], version: 11)
        facts.deletionAt = TrackerDriver.at(34)
        if before { node.tell(.pod(facts), at: 4) }
        node.exit(id, 137, at: 5)
        node.delete(id, at: 5.1)
        if !before { node.tell(.pod(facts), at: 6) }
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(7)), at: 7)
        #expect(node.session(id)?.cause == (before ? .podDeleted : nil))
        #expect(node.session(id)?.podFate?.deletedAt == TrackerDriver.at(7))
    }

    @Test("the deletion of the pod ends target and session alike: it is the cause, not the target")
    func podDeletedWithTarget() {
        var node = TrackerDriver()
        let target = Sample.id(2)
        node.place(Sample.record(id, target: target))
        node.start(id)
        node.tell(.pod(Sample.facts([Sample.ephemeral()], version: 10)), at: 1)
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(4)), at: 4)
        node.exit(target, 137, at: 5)
        node.exit(id, 137, at: 5.001)
        #expect(node.session(id)?.cause == .podDeleted)
    }

    @Test("an eviction is told from a deletion by the pod's reason or condition")
    func evicted() {
        for isCondition in [true, false] {
            var node = running()
            var facts = Sample.facts([Sample.ephemeral()], version: 11)
            facts.deletionAt = TrackerDriver.at(34)
            if isCondition { facts.conditions = ["DisruptionTarget=True"] } else { facts.reason = "Evicted" }
            node.tell(.pod(facts), at: 4)
            node.exit(id, 143, at: 5)
            #expect(node.session(id)?.cause == .podEvicted)
        }
    }

    @Test("a living pod's conditions and phase are no amendment; its deletion is one, with what it was then")
    func podFate() {
        var node = running()
        node.exit(id, 0, at: 5)
        node.delete(id, at: 5.1)
        for version in 11...20 {
            var facts = Sample.facts([Sample.ephemeral()], version: UInt64(version))
            facts.conditions = ["Ready=\(version % 2 == 0)"]
            facts.restarts = version
            node.tell(.pod(facts), at: Double(version))
        }
        // One for the classification, none for the rest.
        #expect(node.entryTypes(id) == [.sessionStarted, .sessionEnded, .sessionAmended])
        node.tell(.podDeleted(Sample.pod, at: TrackerDriver.at(30)), at: 30)
        #expect(node.entryTypes(id).count == 4)
        #expect(node.session(id)?.podFate?.restarts == 20)
        #expect(node.session(id)?.podFate?.conditions == ["Ready=true"])
        #expect(node.violations.isEmpty)
    }
}
