// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
package import SessionRecords

/// A ledger, as far as it has been delivered.
package struct LedgerOverview: Sendable, Hashable {
    /// How many holes are listed at most.
    package static let maxHoles = 1000

    package let ledger: String
    package let node: String
    /// The lowest number that ever came. What stands before it was never delivered.
    package let first: Int64
    /// The highest.
    package let headNumber: Int64
    package let headHash: Digest
    /// The last entry that the collector's retention removed, from which the rest of the chain verifies; number 0 if none.
    package let anchorNumber: Int64
    package let anchorHash: Digest
    package let firstReceivedAt: Timestamp
    package let lastReceivedAt: Timestamp
    /// Numbers between `first` and the head that have not come, lowest first.
    package internal(set) var holes: [ClosedRange<Int64>]
    /// Entries of which only number and hashes came.
    package let stubs: Int

    static func all(_ db: Database, _ id: String? = nil) throws -> [LedgerOverview] {
        var ledgers: [LedgerOverview] = []
        var rows: [Int64] = []
        try db.forEachRow(
            """
            SELECT l.seq, l.id, n.name, l.first, l.head_number, l.head_hash, l.anchor_number, l.anchor_hash,
                l.first_received_at, l.last_received_at, l.stubs
            FROM ledger l JOIN node n ON n.seq = l.node WHERE ?1 IS NULL OR l.id = ?1 ORDER BY l.seq
            """, [id]
        ) { row in
            rows.append(row.integer(0))
            ledgers.append(
                LedgerOverview(
                    ledger: row.text(1), node: row.text(2), first: row.integer(3), headNumber: row.integer(4),
                    headHash: try LedgerState.digest(row, 5), anchorNumber: row.integer(6),
                    anchorHash: try LedgerState.digest(row, 7),
                    firstReceivedAt: Timestamp(nanoseconds: row.integer(8)),
                    lastReceivedAt: Timestamp(nanoseconds: row.integer(9)), holes: [],
                    stubs: Int(clamping: row.integer(10))))
            return true
        }
        for (index, row) in rows.enumerated() {
            try db.forEachRow(
                "SELECT first, last FROM hole WHERE ledger = ? ORDER BY first LIMIT ?", [row, maxHoles]
            ) { columns in
                let (first, last) = (columns.integer(0), columns.integer(1))
                if first <= last { ledgers[index].holes.append(first...last) }
                return true
            }
        }
        return ledgers
    }
}

/// An entry as it came.
package struct StoredEntry: Sendable, Hashable {
    package let number: Int64
    /// 0 in the chain; others are further entries of the same number.
    package let fork: Int
    package let type: String
    package let receivedAt: Timestamp
    package let previousHash: Digest
    package let hash: Digest
    /// Nil of a stub.
    package let bytes: [UInt8]?
    package let stubReason: String?
}

extension CollectorStore {
    /// All ledgers; none for a reader of some namespaces.
    package func ledgers(scope: ReadScope) async throws -> [LedgerOverview] {
        guard scope.isUnlimited else { return [] }
        return try await reading("read the ledgers") { db in try LedgerOverview.all(db) }
    }

    package func ledger(_ id: String, scope: ReadScope) async throws -> LedgerOverview? {
        guard scope.isUnlimited else { return nil }
        return try await reading("read ledger \(Bounds.name(id))") { db in try LedgerOverview.all(db, id).first }
    }

    /// At most `limit` holes that begin at `first` or behind it, lowest first.
    package func holes(
        ledger: String, from first: Int64, limit: Int, scope: ReadScope
    ) async throws -> [ClosedRange<Int64>] {
        guard scope.isUnlimited else { return [] }
        return try await reading("read holes") { db in
            var holes: [ClosedRange<Int64>] = []
            try db.forEachRow(
                """
                SELECT first, last FROM hole WHERE ledger = (SELECT seq FROM ledger WHERE id = ?) AND first >= ?
                ORDER BY first LIMIT ?
                """, [ledger, first, max(0, limit)]
            ) { row in
                let (first, last) = (row.integer(0), row.integer(1))
                if first <= last { holes.append(first...last) }
                return true
            }
            return holes
        }
    }

    /// Whether an entry of this number has this hash, in the chain or beside it.
    package func hasEntry(_ ledger: String, _ number: Int64, hash: Digest) async throws -> Bool {
        try await reading("look for an entry") { db in
            try db.number(
                """
                SELECT EXISTS (
                    SELECT 1 FROM entry
                    WHERE ledger = (SELECT seq FROM ledger WHERE id = ?) AND number = ? AND hash = ?)
                """, [ledger, number, Data(hash.bytes)]) == 1
        }
    }

    /// At most `limit` entries of the chain with numbers behind `after`, and about 16 MiB of them, and, where asked for, forks
    /// beside them. Only an empty answer says that there is nothing more.
    package func entries(
        ledger: String, after number: Int64, limit: Int, forks: Bool = false, scope: ReadScope
    ) async throws -> [StoredEntry] {
        guard scope.isUnlimited else { return [] }
        return try await reading("read entries") { db in
            var entries: [StoredEntry] = []
            var room = PageRoom()
            try db.forEachRow(
                """
                SELECT number, fork, type, received_at, previous_hash, hash, bytes, stub_reason FROM entry
                WHERE ledger = (SELECT seq FROM ledger WHERE id = ?) AND number > ? AND (fork = 0 OR ?)
                ORDER BY number, fork LIMIT ?
                """, [ledger, number, forks, max(0, min(limit, Self.maxPage))]
            ) { row in
                // Forks are not torn from the entry that they stand beside.
                guard room.isLeft || row.integer(1) > 0 else { return false }
                let bytes = row.isNull(6) ? nil : row.bytes(6)
                room.take(bytes?.count ?? 0)
                entries.append(
                    StoredEntry(
                        number: row.integer(0), fork: Int(clamping: row.integer(1)), type: row.text(2),
                        receivedAt: Timestamp(nanoseconds: row.integer(3)),
                        previousHash: try LedgerState.digest(row, 4), hash: try LedgerState.digest(row, 5),
                        bytes: bytes, stubReason: row.optionalText(7)))
                return true
            }
            return entries
        }
    }
}
