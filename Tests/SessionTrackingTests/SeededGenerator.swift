// SPDX-License-Identifier: Apache-2.0
import SessionTracking

/// A seeded generator (SplitMix64), so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

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
