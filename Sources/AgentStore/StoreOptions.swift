// SPDX-License-Identifier: Apache-2.0
import SQLiteStore
package import SessionRecords

/// What can be chosen about a store.
package struct StoreOptions: Sendable {
    /// How long to wait for another agent to let go: an update's overlap.
    package var lockTimeout: Duration
    /// Members may read the store; files are given to it where it exists.
    package var group: String
    /// The store was found damaged at work, in these words: it is set aside, whatever it looks like.
    package var damage: String?
    /// The wall clock: entries' `at`.
    package var clock: @Sendable () -> Timestamp

    package init(
        lockTimeout: Duration = .seconds(30), group: String = "lastword", damage: String? = nil,
        clock: @escaping @Sendable () -> Timestamp = { WallClock.now() }
    ) {
        self.lockTimeout = lockTimeout
        self.group = group
        self.damage = damage
        self.clock = clock
    }
}

/// What the store has done since it was opened: plain numbers for the metrics endpoint.
package struct StoreCounters: Sendable, Hashable {
    /// Transactions that became durable, facts in them, entries they made.
    package var transactions = 0
    package var facts = 0
    package var entries = 0
    /// Facts that were there already (an old revision, a gap told twice) and changed nothing.
    package var duplicates = 0
    /// Transactions that failed, by error code (`store.full`, `store.write`, …).
    package var failures: [String: Int] = [:]
    /// How long the last and the slowest transaction took, in nanoseconds.
    package var lastNanoseconds: Int64 = 0
    package var slowestNanoseconds: Int64 = 0
    /// What retention removed.
    package var removedEntries = 0
    package var removedUndelivered = 0
    package var removedOutputs = 0
    package var removedOutputBytes: Int64 = 0
    /// The newest entry.
    package var head = LedgerHead.none
    /// The last transaction failed, and with this code: what `/readyz` says of the store.
    package var failing: String?
}
