// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// What `lastword status` and the agent's health endpoint say of a store.
package struct StoreStatus: Sendable, Hashable {
    package let ledger: String
    package let openedAt: Timestamp
    /// The last entry, and when it was made.
    package let head: LedgerHead
    package let lastEntryAt: Timestamp?
    /// The last entry that retention removed; number 0 if none.
    package let anchor: LedgerHead
    /// All sessions told of or known to be debug containers; `running` and the other states that are not `ended`.
    package let sessions: Int
    package let unended: [SessionState: Int]
    package let entries: Int64
    /// Entries that are not with the collector, refused ones counted apart, and when the oldest was made.
    package let backlog: Int64
    package let backlogSince: Timestamp?
    package let refused: Int
    /// Outputs that the receiver would not have, of entries that it has.
    package let refusedOutputs: Int
    /// How delivery does; nil where nothing is delivered.
    package let delivery: DeliveryNote?
    /// Bytes of the database and its log on disk.
    package let bytes: Int64
    package let openGaps: [Gap]
    package let lastRun: AgentRun?
    /// Names of damaged databases that stand beside this one.
    package let setAside: [String]
}

extension StoreReader {
    package func status() throws -> StoreStatus {
        let paths = StorePaths(directory: directory)
        return try read("read the store's status") { db in
            let state = try db.firstRow("SELECT ledger, opened_at FROM ledger_state") { row in
                (row.text(0), row.integer(1))
            }
            guard let (ledger, openedAt) = state else {
                throw LastwordError(
                    code: "store.corrupt", message: "the store in \(directory) has no ledger",
                    remedy: "restart the agent")
            }
            let head = try LedgerWriter.head(db)
            let anchor = try LedgerWriter.anchor(db)
            let backlog = try DeliveryBacklog(db)
            let lastAt = try db.firstRow("SELECT at FROM ledger ORDER BY number DESC LIMIT 1") {
                Timestamp(nanoseconds: $0.integer(0))
            }
            var unended: [SessionState: Int] = [:]
            try db.forEachRow(
                """
                SELECT state, count(*) FROM session INDEXED BY session_state
                WHERE state <> 'ended' AND (last_entry IS NOT NULL OR classification <> 'unresolved') GROUP BY state
                """
            ) { row in
                SessionState(rawValue: row.text(0)).map { unended[$0] = Int(clamping: row.integer(1)) }
                return true
            }
            return StoreStatus(
                ledger: ledger, openedAt: Timestamp(nanoseconds: openedAt), head: head, lastEntryAt: lastAt,
                anchor: anchor, sessions: Int(clamping: try db.number("SELECT count(*) FROM session")),
                unended: unended, entries: max(0, head.number - anchor.number), backlog: backlog.entries,
                backlogSince: backlog.since, refused: backlog.refusedEntries, refusedOutputs: backlog.refusedOutputs,
                delivery: try DeliveryNote(db),
                bytes: (FileFacts(paths.database)?.size ?? 0) + (FileFacts(paths.wal)?.size ?? 0),
                openGaps: try GapRow.open(db), lastRun: try AgentRun.last(db), setAside: paths.setAside)
        }
    }
}
