// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

/// One row a gap of a ledger: of its opening and its closing, in whatever order they come, the later entry counts.
enum GapWriter {
    static func write(_ gap: Gap, _ number: Int64, _ ledger: Int64, _ db: Database) throws {
        try db.run(
            """
            INSERT INTO gap (ledger, id, number, source, opened_at, closed_at, reason, closed_by, dropped)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (ledger, id) DO UPDATE SET
                number = excluded.number, source = excluded.source, opened_at = excluded.opened_at,
                closed_at = excluded.closed_at, reason = excluded.reason, closed_by = excluded.closed_by,
                dropped = excluded.dropped
            WHERE excluded.number > gap.number
            """,
            [
                ledger, Bounds.clip(gap.id, to: Bounds.nameBytes), number, Bounds.name(gap.source),
                gap.openedAt.nanoseconds, gap.closedAt?.nanoseconds, Bounds.clip(gap.reason, to: Bounds.messageBytes),
                gap.closedAt == nil ? nil : gap.closedBy, gap.dropped.map { max(0, $0) },
            ])
    }
}
