// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

/// How much the store may keep.
package struct CollectorRetention: Sendable, Hashable {
    /// Bytes of pages in use, freed ones left out.
    package var maxBytes: Int64
    /// What was received longer ago goes.
    package var maxAge: Duration
    /// What one step removes at most: a step is one transaction, and batches wait for it.
    package var stepBytes: Int64
    package var stepRows: Int

    package init(
        maxBytes: Int64 = 64 << 30, maxAge: Duration = .seconds(365 * 86_400), stepBytes: Int64 = 16 << 20,
        stepRows: Int = 1000
    ) {
        self.maxBytes = maxBytes
        self.maxAge = maxAge
        self.stepBytes = stepBytes
        self.stepRows = stepRows
    }
}

/// What one step of retention removed.
package struct RetentionOutcome: Sendable, Hashable {
    package internal(set) var sessions = 0
    package internal(set) var outputs = 0
    package internal(set) var outputBytes: Int64 = 0
    package internal(set) var entries = 0
    /// About what all of it took.
    package internal(set) var bytes: Int64 = 0
    /// Call again: there is more to remove.
    package internal(set) var more = false

    package var isEmpty: Bool { sessions == 0 && entries == 0 }
}

extension CollectorStore {
    /// Removes one step's worth of what is beyond the limits; nil if nothing is, or if only what is held is left.
    ///
    /// Sessions go with their outputs and their words in the index, the least recently changed first; entries from the old
    /// end of their ledger, whose last removed number and hash stay as the anchor. Sessions on hold stay, with their
    /// record and output. What went is counted in the audit trail, in one line a day.
    ///
    /// The words can be found no more at once; from the index's pages they are gone within `indexPurgeDelay`, when a later
    /// call merges it, or with the next erasure.
    package func enforceRetention(_ limits: CollectorRetention) async throws -> RetentionOutcome? {
        let now = options.clock()
        let delay = options.indexPurgeDelay.wholeNanoseconds
        let isNeeded = try await reading("measure the store") { db in try RetentionStep.isNeeded(db, limits, at: now) }
        var outcome: RetentionOutcome?
        if isNeeded {
            let removed = try await writing("remove what is beyond the limits") { db in
                var step = RetentionStep(db, limits, at: now)
                try step.run()
                if !step.outcome.isEmpty { try Self.note(step.outcome, at: now, db) }
                if step.outcome.outputs > 0 {
                    try db.run(
                        "UPDATE store_state SET index_debt_at = coalesce(index_debt_at, ?)",
                        [now.nanoseconds + min(delay, .max - max(0, now.nanoseconds))])
                }
                return step.outcome
            }
            if !removed.isEmpty { outcome = removed }
            count { counters in
                counters.removedSessions += removed.sessions
                counters.removedEntries += removed.entries
                counters.removedOutputBytes += removed.outputBytes
            }
            try await giveBackPages()
        }
        if outcome?.more != true, try await isIndexDue(now) {
            try await purgeIndex()
            do {
                try await emptyLog(within: .seconds(5))
            } catch let error as LastwordError where error.code == "store.busy" {
                // Noted as owed: a later call does it, when the backup is over.
            }
        }
        return outcome
    }

    private func isIndexDue(_ now: Timestamp) async throws -> Bool {
        try await reading("read what the index owes") { db in
            try db.number("SELECT index_debt_at IS NOT NULL AND index_debt_at <= ? FROM store_state", [now.nanoseconds])
                == 1
        }
    }

    /// Adds to the day's line, so that the trail does not grow with every step.
    private static func note(_ outcome: RetentionOutcome, at now: Timestamp, _ db: Database) throws {
        let day = now.description.prefix(10)
        let last = try db.firstRow(
            "SELECT seq, at, detail FROM audit WHERE action = 'retention' ORDER BY seq DESC LIMIT 1"
        ) { (row: $0.integer(0), at: Timestamp(nanoseconds: $0.integer(1)), detail: $0.text(2)) }
        var counts = [
            ("sessions", Int64(outcome.sessions)), ("outputs", Int64(outcome.outputs)),
            ("outputBytes", outcome.outputBytes), ("entries", Int64(outcome.entries)),
        ]
        guard let last, last.at.description.prefix(10) == day else {
            try AuditTrail.note(
                "retention", actor: "collector", detail: counts.map { ($0.0, .integer($0.1)) }, at: now, db)
            return
        }
        for index in counts.indices {
            let path = "$.\(counts[index].0)"
            counts[index].1 += try db.number(
                "SELECT coalesce(json_extract(?, ?), 0)", [last.detail, path])
        }
        try db.run(
            "UPDATE audit SET detail = ? WHERE seq = ?",
            [JSONValue.object(JSONObject(counts.map { ($0.0, .integer($0.1)) })).compact, last.row])
    }

    /// Returns free pages at the file's end to the file system, a bounded number at a time.
    private func giveBackPages() async throws {
        do {
            try await pool.writeWithoutTransaction { db in
                guard try db.number("PRAGMA freelist_count") > 4096 else { return }
                try db.execute(sql: "PRAGMA incremental_vacuum(4096)")
            }
        } catch {
            throw failed(error, "give free pages back")
        }
    }
}
