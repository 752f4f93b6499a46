// SPDX-License-Identifier: Apache-2.0
import Delivery
import TestSupport
import Testing

@Suite("What is sent next, and what an answer means")
struct DeliveryMachineTests {
    @Test("everything is taken once, in order, in batches of the limits")
    func order() {
        var exchange = Exchange(items: 1000, limits: BatchLimits(entries: 100, bytes: 50_000)) { _, _ in .taken }
        exchange.run()
        #expect(exchange.taken == Array(1...1000))
        #expect(exchange.mark == 1000 && exchange.refusals.isEmpty)
        #expect(exchange.requests.map(\.items.count) == Array(repeating: 50, count: 20))
    }

    @Test("an item beyond the byte limit goes alone")
    func oversize() {
        var exchange = Exchange(items: 3, limits: BatchLimits(entries: 100, bytes: 10)) { _, _ in .taken }
        exchange.run()
        #expect(exchange.requests.map(\.items.count) == [1, 1, 1])
    }

    @Test(
        "a fault of the endpoint moves nothing, and what was sent is sent again",
        arguments: [401, 403, 404, 405, 415, 429, 500, 502, 503, 504, 301, 402, 418])
    func endpoint(_ status: Int) {
        var down = true
        var exchange = Exchange(items: 10) { _, time in
            down = time < .seconds(3600)
            return down ? .status(status) : .taken
        }
        while exchange.time < .seconds(3000), exchange.step() {}
        #expect(exchange.mark == 0 && exchange.refusals.isEmpty && exchange.machine.trouble?.status == status)
        #expect(exchange.requests.allSatisfy { $0.items.count == 10 && $0.form == .whole })
        exchange.run()
        #expect(exchange.taken == Array(1...10) && exchange.mark == 10 && exchange.machine.trouble == nil)
    }

    @Test("no answer, and half of one, move nothing")
    func noAnswer() {
        var exchange = Exchange(items: 10) { _, time in
            time < .seconds(60) ? .noAnswer(words: "refused") : .taken
        }
        exchange.run()
        #expect(exchange.taken == Array(1...10) && exchange.refusals.isEmpty)
    }

    @Test("an hour without a collector costs few requests and no order")
    func anHour() {
        var exchange = Exchange(items: 5000) { _, time in time < .seconds(3600) ? .status(503) : .taken }
        exchange.run()
        #expect(exchange.taken == Array(1...5000))
        #expect(exchange.requests.count < 300 && exchange.time < .seconds(3700))
    }

    @Test("a poison entry amid a thousand delays the others by no more than one bisection", arguments: 0..<40)
    func poison(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bad = Int64.random(in: 1...1000, using: &random)
        let status = [400, 413, 422].randomElement(using: &random) ?? 400
        var exchange = Exchange(items: 1000, seed: seed, limits: BatchLimits(entries: 512, bytes: 10 << 20)) {
            parcel, _ in
            parcel.items.contains { $0.number == bad } && parcel.form != .stub ? .status(status) : .taken
        }
        exchange.run()
        #expect(exchange.taken == Array(1...1000) && exchange.mark == 1000)
        #expect(exchange.refusals.map(\.number) == [bad] && exchange.refusals.first?.part == .entry)
        // Two batches without it; with it the halves of 512 on the way down, the forms of the one, and, where 413 made the
        // batches smaller, some more of these.
        #expect(exchange.requests.count <= 2 + 2 * 10 + 3 + (status == 413 ? 16 : 0))
        #expect(exchange.time < .seconds(2))
    }

    @Test("an entry that is too large with its output goes without it")
    func withoutOutput() {
        var exchange = Exchange(items: 100) { parcel, _ in
            parcel.items.contains { $0.number == 51 } && parcel.form == .whole ? .status(413) : .taken
        }
        exchange.run()
        #expect(exchange.refusals.map(\.part) == [.output] && exchange.refusals.first?.status == 413)
        #expect(exchange.taken == Array(1...100))
    }

    @Test("a refused stub is a fault of the endpoint: nothing moves past it, and nothing is marked")
    func refusedStub() {
        var exchange = Exchange(items: 1000) { _, time in time < .seconds(3600) ? .status(400) : .taken }
        while exchange.time < .seconds(3000), exchange.step() {}
        #expect(exchange.mark == 0 && exchange.refusals.isEmpty && exchange.machine.trouble?.isLasting == true)
        // Only the first entry is tried meanwhile.
        #expect(exchange.requests.suffix(20).allSatisfy { $0.items.map(\.number) == [1] })
        exchange.run()
        #expect(exchange.taken == Array(1...1000) && exchange.refusals.isEmpty)
    }

    @Test("a partial success is never repeated: its items are marked, and the next ones go")
    func partialSuccess() {
        var first = true
        var exchange = Exchange(items: 10, limits: BatchLimits(entries: 5)) { _, _ in
            defer { first = false }
            return .accepted(rejected: first ? 2 : 0, words: "too old")
        }
        exchange.run()
        #expect(exchange.requests.count == 2 && exchange.mark == 10)
        #expect(exchange.refusals.map(\.number) == Array(1...5))
        #expect(exchange.refusals.allSatisfy { $0.part == .unknown && $0.words.contains("2 of 5") })
    }

    @Test("what was refused is sent again alone, and is cleared only where it is taken now")
    func again() {
        var exchange = Exchange(items: 3) { parcel, _ in
            parcel.items.contains { $0.number == 102 } ? .status(400) : .taken
        }
        exchange.machine.loadAgain([101, 102, 103].map { DeliveryItem(number: $0, bytes: 1, hasOutput: true) })
        exchange.run()
        #expect(exchange.cleared == [101, 103] && exchange.mark == 3 && exchange.refusals.isEmpty)
        #expect(exchange.requests.prefix(3).allSatisfy { $0.items.count == 1 && $0.form == .whole })
    }

    @Test("any receiver that takes stubs gets every item, in order, whatever it answers in between", arguments: 0..<200)
    func anyReceiver(_ seed: UInt64) {
        var moods = SeededGenerator(seed: seed)
        let poison = Set(
            (0..<Int.random(in: 0...8, using: &moods)).map { _ in Int64.random(in: 1...300, using: &moods) })
        let large = Set(
            (0..<Int.random(in: 0...8, using: &moods)).map { _ in Int64.random(in: 1...300, using: &moods) })
        var exchange = Exchange(
            items: 300, seed: seed, limits: BatchLimits(entries: Int.random(in: 1...64, using: &moods))
        ) { parcel, _ in
            if Int.random(in: 0..<5, using: &moods) == 0 {
                return [.status(503), .status(401), .status(429, retryAfter: .seconds(7)), .noAnswer(words: "")]
                    .randomElement(using: &moods) ?? .taken
            }
            if parcel.form != .stub, parcel.items.contains(where: { poison.contains($0.number) }) {
                return .status(400)
            }
            if parcel.form == .whole, parcel.items.contains(where: { large.contains($0.number) }) {
                return .status(413)
            }
            return .taken
        }
        exchange.run()
        #expect(exchange.taken == Array(1...300) && exchange.mark == 300)
        let entries = Set(exchange.refusals.filter { $0.part == .entry }.map(\.number))
        #expect(poison.isSubset(of: entries) && entries.isSubset(of: poison.union(large)))
        #expect(Set(exchange.refusals.map(\.number)) == poison.union(large))
    }
}
