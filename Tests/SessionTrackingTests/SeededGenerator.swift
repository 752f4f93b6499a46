// SPDX-License-Identifier: Apache-2.0
import SessionTracking
import TestSupport

extension Array where Element == Observation {
    /// Any order; about a quarter of them told twice or three times.
    func shuffledAndRepeated(using generator: inout SeededGenerator) -> [Observation] {
        var all = self
        for observation in self where Int.random(in: 0..<4, using: &generator) == 0 {
            all.append(observation)
            if Bool.random(using: &generator) { all.append(observation) }
        }
        return all.shuffled(using: &generator)
    }
}
