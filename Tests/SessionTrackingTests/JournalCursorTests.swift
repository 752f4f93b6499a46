// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import TestSupport
import Testing

/// A cursor is never durable before what was made of the lines before it.
@Suite struct JournalCursorTests {
    private func node() -> TrackerDriver {
        TrackerDriver {
            $0.hasJournal = true
            $0.cursorInterval = 1_000_000
        }
    }

    @Test("held back while a line's container is in memory alone, and committed behind it")
    func held() {
        var node = node()
        let id = Sample.id(1)
        node.answersLookups = false
        node.tell(.container(Sample.line(id)), at: 1)
        node.tell(.readUpTo(.journal, cursor: "a"))
        node.clock(20)
        #expect(node.cursors.isEmpty)
        // The runtime has it: from now on it can be asked for again.
        node.tell(.container(Sample.record(id)), at: 21)
        node.tell(.taskStarted(id, pid: 7, at: TrackerDriver.at(21)), at: 21.1)
        node.clock(22)
        #expect(node.cursors == ["a"])
        let row = node.first { if case .commit(.session) = $0 { true } else { false } }
        let cursor = node.first { if case .commit(.cursor) = $0 { true } else { false } }
        #expect((row ?? .max) < (cursor ?? 0))
    }

    @Test("not committed with every line, and the last one is")
    func seldom() {
        var node = TrackerDriver { $0.hasJournal = true }
        for number in 0..<1000 { node.tell(.readUpTo(.journal, cursor: "\(number)"), at: Double(number) / 100) }
        node.clock(30)
        #expect(node.cursors.count <= 4)
        #expect(node.cursors.first == "0")
        #expect(node.cursors.last == "999")
    }

    @Test(
        "killed at any line and started again from the last cursor that was kept: nothing lost, nothing told twice",
        arguments: 0..<40)
    func killed(seed: Int) throws {
        let facts = Self.history
        var whole = node()
        whole.tell(.podListing([]), at: 50)
        Self.read(facts, from: 0, &whole)
        whole.tell(.sourceRestored(.journal))
        whole.clock(100)

        var generator = SeededGenerator(seed: UInt64(seed))
        var node = node()
        node.tell(.podListing([]), at: 50)
        var place = 0
        var kept = 0
        while place < facts.count {
            let end = min(facts.count, place + Int.random(in: 1...9, using: &generator))
            Self.read(Array(facts[place..<end]), from: place, &node)
            place = end
            if let cursor = node.cursors.last.flatMap(Int.init) { kept = max(kept, cursor) }
            if Int.random(in: 0..<3, using: &generator) == 0 {
                try node.restart()
                node.tell(.podListing([]))
                place = kept
            }
        }
        node.tell(.sourceRestored(.journal))
        node.clock(100)
        for number in 1...12 {
            let id = Sample.id(number)
            let found = node.session(id)?.facts
            let expected = whole.session(id)?.facts
            #expect(found?.json.differences(from: expected?.json ?? .null) ?? [] == [], "container \(number)")
            #expect((found == nil) == (expected == nil))
            #expect(node.entryTypes(id) == whole.entryTypes(id), "container \(number)")
        }
        #expect(whole.entries.count == 9)
        #expect(node.violations.isEmpty)
        #expect(node.cursors.last == "\(facts.count)")
    }

    /// Twelve containers whose lines are interleaved: nine sessions and three of the pods' own that were started again.
    private static let history: [Fact] = {
        var lives = (1...12).map { number in
            let name = number % 4 == 0 ? "app" : "debugger-x7k2\(["b", "c", "d", "f"][number % 4])"
            return TrackerDriver.journal(
                of: Sample.id(number), name: name, attempt: number % 4 == 0 ? 2 : 0, from: Double(number),
                to: Double(number) + 9, code: number)
        }
        var all: [Fact] = []
        var generator = SeededGenerator(seed: 11)
        while let index = lives.indices.filter({ !lives[$0].isEmpty }).randomElement(using: &generator) {
            all.append(lives[index].removeFirst())
        }
        return all
    }()

    /// Reads lines, each followed by its cursor: the number of lines up to it.
    private static func read(_ facts: [Fact], from place: Int, _ node: inout TrackerDriver) {
        for (offset, fact) in facts.enumerated() {
            node.tell(fact)
            node.wait(0.01)
            node.tell(.readUpTo(.journal, cursor: "\(place + offset + 1)"))
        }
        node.wait(0.01)
    }
}
