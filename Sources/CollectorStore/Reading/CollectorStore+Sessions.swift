// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

extension CollectorStore {
    /// What one page holds at most.
    package static let maxPage = 10_000

    /// One page of the list, newest first; `after` is the `next` of the page before it. What arrives meanwhile moves
    /// nothing that is behind the cursor.
    package func sessions(
        _ query: CollectorQuery = CollectorQuery(), scope: ReadScope, limit: Int, after cursor: PageCursor? = nil
    ) async throws -> CollectorPage {
        let limit = max(0, min(limit, Self.maxPage))
        return try await reading("list sessions") { db in
            let rows = try SessionQuery(query, scope: scope).page(db, limit: limit, after: cursor)
            let isLast = rows.count < limit || limit == 0
            return CollectorPage(sessions: try rows.map(Self.record), next: isLast ? nil : rows.last?.cursor)
        }
    }

    /// The sessions that a person may mean, newest first, at most `limit`.
    package func find(_ reference: CollectorReference, scope: ReadScope, limit: Int) async throws -> [StoredRecord] {
        var query = CollectorQuery()
        query.reference = reference
        return try await sessions(query, scope: scope, limit: limit).sessions
    }

    /// How many sessions the query lets through.
    package func count(_ query: CollectorQuery = CollectorQuery(), scope: ReadScope) async throws -> Int {
        try await reading("count sessions") { db in
            let (sql, arguments) = try SessionQuery(query, scope: scope).statement("count(*)", tail: "", db)
            return Int(clamping: try db.number(sql, arguments))
        }
    }

    /// Sessions that changed behind `after`, in the order of their changes; without `after` none, only the mark to go on
    /// from.
    package func changes(
        after mark: Int64?, _ query: CollectorQuery = CollectorQuery(), scope: ReadScope, limit: Int
    ) async throws -> ChangesPage {
        let limit = max(0, min(limit, Self.maxPage))
        return try await reading("read what changed") { db in
            let newest = try db.number("SELECT change FROM store_state")
            guard let mark, limit > 0 else { return ChangesPage(sessions: [], mark: mark ?? newest) }
            let (sql, arguments) = try SessionQuery(query, scope: scope).statement(
                "s.seq, s.id, s.ledger, s.change", extra: ("s.change > ?", [mark]),
                walk: .index("sqlite_autoindex_session_2"),
                tail: "ORDER BY s.change LIMIT ?", db)
            var rows: [StoredRecord] = []
            var last = mark
            try db.forEachRow(
                """
                SELECT p.id, v.record, p.change FROM (\(sql)) p
                JOIN session_version v ON v.session = p.seq AND v.ledger = p.ledger ORDER BY p.change
                """, arguments + [limit]
            ) { row in
                rows.append(try Self.record((row.text(0), row.text(1), PageCursor(sortAt: 0, row: 0))))
                last = row.integer(2)
                return true
            }
            // Nothing more is behind this page: what the filter kept back need not be walked again.
            return ChangesPage(sessions: rows, mark: rows.count < limit ? max(newest, mark) : last)
        }
    }

    static func record(_ row: (id: String, record: String, cursor: PageCursor)) throws -> StoredRecord {
        guard let id = SessionID(row.id) else {
            throw LastwordError(code: "store.corrupt", message: "a session in the store has no id")
        }
        return StoredRecord(id: id, json: row.record)
    }
}
