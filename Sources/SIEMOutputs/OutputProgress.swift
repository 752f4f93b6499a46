// SPDX-License-Identifier: Apache-2.0

/// How far an output has come, and from where it begins again when its receiver is lost. Pure.
///
/// Sent is what has left our memory; confirmed what the receiver has read; settled what it read so long ago that it will
/// have dealt with it. Only what is settled is never sent again, and only that is the durable mark.
struct OutputProgress {
    typealias Moment = ContinuousClock.Instant

    private struct Checkpoint {
        let number: Int64
        let confirmedAt: Moment
    }

    /// More confirmations than this within the window are taken together.
    private static let maxCheckpoints = 10_000

    private let window: Duration
    private(set) var settled: Int64
    private(set) var sent: Int64
    private var confirmed: Int64
    private(set) var firstUnconfirmedAt: Moment?
    /// Of each number when it was confirmed for the first time: what is sent again does not wait another window, so that a
    /// receiver that comes and goes cannot hold everything back for ever.
    private var checkpoints: [Checkpoint] = []

    init(mark: Int64, window: Duration) {
        self.window = window
        settled = mark
        sent = mark
        confirmed = mark
    }

    /// Whether a lost receiver would mean that something has to be sent again.
    var isUnsettled: Bool { sent > settled }

    /// Numbers that were sent and not asked about.
    var unconfirmed: Int64 { sent - confirmed }

    mutating func noteSent(through number: Int64, events: Int, at now: Moment) {
        sent = max(sent, number)
        guard events > 0 else {
            // Lines that are not for this output: there is nothing to ask about.
            if firstUnconfirmedAt == nil { confirmed = sent }
            return
        }
        firstUnconfirmedAt = firstUnconfirmedAt ?? now
    }

    mutating func noteConfirmed(at now: Moment) {
        confirmed = sent
        firstUnconfirmedAt = nil
        guard sent > checkpoints.last?.number ?? settled else { return }
        if checkpoints.count >= Self.maxCheckpoints { checkpoints.removeLast() }
        checkpoints.append(Checkpoint(number: sent, confirmedAt: now))
    }

    /// The receiver is lost: everything behind the settled mark goes again.
    mutating func noteLost() {
        sent = settled
        confirmed = settled
        firstUnconfirmedAt = nil
    }

    /// Moves the settled mark on, as far as the window has passed.
    mutating func settle(at now: Moment) {
        let passed = checkpoints.prefix { $0.number <= confirmed && $0.confirmedAt + window <= now }
        if let last = passed.last {
            settled = max(settled, last.number)
            checkpoints.removeFirst(passed.count)
        }
        if checkpoints.isEmpty, firstUnconfirmedAt == nil { settled = max(settled, confirmed) }
    }
}
