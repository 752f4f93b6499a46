// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

extension CollectorStore {
    /// What one page holds at most.
    package static let maxPage = 10_000

    /// One page of the list, newest first, of at most `limit` records and about 16 MiB; `after` is the `next` of the page
    /// before it. What arrives meanwhile moves nothing that is behind the cursor.
    package func sessions(
        _ query: CollectorQuery = CollectorQuery(), scope: ReadScope, limit: Int, after cursor: PageCursor? = nil
    ) async throws -> CollectorPage {
        let limit = max(0, min(limit, Self.maxPage))
        @Sendable func page(_ wanted: SessionQuery, _ db: Database, walk: SessionQuery.Walk) throws -> CollectorPage {
            let page = try wanted.page(db, limit: limit, after: cursor, walk: walk)
            return CollectorPage(
                sessions: try page.rows.map { try Self.record($0.id, $0.record) },
                next: page.goesOn ? page.rows.last?.cursor : nil)
        }
        let (near, walk) = try await reading("list sessions") { db -> (CollectorPage?, SessionQuery.Walk) in
            let wanted = SessionQuery(query, scope: scope)
            let (walk, mayBeFar) = try wanted.narrowest(db)
            return (mayBeFar ? nil : try page(wanted, db, walk: walk), walk)
        }
        if let near { return near }
        return try await readingLong("list sessions") { db in
            try page(SessionQuery(query, scope: scope), db, walk: walk)
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

    /// How many changes one piece looks at, also those that the query keeps back.
    package static let maxChangesWalked: Int64 = 20_000

    /// Sessions that changed behind `after`, in the order of their changes; without `after` none, only the mark to go on
    /// from. One piece looks at `maxChangesWalked` changes: it may be empty, and the next one not.
    package func changes(
        after mark: Int64?, _ query: CollectorQuery = CollectorQuery(), scope: ReadScope, limit: Int
    ) async throws -> ChangesPage {
        let limit = max(0, min(limit, Self.maxPage))
        return try await reading("read what changed") { db in
            let newest = try db.number("SELECT change FROM store_state")
            guard let mark, limit > 0 else { return ChangesPage(sessions: [], mark: mark ?? newest) }
            let end = mark < newest - Self.maxChangesWalked ? mark + Self.maxChangesWalked : max(newest, mark)
            let (sql, arguments) = try SessionQuery(query, scope: scope).statement(
                "s.seq, s.id, s.ledger, s.change", extra: ("s.change > ? AND s.change <= ?", [mark, end]),
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
            // Nothing more is before the end: what the filter kept back need not be walked again.
            let isWhole = found.count < limit && room.isLeft
            return ChangesPage(sessions: rows, mark: isWhole ? end : last)
        }
    }

    private static func record(_ id: String, _ json: String) throws -> StoredRecord {
        guard let id = SessionID(id) else {
            throw LastwordError(code: "store.corrupt", message: "a session in the store has no id")
        }
        return StoredRecord(id: id, json: json)
    }
}
