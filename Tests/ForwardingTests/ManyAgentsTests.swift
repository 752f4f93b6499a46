// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Delivery
import OTLPCoding
import ReceiverSupport
import SessionRecords
import TestSupport
import Testing

@testable import Forwarding

@Suite("Many agents, one receiver")
struct ManyAgentsTests {
    @Test(
        "twenty agents deliver while the receiver goes away several times: every entry arrives, every chain is whole"
    )
    func outages() async throws {
        let receiver = OTLPReceiver()
        try await receiver.start()
        var runs: [ForwardingRun] = []
        for _ in 0..<20 {
            let run = try ForwardingRun(receiver.url) { configuration in
                configuration.limits = BatchLimits(entries: 20)
                configuration.schedule.cap = .seconds(1)
            }
            runs.append(run)
            run.start()
        }
        let agents = runs
        try await withThrowingTaskGroup { group in
            for run in agents { group.addTask { try await run.record(1...100) } }
            group.addTask {
                for outage in 1...4 {
                    try await waitUntil(limit: .seconds(120), "something is taken before outage \(outage)") {
                        receiver.entries.count > outage * 300
                    }
                    await receiver.stop()
                    try await receiver.start()
                }
            }
            try await group.waitForAll()
        }
        for run in runs { try await run.waitUntilDelivered(.seconds(120)) }
        let byLedger = Dictionary(grouping: receiver.entries, by: \.ledger)
        #expect(byLedger.count == 20)
        for entries in byLedger.values {
            var seen: [IncomingEntry] = []
            // A repetition is behind what was taken already; what is new is always the next one.
            for entry in entries where entry.number == Int64(seen.count + 1) { seen.append(entry) }
            #expect(seen.count == 101)
            for (entry, next) in zip(seen, seen.dropFirst()) { #expect(next.previousHash == entry.hash) }
        }
        for run in runs {
            #expect(try run.status().refused == 0)
            try await run.close()
        }
        await receiver.stop()
    }
}
