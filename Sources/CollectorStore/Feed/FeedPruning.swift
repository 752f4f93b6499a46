// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

/// Shortens the feed at its old end, behind retention.
///
/// Retention waits for no output: what one of them had not sent is gone for it, and is counted beside its mark.
enum FeedPruning {
    /// Removes lines from the old end whose entry is gone; those about alarms and people's acts go with the entries of
    /// their time, or when they are as old. At most `limit` lines, and never the newest one.
    static func run(_ db: Database, limit: Int, cutoff: Timestamp) throws {
        var last: Int64?
        let newest = try db.number("SELECT max(number) FROM feed")
        var pending: [Int64] = []
        try db.forEachRow(
            """
            SELECT f.number, f.kind, f.at, f.kind > 5 OR EXISTS (SELECT 1 FROM entry e WHERE e.seq = f.ref)
            FROM feed f WHERE f.number < ? ORDER BY f.number LIMIT ?
            """, [newest, max(0, limit)]
        ) { row in
            if row.integer(1) > 5 {
                // Kept as long as an entry before or behind it is.
                if row.integer(2) < cutoff.nanoseconds, pending.isEmpty {
                    last = row.integer(0)
                } else {
                    pending.append(row.integer(0))
                }
                return true
            }
            guard row.integer(3) == 0 else { return false }
            last = row.integer(0)
            pending = []
            return true
        }
        guard let last else { return }
        try db.run(
            """
            UPDATE output_mark SET
                skipped = skipped + (
                    SELECT count(*) FROM feed f
                    WHERE f.number > output_mark.number AND f.number <= ?1 AND (output_mark.kinds >> f.kind) & 1),
                number = max(number, ?1)
            WHERE number < ?1
            """, [last])
        try db.run("DELETE FROM feed WHERE number <= ?", [last])
    }
}
