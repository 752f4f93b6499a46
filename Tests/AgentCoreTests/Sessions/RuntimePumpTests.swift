// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@testable import AgentCore

@Suite("How far the runtime's events have been taken in")
struct RuntimePumpTests {
    private let id = ContainerID(String(repeating: "a", count: 64))

    private func observation(_ fact: Fact, at second: Int64) -> Observation {
        Observation(
            fact, receipt: Receipt(wall: Timestamp(nanoseconds: second * 1_000_000_000), boottime: second))
    }

    @Test("up to the batch's last event; an answer behind it says nothing, for it goes past events that wait")
    func lastEvent() throws {
        let id = try #require(id)
        let batch = [
            observation(.taskStarted(id, pid: 1, at: Timestamp(nanoseconds: 5)), at: 7),
            observation(.containerRemoved(id, at: Timestamp(nanoseconds: 6)), at: 8),
            observation(.containerStatusUnknown(id), at: 20), observation(.sourceRestored(.runtime), at: 21),
        ]
        #expect(RuntimePump.sight(behind: batch).map(\.fact) == [.readUpTo(.runtime, cursor: "8000000000")])
        #expect(RuntimePump.sight(behind: Array(batch.suffix(2))).isEmpty)
        let byCRI = observation(.outOfMemory(id, at: Timestamp(nanoseconds: 1), witness: .criStatus), at: 9)
        #expect(RuntimePump.sight(behind: [byCRI]).isEmpty)
    }
}
