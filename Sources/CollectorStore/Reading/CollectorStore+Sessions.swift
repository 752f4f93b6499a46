// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

extension CollectorStore {
    /// What one page holds at most.
    package static let maxPage = 10_000

    /// One page of the list, newest first, of at most `limit` records and about 16 MiB; `after` is the `next` of the page before it. What arrives meanwhile moves
    /// nothing that is behind the cursor.
    package func sessions(
        _ query: CollectorQuery = CollectorQuery(), scope: ReadScope, limit: Int, after cursor: PageCursor? = nil
    ) async throws -> CollectorPage {
        let limit = max(0, min(limit, Self.maxPage))
        return try await reading("list sessions") { db in
            let page = try SessionQuery(query, scope: scope).page(db, limit: limit, after: cursor)
            return CollectorPage(
                sessions: try page.rows.map { try Self.record($0.id, $0.record) },
                next: page.goesOn ? page.rows.last?.cursor : nil)
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
        try await readingLong("count sessions") { db in
            let (sql, arguments) = try SessionQuery(query, scope: scope).statement("count(*)", tail: "", db)
            return Int(clamping: try db.number(sql, arguments, cached: false))
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
            var found: [(row: Int64, id: String, ledger: Int64, change: Int64)] = []
            try db.forEachRow(sql, arguments + [limit], cached: false) { row in
                found.append((row.integer(0), row.text(1), row.integer(2), row.integer(3)))
                return true
            }
            var room = PageRoom()
            var rows: [StoredRecord] = []
            var last = mark
            for (row, id, ledger, change) in found {
                guard room.isLeft else { break }
                last = change
                guard let record = try SessionQuery.record(row, ledger, db) else { continue }
                room.take(record.utf8.count)
                rows.append(try Self.record(id, record))
            }
            // Nothing more is behind this page: what the filter kept back need not be walked again.
            let isLast = found.count < limit && room.isLeft
            return ChangesPage(sessions: rows, mark: isLast ? max(newest, mark) : last)
        }
    }

    private static func record(_ id: String, _ json: String) throws -> StoredRecord {
        guard let id = SessionID(id) else {
            throw LastwordError(code: "store.corrupt", message: "a session in the store has no id")
        }
        return StoredRecord(id: id, json: json)
    }
}
