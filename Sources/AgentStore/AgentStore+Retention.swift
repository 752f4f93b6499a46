// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

/// How much the store may keep.
package struct RetentionLimits: Sendable, Hashable {
    /// Bytes of pages in use, freed ones left out.
    package var maxBytes: Int64
    /// Older entries go, with their sessions and outputs.
    package var maxAge: Duration
    /// What one step removes at most: a step is one transaction, and commits wait for it.
    package var stepBytes: Int64
    package var stepEntries: Int

    package init(
        maxBytes: Int64 = 1 << 30, maxAge: Duration = .seconds(90 * 86_400), stepBytes: Int64 = 16 << 20,
        stepEntries: Int = 1000
    ) {
        self.maxBytes = maxBytes
        self.maxAge = maxAge
        self.stepBytes = stepBytes
        self.stepEntries = stepEntries
    }
}

/// What one step of retention removed.
package struct RetentionOutcome: Sendable, Hashable {
    /// The `retention` entry that says so.
    package let entry: CommittedEntry
    package let removedEntries: Int
    /// Of these, entries that the collector has never had, and outputs of such.
    package let removedUndelivered: Int
    package let removedUndeliveredOutputs: Int
    package let removedSessions: Int
    package let removedOutputs: Int
    /// Call again: there is more to remove.
    package let more: Bool
}

extension AgentStore {
    /// Removes one step's worth of what is beyond the limits; nil if nothing is.
    ///
    /// Entries go from the old end only. Over the byte limit the order is: outputs of delivered sessions, delivered
    /// entries, outputs not delivered, entries not delivered; oldest first in each, and outputs before their entries only
    /// in the ledger's older half. Sessions go with their last entry, open ones stay. Everything removed is counted in a
    /// `retention` entry, which names the last removed entry's number and hash: the anchor from which the rest of the
    /// chain verifies.
    package func enforceRetention(_ limits: RetentionLimits) throws -> RetentionOutcome? {
        guard try isBeyond(limits) else { return nil }
        let outcome: RetentionOutcome? = try transaction("remove what is beyond the limits", facts: 0) { writer in
            var step = try RetentionStep(writer, limits)
            try step.run()
            guard !step.removed.isEmpty else { return nil }
            let entry = try writer.append(EntryDraft(.retention, key: "retention", content: step.content))
            return RetentionOutcome(
                entry: entry, removedEntries: step.removed.entries.values.reduce(0, +),
                removedUndelivered: step.removed.undelivered,
                removedUndeliveredOutputs: step.removed.undeliveredOutputs, removedSessions: step.removed.sessions,
                removedOutputs: step.removed.outputs, more: try step.isBeyondLimits())
        }
        guard let outcome else { return nil }
        count { counters in
            counters.removedEntries += outcome.removedEntries
            counters.removedUndelivered += outcome.removedUndelivered
            counters.removedOutputs += outcome.removedOutputs
        }
        try giveBackPages()
        return outcome
    }

    private func isBeyond(_ limits: RetentionLimits) throws -> Bool {
        let now = options.clock()
        return try reading("measure the store") { db in
            try RetentionStep.excess(db, limits) > 0 || RetentionStep.isTooOld(db, limits, now)
        }
    }

    /// Returns free pages at the file's end to the file system, a bounded number at a time.
    private func giveBackPages() throws {
        do {
            try queue.writeWithoutTransaction { db in
                guard try db.number("PRAGMA freelist_count") > 4096 else { return }
                try db.execute(sql: "PRAGMA incremental_vacuum(4096)")
            }
        } catch {
            throw StoreFault.writing(error, doing: "give free pages back", at: paths.database)
        }
    }
}
