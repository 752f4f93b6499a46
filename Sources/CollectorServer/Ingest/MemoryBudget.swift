// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Metrics
import Synchronization

/// What the deliveries that are being taken in hold together, so that many at once cannot take all memory.
final class MemoryBudget: Sendable {
    private let limit: Int
    private let used = Mutex(0)
    private let gauge = Meter(label: "lastword_collector_delivery_bytes")

    init(limit: Int) {
        self.limit = limit
    }

    /// What one delivery holds; given back when it goes.
    final class Share {
        private let budget: MemoryBudget
        private var bytes = 0

        fileprivate init(_ budget: MemoryBudget) {
            self.budget = budget
        }

        func reserve(_ more: Int) throws(APIError) {
            guard budget.take(more) else {
                throw APIError(
                    .tooManyRequests, "request.busy", "too many deliveries at once",
                    remedy: "send it again a little later",
                    retryAfter: .seconds(1))
            }
            bytes += more
        }

        deinit {
            budget.give(bytes)
        }
    }

    func share() -> Share { Share(self) }

    private func take(_ bytes: Int) -> Bool {
        let taken = used.withLock { used -> Int? in
            guard used + bytes <= limit else { return nil }
            used += bytes
            return used
        }
        if let taken { gauge.set(taken) }
        return taken != nil
    }

    private func give(_ bytes: Int) {
        gauge.set(
            used.withLock { used in
                used -= bytes
                return used
            })
    }
}
