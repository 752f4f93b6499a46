// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Synchronization
import Testing

@testable import RuntimeSource

@Suite("The bounded queue")
struct ObservationQueueTests {
    private func observation(_ number: Int) -> Observation {
        Observation(.tick, receipt: Receipt(wall: Timestamp(nanoseconds: Int64(number)), boottime: 0))
    }

    private func numbers(_ batch: [Observation]) -> [Int] {
        batch.map { Int($0.receipt.wall.nanoseconds) }
    }

    @Test("when it is full the newest is dropped and counted, and relief is told once half of it is free")
    func overflow() async {
        let queue = ObservationQueue(capacity: 4)
        let reliefs = Mutex(0)
        queue.onRelief { reliefs.withLock { $0 += 1 } }
        #expect((0..<6).map { queue.offer(observation($0)) } == [true, true, true, true, false, false])
        #expect(reliefs.withLock { $0 } == 0)
        #expect(numbers(await queue.nextBatch(max: 1)) == [0])
        #expect(reliefs.withLock { $0 } == 0)
        #expect(numbers(await queue.nextBatch(max: 2)) == [1, 2])
        #expect(reliefs.withLock { $0 } == 1)
        #expect(queue.takeDropped() == 2)
        #expect(queue.takeDropped() == 0)
        #expect(queue.offer(observation(6)))
        #expect(numbers(await queue.nextBatch(max: 10)) == [3, 6])
        #expect(reliefs.withLock { $0 } == 1)
    }

    @Test("what is held follows what was sent meanwhile, in order")
    func hold() async throws {
        let queue = ObservationQueue(capacity: 10)
        #expect(queue.offer(observation(1)))
        queue.hold()
        #expect(queue.offer(observation(4)))
        try await queue.send(observation(2))
        #expect(queue.offer(observation(5)))
        try await queue.send(observation(3))
        #expect(numbers(await queue.nextBatch(max: 10)) == [1, 2, 3])
        queue.release()
        #expect(numbers(await queue.nextBatch(max: 10)) == [4, 5])
    }

    @Test("answers wait for room instead of being dropped, and all of them arrive in order")
    func answersWait() async throws {
        let queue = ObservationQueue(capacity: 4)
        let total = 5000
        try await withThrowingTaskGroup { group in
            group.addTask {
                for number in 0..<total { try await queue.send(observation(number)) }
                queue.finish()
            }
            var seen: [Int] = []
            var deepest = 0
            while true {
                let batch = await queue.nextBatch(max: 7)
                if batch.isEmpty { break }
                seen += numbers(batch)
                deepest = max(deepest, queue.count)
            }
            #expect(seen == Array(0..<total))
            #expect(deepest <= 512)
            try await group.waitForAll()
        }
    }

    @Test("cancelling a waiting consumer or a waiting answer lets it go")
    func cancellation() async throws {
        let queue = ObservationQueue(capacity: 4)
        let consumer = Task { await queue.nextBatch(max: 1) }
        consumer.cancel()
        #expect(await consumer.value.isEmpty)
        for number in 0..<512 { try await queue.send(observation(number)) }
        let sender = Task { try await queue.send(observation(512)) }
        sender.cancel()
        await #expect(throws: CancellationError.self) { try await sender.value }
        #expect(queue.count == 512)
        #expect(await queue.nextBatch(max: 1000).count == 512)
    }

    @Test("at the end the consumer gets what is queued, and then the end")
    func finish() async {
        let queue = ObservationQueue(capacity: 4)
        queue.hold()
        #expect(queue.offer(observation(1)))
        queue.finish()
        var seen: [Observation] = []
        for await observation in ObservationSequence(queue: queue) { seen.append(observation) }
        #expect(numbers(seen) == [1])
        await #expect(throws: CancellationError.self) { try await queue.send(observation(2)) }
    }

    @Test("an id asked for many times is looked up once, and what is given back comes again, first or last")
    func lookups() async {
        let lookups = LookupQueue()
        let ids = RecordedStreams.ids(4)
        for id in ids + ids { lookups.ask(id) }
        let first = await lookups.next(max: 2)
        #expect(first.map(\.id) == Array(ids[0...1]))
        lookups.giveBack([first[0]])
        lookups.giveBack([first[1]], last: true)
        #expect(await lookups.next(max: 10).map(\.id) == [ids[0], ids[2], ids[3], ids[1]])
    }

    @Test("an id read ahead becomes wanted when somebody asks for it")
    func wanted() async {
        let lookups = LookupQueue()
        let id = RecordedStreams.ids(1)[0]
        lookups.ask(id, wanted: false)
        lookups.ask(id)
        lookups.ask(id, wanted: false)
        #expect(await lookups.next(max: 1) == [LookupQueue.Lookup(id: id, wanted: true)])
    }
}
