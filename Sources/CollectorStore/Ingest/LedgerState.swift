// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// What is known of a ledger, inside one transaction.
struct LedgerState {
    let row: Int64
    let id: String
    let node: Int64
    /// The lowest and the highest number ever received; 0 before the first.
    var first: Int64
    var head: Int64
    var headHash: Digest
    let anchor: Int64
    var stubs: Int64
    var lastReceivedAt: Int64
    /// When it delivered last, before this batch; nil where this is its first.
    var deliveredAt: Int64?

    static func find(_ id: String, _ db: Database) throws -> LedgerState? {
        try db.firstRow(
            """
            SELECT seq, node, first, head_number, head_hash, anchor_number, stubs, last_received_at FROM ledger
            WHERE id = ?
            """, [id]
        ) { row in
            LedgerState(
                row: row.integer(0), id: id, node: row.integer(1), first: row.integer(2), head: row.integer(3),
                headHash: try digest(row, 4), anchor: row.integer(5), stubs: row.integer(6),
                lastReceivedAt: row.integer(7), deliveredAt: row.integer(7))
        }
    }

    /// The row of a ledger that `entry` is the first of.
    static func create(_ entry: ReceivedEntry, node: Int64, at now: Timestamp, _ db: Database) throws -> LedgerState {
        try db.run(
            """
            INSERT INTO ledger (id, node, first, head_number, head_hash, anchor_hash, first_received_at, last_received_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                entry.ledger, node, entry.number, entry.number, Data(entry.hash.bytes), Data(Digest.zero.bytes),
                now.nanoseconds, now.nanoseconds,
            ])
        return LedgerState(
            row: db.lastInsertedRowID, id: entry.ledger, node: node, first: 0, head: 0, headHash: .zero, anchor: 0,
            stubs: 0, lastReceivedAt: now.nanoseconds, deliveredAt: nil)
    }

    func save(_ db: Database) throws {
        try db.run(
            """
            UPDATE ledger SET first = ?, head_number = ?, head_hash = ?, stubs = ?, last_received_at = ? WHERE seq = ?
            """, [first, head, Data(headHash.bytes), max(0, stubs), lastReceivedAt, row])
    }

    /// Throws `store.corrupt` where there are not 32 bytes.
    static func digest(_ row: Columns, _ index: Int32) throws -> Digest {
        guard let digest = Digest(bytes: row.bytes(index)) else {
            throw LastwordError(code: "store.corrupt", message: "a hash in the store does not have 32 bytes")
        }
        return digest
    }
}
