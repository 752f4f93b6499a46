// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import Testing

@testable import Commands

@Suite("What status says of delivery")
struct DeliveryStatusTests {
    private let now = Timestamp(nanoseconds: 1_795_230_000_000_000_000)

    private func text(_ scratch: ScratchStore) throws -> String {
        let reader = try StoreReader(directory: scratch.directory)
        defer { try? reader.close() }
        return StatusText.render(try StatusReport(reader), now: now)
    }

    @Test("more dropped than a number can say is the largest number")
    func dropped() {
        let gaps = (0..<2).map { _ in
            var gap = Gap(source: "runtime", openedAt: now, reason: "events dropped")
            gap.dropped = .max
            return gap
        }
        #expect(GapCounts.of(gaps).map(\.dropped) == [.max])
    }

    @Test("off where nothing is forwarded, and what waits is told all the same")
    func off() throws {
        let scratch = try ScratchStore()
        try scratch.store?.noteDelivery(to: nil)
        #expect(try text(scratch).contains("Collector:     off, 2 waiting for"))
    }

    @Test("the receiver, why nothing moves, and what it refused")
    func trouble() throws {
        let scratch = try ScratchStore()
        let store = try #require(scratch.store)
        try store.noteDelivery(to: "https://collector:4318/v1/logs")
        try store.settle(
            through: 1, refusals: [DeliveryRefusal(number: 1, part: .output, status: 413, reason: "too large")])
        try store.noteDelivery(to: "https://collector:4318/v1/logs", trouble: "answered 503: \u{1B}[2J")
        let text = try text(scratch)
        #expect(text.contains("https://collector:4318/v1/logs:"))
        #expect(
            text.contains("nothing moves for") && text.contains("1 waiting for") && text.contains("1 outputs refused"))
        #expect(text.contains("answered 503") && !text.contains("\u{1B}") && text.contains("Last accepted:"))
        let reader = try StoreReader(directory: scratch.directory)
        defer { try? reader.close() }
        guard case .object(let report) = try StatusReport(reader).json, case .array(let list)? = report["deliveries"],
            case .object(let delivery)? = list.first
        else {
            Issue.record("no deliveries")
            return
        }
        #expect(delivery["state"] == .string("waiting") && delivery["refusedOutputs"] == .integer(1))
        #expect(delivery["deliveredThrough"] == .integer(1) && delivery["acceptedAt"] != nil)
    }
}
