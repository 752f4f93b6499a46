// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

/// Writes and reads gaps: one row each, one entry when it opens and one when it closes (one alone where both are told at
/// once). Telling the same again changes nothing.
enum GapRow {
    static func write(_ gap: Gap, _ ledger: inout LedgerWriter) throws {
        let db = ledger.db
        let isClosed = try db.firstRow("SELECT closed_at FROM gap WHERE id = ?", [gap.id]) { !$0.isNull(0) }
        if isClosed == true || (isClosed == false && gap.closedAt == nil) {
            ledger.duplicates += 1
            return
        }
        let entry = try ledger.append(EntryDraft(.gap, key: "gap", content: gap.json))
        try db.run(
            """
            INSERT OR REPLACE INTO gap (id, source, opened_at, closed_at, reason, closed_by, dropped, last_entry)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                gap.id, gap.source, gap.openedAt.nanoseconds, gap.closedAt?.nanoseconds, gap.reason,
                gap.closedAt == nil ? nil : gap.closedBy, gap.dropped.map { max(0, $0) }, entry.number,
            ])
    }

    /// Oldest first, the newest `limit` of them.
    static func all(_ db: Database, limit: Int) throws -> [Gap] {
        try read(db, "ORDER BY opened_at DESC, id LIMIT \(max(0, limit))").reversed()
    }

    static func open(_ db: Database) throws -> [Gap] {
        try read(db, "WHERE closed_at IS NULL ORDER BY opened_at, id")
    }

    private static func read(_ db: Database, _ clause: String) throws -> [Gap] {
        var gaps: [Gap] = []
        try db.forEachRow("SELECT id, source, opened_at, closed_at, reason, closed_by, dropped FROM gap " + clause) {
            row in
            var gap = Gap(
                source: row.text(1), openedAt: Timestamp(nanoseconds: row.integer(2)), reason: row.text(4))
            gap.id = row.text(0)
            gap.closedAt = row.optionalInteger(3).map(Timestamp.init(nanoseconds:))
            gap.closedBy = row.optionalText(5)
            gap.dropped = row.optionalInteger(6).map { Int(clamping: $0) }
            gaps.append(gap)
            return true
        }
        return gaps
    }
}
