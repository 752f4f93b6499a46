// SPDX-License-Identifier: Apache-2.0

/// What is known of one thing to be sent.
package struct DeliveryItem: Sendable, Hashable {
    package let number: Int64
    package let bytes: Int
    /// Whether it can be sent without a part of it.
    package let hasOutput: Bool

    package init(number: Int64, bytes: Int, hasOutput: Bool) {
        self.number = number
        self.bytes = bytes
        self.hasOutput = hasOutput
    }
}

/// Decides what is sent next, and what an answer means. Pure: the caller loads, sends, waits, and makes settlements durable.
///
/// Items are settled in the order in which they were loaded. A fault of the endpoint moves nothing. A fault of an entry is
/// looked for by halving, down to the one item, which then goes without its output, then as a stub, and is marked as
/// refused; a stub that is refused is a fault of the endpoint. So one bad item delays the others by one bisection.
package struct DeliveryMachine: Sendable {
    package enum Form: Sendable, Hashable {
        case whole, withoutOutput, stub
    }

    /// What is sent in one request.
    package struct Parcel: Sendable, Hashable {
        package fileprivate(set) var items: [DeliveryItem]
        package fileprivate(set) var form: Form = .whole
        /// It was refused before, and is behind the mark: sent once more because somebody asked for it.
        package let isAgain: Bool
        /// Why it has the form that it has: what the receiver answered to it last.
        package fileprivate(set) var refusedWith: Int?
        fileprivate var refusedWords = ""

        fileprivate init(_ items: [DeliveryItem], isAgain: Bool = false) {
            self.items = items
            self.isAgain = isAgain
        }

        fileprivate var bytes: Int { items.reduce(0) { $0 + $1.bytes } }
    }

    package enum Step: Sendable, Hashable {
        /// Nothing is left: load what is next.
        case load
        case send(Parcel)
        /// Then call `resume`.
        case wait(Duration)
    }

    package enum Part: String, Sendable, Hashable {
        /// The output alone.
        case output
        /// All but number and hashes.
        case entry
        /// One of several was not taken, and the receiver did not say which.
        case unknown
    }

    package struct Refusal: Sendable, Hashable {
        package let number: Int64
        package let part: Part
        package let status: Int
        package let words: String
    }

    /// What is to be made durable together.
    package struct Settlement: Sendable, Hashable {
        /// Everything up to this number is with the receiver; nil where the mark does not move.
        package var through: Int64?
        package var refusals: [Refusal] = []
        /// Refused before, and taken now.
        package var cleared: [Int64] = []
    }

    /// The endpoint's fault that is waited out.
    package struct Trouble: Sendable, Hashable {
        /// The HTTP status; nil where there was no answer.
        package let status: Int?
        package let words: String
        package let isLasting: Bool
    }

    package private(set) var limits: BatchLimits
    package private(set) var trouble: Trouble?
    /// Failures of the endpoint in a row.
    package private(set) var failures = 0
    private let schedule: RetrySchedule
    private var parcels: [Parcel] = []
    private var pause: Duration?

    package init(schedule: RetrySchedule = RetrySchedule(), limits: BatchLimits = BatchLimits()) {
        self.schedule = schedule
        self.limits = limits
    }

    package var step: Step {
        if let pause { return .wait(pause) }
        return parcels.first.map(Step.send) ?? .load
    }

    /// The next items in their order, as one request.
    package mutating func load(_ items: [DeliveryItem]) {
        guard !items.isEmpty else { return }
        parcels.append(Parcel(items))
    }

    /// Items that were refused before, each in a request of its own.
    package mutating func loadAgain(_ items: [DeliveryItem]) {
        parcels += items.map { Parcel([$0], isAgain: true) }
    }

    /// Forgets what is loaded and not settled: it will be loaded again.
    package mutating func unload() {
        parcels = []
    }

    /// The wait is over, or somebody has a reason not to wait any longer.
    package mutating func resume() {
        pause = nil
    }

    /// What came of sending the parcel that `step` gave; nil if there is nothing to settle.
    package mutating func handle(
        _ outcome: DeliveryOutcome, using random: inout some RandomNumberGenerator
    ) -> Settlement? {
        guard let parcel = parcels.first else { return nil }
        switch outcome {
        case .accepted(let rejected, let words):
            failures = 0
            trouble = nil
            parcels.removeFirst()
            return settle(parcel, rejected: rejected, words)
        case .refused(let status, let retryAfter, let words):
            switch DeliveryFault.of(status: status) {
            case .endpoint(let isLasting):
                fail(Trouble(status: status, words: words, isLasting: isLasting), retryAfter, &random)
            case .entry: search(parcel, status, words, &random)
            }
        case .noAnswer(let words):
            fail(Trouble(status: nil, words: words, isLasting: false), nil, &random)
        case .notSent(let words):
            fail(Trouble(status: nil, words: words, isLasting: true), nil, &random)
        }
        return nil
    }

    // MARK: Accepted

    private func settle(_ parcel: Parcel, rejected: Int64, _ words: String) -> Settlement {
        var settlement = Settlement()
        if parcel.isAgain {
            if rejected == 0 { settlement.cleared = parcel.items.map(\.number) }
            return settlement
        }
        settlement.through = parcel.items.last?.number
        if rejected > 0 {
            let words = "\(rejected) of \(parcel.items.count) rejected: \(words)"
            settlement.refusals = parcel.items.map {
                Refusal(number: $0.number, part: parcel.items.count == 1 ? .entry : .unknown, status: 200, words: words)
            }
        } else if parcel.form != .whole, let status = parcel.refusedWith {
            settlement.refusals = parcel.items.map {
                Refusal(
                    number: $0.number, part: parcel.form == .stub ? .entry : .output, status: status,
                    words: parcel.refusedWords)
            }
        }
        return settlement
    }

    // MARK: Faults

    private mutating func fail(
        _ trouble: Trouble, _ retryAfter: Duration?, _ random: inout some RandomNumberGenerator
    ) {
        failures += 1
        self.trouble = trouble
        pause = schedule.delay(
            failures: failures, isLasting: trouble.isLasting, retryAfter: retryAfter, using: &random)
    }

    private mutating func search(
        _ parcel: Parcel, _ status: Int, _ words: String, _ random: inout some RandomNumberGenerator
    ) {
        if parcel.isAgain {
            // It stays what it was.
            parcels.removeFirst()
            return
        }
        if parcel.items.count > 1 {
            if status == 413 { limits.shrink(below: parcel.bytes) }
            let middle = parcel.items.count / 2
            parcels.replaceSubrange(
                0...0, with: [Parcel(Array(parcel.items[..<middle])), Parcel(Array(parcel.items[middle...]))])
            return
        }
        var next = parcel
        next.refusedWith = status
        next.refusedWords = words
        switch parcel.form {
        case .whole: next.form = parcel.items.contains(where: \.hasOutput) ? .withoutOutput : .stub
        case .withoutOutput: next.form = .stub
        case .stub:
            // Nothing can be wrong with so little: this receiver takes nothing at all.
            next = Parcel(parcel.items)
            fail(
                Trouble(status: status, words: "a stub was refused: \(words)", isLasting: true), nil, &random)
        }
        parcels[0] = next
    }
}
