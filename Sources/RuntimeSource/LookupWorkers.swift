// SPDX-License-Identifier: Apache-2.0
import GRPCCore
import SessionRecords
import SessionTracking

/// What a look-up needs of the source around it.
struct SourceParts: Sendable {
    let configuration: RuntimeSourceConfiguration
    let clock: AgentClock
    let queue: ObservationQueue
    let descriptions: LookupQueue
    let statuses: LookupQueue
    let metrics: RuntimeSourceMetrics

    /// Puts an answer into the queue, waiting for room.
    func answer(_ fact: Fact) async throws {
        try await queue.send(Observation(fact, receipt: clock.now()))
    }
}

/// Answers what was asked, again and again until the runtime has answered or says that there is nothing.
struct LookupWorker: Sendable {
    let parts: SourceParts
    let lookups: LookupQueue
    let batchSize: Int
    /// Answers some and returns those that could not be; throws where none of the rest can be answered now.
    let answer: @Sendable (_ batch: [LookupQueue.Lookup], _ open: OpenLookups) async throws -> Void

    /// Until the task is cancelled. Nothing taken is lost then: it goes back and waits for the next connection.
    func run() async throws {
        var pause: Duration = .milliseconds(50)
        while true {
            // Whatever gathered while the last batch was away makes the next one: no artificial wait.
            let batch = await lookups.next(max: batchSize)
            if batch.isEmpty { throw CancellationError() }
            let open = OpenLookups(batch)
            do {
                try await answer(batch, open)
                pause = .milliseconds(50)
            } catch {
                lookups.giveBack(open.rest)
                try Task.checkCancellation()
                parts.metrics.add(.lookupsRetried, open.rest.count)
                try await Task.sleep(for: pause)
                pause = min(.seconds(1), pause * 2)
            }
            if !open.postponed.isEmpty {
                lookups.giveBack(open.postponed, last: true)
                parts.metrics.add(.lookupsRetried, open.postponed.count)
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}
