// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Delivery
import OTLPCoding
import ReceiverSupport
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import Forwarding

@Suite("Forwarder: stopping")
struct ForwarderStopTests {
    @Test("a stop delivers what is there")
    func stop() async throws {
        let receiver = OTLPReceiver()
        try await receiver.start()
        let run = try ForwardingRun(receiver.url) { configuration in
            configuration.limits = BatchLimits(entries: 3)
            configuration.drainTime = .seconds(60)
        }
        try await run.record(1...20)
        run.start()
        await run.stop()
        #expect(try run.status().backlog == 0)
        try await run.close()
        await receiver.stop()
    }

    @Test("a stop does not wait for a receiver that hangs, nor for one that asks to wait")
    func stopBesideTrouble() async throws {
        for answer in [OTLPReceiver.Answer.silence, .status(503, retryAfter: "3600")] {
            let receiver = OTLPReceiver { _ in answer }
            try await receiver.start()
            let run = try ForwardingRun(receiver.url) { $0.drainTime = .seconds(1) }
            run.start()
            try await waitUntil("the request is on its way") { !receiver.requests.isEmpty }
            await run.stop()
            #expect(try run.status().backlog == 1)
            try await run.close()
            await receiver.stop()
        }
    }

    @Test("a stop does not wait for a connection that is never made")
    func stopBesideBlackHole() async throws {
        // The kernel takes connections, and nobody ever reads from them: TLS is never answered.
        let hole = try DeafListener()
        let run = try ForwardingRun("https://127.0.0.1:\(hole.port)") { configuration in
            configuration.connectTimeout = .seconds(30)
            configuration.requestTimeout = .seconds(60)
            configuration.drainTime = .seconds(1)
        }
        run.start()
        try await waitUntil("it is connecting") { hole.hasConnection }
        let began = ContinuousClock.now
        await run.stop()
        #expect(began.duration(to: .now) < .seconds(10))
        #expect(try run.status().backlog == 1)
        try await run.close()
        hole.close()
    }

    @Test("a stop while it waits ends it without one more attempt")
    func stopInTheWait() async throws {
        let receiver = OTLPReceiver { _ in .status(503) }
        try await receiver.start()
        let clock = MadeUpClock(isStanding: true)
        let run = try ForwardingRun(receiver.url, clock: clock) { $0.drainTime = .seconds(60) }
        run.start()
        try await waitUntil("it waits") { clock.isWaitedFor }
        await run.stop()
        #expect(receiver.requests.count == 1)
        try await run.close()
        await receiver.stop()
    }

    @Test("a refusal that cannot be noted while it stops ends the run: nothing behind it moves the mark")
    func droppedSettlement() async throws {
        let receiver = OTLPReceiver { request in
            request.batch?.entries.contains { $0.number == 2 && $0.bytes != nil } == true ? .status(400) : .take
        }
        try await receiver.start()
        let (stops, stop) = AsyncStream.makeStream(of: Void.self)
        let isStopping = Mutex(false)
        let run = try ForwardingRun(receiver.url) {
            $0.drainTime = .seconds(60)
        } outbox: { outbox in
            let settle = outbox.settle
            outbox.settle = { ledger, settlement in
                guard settlement.refusals.isEmpty else {
                    stop.yield()
                    try await waitUntil("the stop has come") { isStopping.withLock { $0 } }
                    throw LastwordError(code: "test", message: "the disk is full")
                }
                return try await settle(ledger, settlement)
            }
        }
        try await run.record(1...9)
        run.start()
        var iterator = stops.makeAsyncIterator()
        await iterator.next()
        run.forwarder.finish()
        isStopping.withLock { $0 = true }
        await run.stop()
        let status = try run.status()
        #expect(status.backlog == 9 && status.refused == 0)
        try await run.close()
        await receiver.stop()
    }
}
