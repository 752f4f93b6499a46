// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

/// Up to when the runtime's word is durable: where the gap of a sudden end begins.
@Suite struct SightTests {
    private let id = Sample.id(1)

    private func mark(_ second: Int) -> Fact { .readUpTo(.runtime, cursor: "\(second)") }

    @Test("it becomes durable behind what was made of the events before it, and not by itself while the node is quiet")
    func behindItsFacts() throws {
        var node = TrackerDriver()
        node.tell(mark(0), at: 0)
        #expect(node.cursors == ["0"])
        node.records[id] = Sample.record(id)
        node.tell(.taskCreated(id, pid: 1, at: TrackerDriver.at(1)), at: 1)
        node.tell(.taskStarted(id, pid: 1, at: TrackerDriver.at(1)), at: 1)
        #expect(node.commits > 0)
        node.tell(mark(1), at: 1.5)
        #expect(node.cursors == ["0", "1"])
        let cursor = try #require(node.first { $0 == .commit(.cursor(.runtime, "1")) })
        let session = try #require(node.first { if case .commit(.session) = $0 { true } else { false } })
        #expect(session < cursor)
        // Nothing was committed since: no transaction for its sake alone.
        node.tell(mark(2), at: 2)
        node.tell(mark(3), at: 30)
        #expect(node.cursors == ["0", "1"])
    }

    @Test("on a quiet node it moves on once a minute")
    func quiet() {
        var node = TrackerDriver()
        for second in 0..<300 { node.tell(mark(second), at: Double(second)) }
        #expect(node.cursors.count == 5)
        #expect(node.cursors.last == "240")
    }
}
