// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Synchronization

/// A counter's number. Doubles are exact up to 2^53, which no counter of ours reaches.
final class CounterCell: CounterHandler, FloatingPointCounterHandler {
    private let number = Mutex(0.0)

    var value: Double { number.withLock { $0 } }

    func increment(by amount: Int64) {
        increment(by: Double(amount))
    }

    /// A counter only grows: what is negative or no number is ignored.
    func increment(by amount: Double) {
        guard amount.isFinite, amount > 0 else { return }
        number.withLock { $0 += amount }
    }

    func reset() {
        number.withLock { $0 = 0 }
    }
}

/// A gauge's number.
final class GaugeCell: MeterHandler, RecorderHandler {
    private let number = Mutex(0.0)

    var value: Double { number.withLock { $0 } }

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { number.withLock { $0 = value } }
    func increment(by amount: Double) { number.withLock { $0 += amount } }
    func decrement(by amount: Double) { number.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
}

/// A histogram's buckets, sum and count.
final class HistogramCell: TimerHandler, RecorderHandler {
    struct Reading {
        /// How many observations were at most each bound; the last one counts all.
        var cumulative: [Int]
        var sum: Double
    }

    let bounds: [Double]
    private let state: Mutex<(counts: [Int], sum: Double)>

    init(bounds: [Double]) {
        self.bounds = bounds
        self.state = Mutex((Array(repeating: 0, count: bounds.count + 1), 0))
    }

    var reading: Reading {
        let (counts, sum) = state.withLock { $0 }
        var total = 0
        return Reading(
            cumulative: counts.map { count in
                total += count
                return total
            }, sum: sum)
    }

    func recordNanoseconds(_ duration: Int64) {
        record(Double(duration) / 1_000_000_000)
    }

    func record(_ value: Int64) {
        record(Double(value))
    }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }
}
