// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// What a plan is drawn with. The same seed gives the same plan; what the machine makes of it differs from run to run.
extension SeededGenerator {
    /// One of them, each as often as its weight says.
    mutating func choose<Value>(_ choices: [(weight: Int, value: Value)]) -> Value? {
        var left = Int.random(in: 0..<max(1, choices.reduce(0) { $0 + $1.weight }), using: &self)
        for choice in choices {
            if left < choice.weight { return choice.value }
            left -= choice.weight
        }
        return choices.last?.value
    }

    mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: range, using: &self))
    }

    mutating func happens(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &self) < percent
    }
}
