// SPDX-License-Identifier: Apache-2.0
import Delivery
import TestSupport

/// A model of an endpoint and of a sender that does what the machine says, in simulated time.
struct Exchange {
    /// What the receiver answers.
    var answer: (_ parcel: DeliveryMachine.Parcel, _ time: Duration) -> DeliveryOutcome
    var machine: DeliveryMachine
    var random: SeededGenerator
    /// What is still to be sent, in order.
    var outbox: [DeliveryItem]
    private(set) var requests: [DeliveryMachine.Parcel] = []
    /// Number of each item as it was taken, in order.
    private(set) var taken: [Int64] = []
    private(set) var mark: Int64 = 0
    private(set) var refusals: [DeliveryMachine.Refusal] = []
    private(set) var cleared: [Int64] = []
    private(set) var time: Duration = .zero

    init(
        items: Int, seed: UInt64 = 1, limits: BatchLimits = BatchLimits(), schedule: RetrySchedule = RetrySchedule(),
        answer: @escaping (DeliveryMachine.Parcel, Duration) -> DeliveryOutcome
    ) {
        self.answer = answer
        machine = DeliveryMachine(schedule: schedule, limits: limits)
        random = SeededGenerator(seed: seed)
        outbox = (0..<items).map { DeliveryItem(number: Int64($0 + 1), bytes: 1000, hasOutput: $0 % 2 == 0) }
    }

    /// One step; false if nothing is left to be done.
    mutating func step() -> Bool {
        switch machine.step {
        case .load:
            var batch: [DeliveryItem] = []
            var bytes = 0
            while let next = outbox.first, machine.limits.admits(next.bytes, beside: batch.count, of: bytes) {
                batch.append(next)
                bytes += next.bytes
                outbox.removeFirst()
            }
            guard !batch.isEmpty else { return false }
            machine.load(batch)
        case .wait(let pause):
            time += pause
            machine.resume()
        case .send(let parcel):
            requests.append(parcel)
            let outcome = answer(parcel, time)
            time += .milliseconds(10)
            if case .accepted = outcome { taken += parcel.items.map(\.number) }
            guard let settlement = machine.handle(outcome, using: &random) else { return true }
            mark = max(mark, settlement.through ?? 0)
            refusals += settlement.refusals
            cleared += settlement.cleared
        }
        return true
    }

    /// Until nothing is left, or `limit` steps were made.
    mutating func run(limit: Int = 100_000) {
        var steps = 0
        while steps < limit, step() { steps += 1 }
    }
}

extension DeliveryOutcome {
    static let taken = DeliveryOutcome.accepted(rejected: 0, words: "")

    static func status(_ status: Int, retryAfter: Duration? = nil) -> DeliveryOutcome {
        .refused(status: status, retryAfter: retryAfter, words: "as the test wants it")
    }
}
