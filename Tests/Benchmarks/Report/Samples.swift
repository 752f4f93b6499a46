// SPDX-License-Identifier: Apache-2.0

/// Measured values of one kind.
struct Samples: Sendable {
    private var values: [Double]
    private var isSorted = false

    init(_ values: [Double] = []) {
        self.values = values.sorted()
    }

    /// From nanoseconds, in milliseconds.
    init(nanoseconds: [Int64]) {
        self.init(nanoseconds.map { Double($0) / 1e6 })
    }

    var count: Int { values.count }

    /// The smallest value that is not exceeded by more than the rest (nearest rank): with few samples p99 is the largest.
    /// Not a number without any sample.
    func percentile(_ percent: Double) -> Double {
        guard !values.isEmpty else { return .nan }
        let rank = Int((percent / 100 * Double(values.count)).rounded(.up))
        return values[max(0, min(values.count, rank) - 1)]
    }

    var median: Double { percentile(50) }
    var largest: Double { values.last ?? .nan }
    var smallest: Double { values.first ?? .nan }
}
