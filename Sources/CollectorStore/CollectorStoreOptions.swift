// SPDX-License-Identifier: Apache-2.0
import SQLiteStore
package import SessionRecords

/// What can be chosen about the collector's store.
package struct CollectorStoreOptions: Sendable {
    /// How long to wait for another collector to let go.
    package var lockTimeout: Duration
    /// Members may read the files; they are given to it where it exists.
    package var group: String
    /// Connections that read at the same time.
    package var readers: Int
    /// Batches that wait for the writer hold at most so much memory: more is refused as `store.busy`.
    package var maxPendingBytes: Int
    /// A node's clock may differ by so much before there is an alarm.
    package var clockTolerance: Duration
    /// Two ledgers of one node that deliver in turns within this time are both alive.
    package var twoLedgersWindow: Duration
    /// How long words that retention removed may lie, unfindable, in the index's pages.
    package var indexPurgeDelay: Duration
    /// The wall clock of what administrators do.
    package var clock: @Sendable () -> Timestamp

    package init(
        lockTimeout: Duration = .seconds(30), group: String = "lastword", readers: Int = 4,
        maxPendingBytes: Int = 256 << 20, clockTolerance: Duration = .seconds(5),
        twoLedgersWindow: Duration = .seconds(600), indexPurgeDelay: Duration = .seconds(86_400),
        clock: @escaping @Sendable () -> Timestamp = { WallClock.now() }
    ) {
        self.lockTimeout = lockTimeout
        self.group = group
        self.readers = readers
        self.maxPendingBytes = maxPendingBytes
        self.clockTolerance = clockTolerance
        self.twoLedgersWindow = twoLedgersWindow
        self.indexPurgeDelay = indexPurgeDelay
        self.clock = clock
    }
}

/// What the store has done since it was opened: plain numbers for the metrics endpoint.
package struct CollectorStoreCounters: Sendable, Hashable {
    /// Group commits that became durable, batches and entries in them.
    package var commits = 0
    package var batches = 0
    package var stored = 0
    package var duplicates = 0
    package var forks = 0
    /// Batches that were refused for what was in them, by error code.
    package var refused: [String: Int] = [:]
    /// Transactions that failed, by error code (`store.full`, `store.write`, …).
    package var failures: [String: Int] = [:]
    /// How long the last and the slowest group commit took, in nanoseconds.
    package var lastNanoseconds: Int64 = 0
    package var slowestNanoseconds: Int64 = 0
    /// Batches and bytes that wait for the writer.
    package var pendingBatches = 0
    package var pendingBytes = 0
    /// Sessions whose output was erased.
    package var erasures = 0
    /// What retention removed.
    package var removedSessions = 0
    package var removedEntries = 0
    package var removedOutputBytes: Int64 = 0
    /// The last transaction failed, and with this code: what `/readyz` says of the store.
    package var failing: String?
}

/// How the store was found when it was opened.
package enum CollectorStoreOpening: Sendable, Hashable {
    case existing
    case created
    /// A damaged store was renamed to this file, and why.
    case replaced(file: String, reason: String)
}

extension Duration {
    /// Whole nanoseconds; saturates.
    var wholeNanoseconds: Int64 {
        let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = seconds.addingReportingOverflow(components.attoseconds / 1_000_000_000)
        return overflow || overflow2 ? (components.seconds < 0 ? .min : .max) : sum
    }
}
