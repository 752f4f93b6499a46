// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Synchronization
import Testing

@Suite("The bounded queue")
struct ObservationQueueTests {
    private func observation(_ number: Int) -> Observation {
        Observation(.tick, receipt: Receipt(wall: Timestamp(nanoseconds: Int64(number)), boottime: 0))
    }

    private func numbers(_ batch: [Observation]?) -> [Int]? {
        batch?.map { Int($0.receipt.wall.nanoseconds) }
    }

    @Test("when it is full the newest is dropped and counted, and what is in it comes out in order")
    func overflow() async {
        let queue = ObservationQueue(capacity: 4)
        #expect((0..<6).map { queue.offer(observation($0)) } == [true, true, true, true, false, false])
        #expect(numbers(await queue.nextBatch(max: 1)) == [0])
        #expect(queue.hasDropped)
        #expect(queue.takeDropped() == 2)
        #expect(!queue.hasDropped)
        #expect(queue.takeDropped() == 0)
        #expect(queue.offer(observation(6)))
        #expect(numbers(await queue.nextBatch(max: 10)) == [1, 2, 3, 6])
    }

    @Test("relief comes once for each loss, and not before half of the queue is free", .timeLimit(.minutes(1)))
    func relief() async throws {
        let queue = ObservationQueue(capacity: 4)
        let reliefs = Counter()
        let waiter = Task {
            while true {
                try await queue.waitForRelief()
                reliefs.add()
            }
        }
        func untilReliefs(_ count: Int) async throws {
            while reliefs.value < count { try await Task.sleep(for: .milliseconds(1)) }
        }
        for number in 0..<5 { queue.offer(observation(number)) }
        #expect(numbers(await queue.nextBatch(max: 1)) == [0])
        #expect(reliefs.value == 0)
        #expect(numbers(await queue.nextBatch(max: 1)) == [1])
        try await untilReliefs(1)
        // Room without a loss is no relief.
        queue.offer(observation(5))
        #expect(numbers(await queue.nextBatch(max: 10)) == [2, 3, 5])
        for number in 6..<11 { queue.offer(observation(number)) }
        #expect(reliefs.value == 1)
        #expect(await queue.nextBatch(max: 10)?.count == 4)
        try await untilReliefs(2)
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(reliefs.value == 2)
    }

    @Test("a loss that was over before anybody waited is told to the first who waits", .timeLimit(.minutes(1)))
    func earlierRelief() async throws {
        let queue = ObservationQueue(capacity: 2)
        for number in 0..<3 { queue.offer(observation(number)) }
        _ = await queue.nextBatch(max: 2)
        try await queue.waitForRelief()
        let second = Task { try await queue.waitForRelief() }
        queue.finish()
        await #expect(throws: CancellationError.self) { try await second.value }
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
            while let batch = await queue.nextBatch(max: 7) {
                seen += numbers(batch) ?? []
                deepest = max(deepest, queue.count)
            }
            #expect(seen == Array(0..<total))
            #expect(deepest <= ObservationQueue.answerRoom)
            try await group.waitForAll()
        }
    }

    @Test("a waiting consumer is woken by an observation and by the end", .timeLimit(.minutes(1)))
    func waking() async {
        let queue = ObservationQueue(capacity: 4)
        async let batch = queue.nextBatch(max: 10)
        queue.offer(observation(1))
        #expect(numbers(await batch) == [1])
        async let last = queue.nextBatch(max: 10)
        queue.finish()
        #expect(await last == nil)
    }

    @Test("cancelling a waiting consumer or a waiting answer lets it go", .timeLimit(.minutes(1)))
    func cancellation() async throws {
        let queue = ObservationQueue(capacity: 4)
        let consumer = Task { await queue.nextBatch(max: 1) }
        consumer.cancel()
        #expect(await consumer.value == nil)
        for number in 0..<ObservationQueue.answerRoom { try await queue.send(observation(number)) }
        let sender = Task { try await queue.send(observation(0)) }
        sender.cancel()
        await #expect(throws: CancellationError.self) { try await sender.value }
        #expect(queue.count == ObservationQueue.answerRoom)
        #expect(await queue.nextBatch(max: 1000)?.count == ObservationQueue.answerRoom)
    }

    @Test("at the end the consumer gets what is queued, and then the end")
    func finish() async {
        let queue = ObservationQueue(capacity: 4)
        queue.hold()
        #expect(queue.offer(observation(1)))
        queue.finish()
        #expect(!queue.offer(observation(2)))
        #expect(numbers(await queue.nextBatch(max: 10)) == [1])
        #expect(await queue.nextBatch(max: 10) == nil)
        await #expect(throws: CancellationError.self) { try await queue.send(observation(2)) }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func add() {
        count.withLock { $0 += 1 }
    }
}
