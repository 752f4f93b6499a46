// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Hands out 0, 1, 2, … to workers, each number once.
package final class Numbers: Sendable {
    private let next = Atomic(0)

    package init() {}

    package func take(below count: Int) -> Int? {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return number < count ? number : nil
    }
}
