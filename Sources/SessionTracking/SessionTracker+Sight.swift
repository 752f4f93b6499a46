// SPDX-License-Identifier: Apache-2.0

/// Up to when all that the runtime said has been taken in. It becomes durable behind what was made of it, so that the
/// gap of a sudden end begins there: events that were still queued may be older than the last commit.
struct RuntimeSight: Sendable {
    /// Something was committed since it was.
    private(set) var isDue = false
    /// By the boot-time clock.
    private(set) var committedAt: Int64 = .min

    mutating func note(_ actions: [Action]) {
        for case .commit(let commit) in actions {
            if case .cursor = commit { continue }
            isDue = true
        }
    }

    mutating func isCommitted(_ receipt: Receipt) {
        isDue = false
        committedAt = receipt.boottime
    }
}

extension SessionTracker {
    /// Commits it where a transaction is on its way in any case, or now and then.
    mutating func takeSight(_ cursor: String, _ receipt: Receipt, _ actions: inout [Action]) {
        let isOld = receipt.boottime - configuration.sightInterval >= sight.committedAt
        guard sight.isDue || isOld else { return }
        actions.append(.commit(.cursor(.runtime, cursor)))
        sight.isCommitted(receipt)
    }
}
