// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

/// The SQL of everything that reads sessions, and the one place where a reader's scope is applied: lists, look-ups, search,
/// counts, statistics, changes and outputs all take their condition from here.
///
/// SQLite's planner has no statistics here and would take whichever index it likes, so the candidates are counted, each up
/// to a bound, and the narrowest one is named in the query. What is composed here is never cached: there are more texts of it
/// than a connection should keep.
struct SessionQuery {
    private static let bound: Int64 = 20_000

    typealias Term = (sql: String, arguments: [(any DatabaseValueConvertible)?])

    private struct Candidate {
        let index: String
        let term: String
        let arguments: [(any DatabaseValueConvertible)?]
        /// Whether its rows come in the order of time: only then it may be long.
        var isOrdered = true
    }

    private var terms: [String] = []
    private var arguments: [(any DatabaseValueConvertible)?] = []
    private var candidates: [Candidate] = []
    /// Whether there is a condition besides words that no candidate narrows by.
    private var hasUnindexedTerm = false
    private var words: SearchWords?

    init(_ query: CollectorQuery = CollectorQuery(), scope: ReadScope) {
        limit(to: scope)
        add(query.reference)
        add("pod", query.pod, index: "session_pod")
        add("container", query.container, index: "session_container")
        add("target_container", query.targetContainer, index: "session_target")
        add("exit_code", query.exitCode, index: "session_exit_code")
        add("namespace", query.namespace, index: "session_namespace")
        add("node", query.node, index: "session_node")
        add("s.cluster = ?", query.cluster)
        if query.cluster != nil { hasUnindexedTerm = true }
        add(states: query.states)
        add("s.sort_at >= ?", query.since?.nanoseconds)
        add("s.sort_at <= ?", query.until?.nanoseconds)
        add("s.sort_at < ?", query.startedBefore?.nanoseconds)
        if let search = query.search {
            words = SearchWords(search)
            if words == nil { terms.append("0") }
        }
    }

    /// One session by its id.
    init(_ id: SessionID, scope: ReadScope) {
        limit(to: scope)
        add("s.id = ?", id.rawValue)
    }

    // MARK: Terms

    private mutating func limit(to scope: ReadScope) {
        guard case .namespaces(let names) = scope else { return }
        guard !names.isEmpty else {
            terms.append("0")
            return
        }
        let sorted = names.sorted()
        let term = "s.namespace IN (" + sorted.map { _ in "?" }.joined(separator: ", ") + ")"
        add(term, sorted)
        candidates.append(
            Candidate(index: "session_namespace", term: term, arguments: sorted, isOrdered: sorted.count == 1))
    }

    private mutating func add(_ reference: CollectorReference?) {
        switch reference {
        case nil: break
        case .idPrefix(let prefix):
            // `g` is behind every hex digit and the hyphen.
            add("s.id >= ? AND s.id < ?", [prefix, prefix + "g"])
            candidates.append(
                Candidate(
                    index: "sqlite_autoindex_session_1", term: "s.id >= ? AND s.id < ?",
                    arguments: [prefix, prefix + "g"], isOrdered: false))
        case .path(let namespace, let pod, let container):
            add("pod", orNull: pod, index: "session_pod")
            add("container", orNull: container, index: "session_container")
            add("namespace", orNull: namespace, index: "session_namespace")
        }
    }

    private mutating func add(_ column: String, _ value: (any DatabaseValueConvertible)?, index: String) {
        guard let value else { return }
        let term = "s.\(column) = ?"
        candidates.append(Candidate(index: index, term: term, arguments: [value]))
        add(term, value)
    }

    private mutating func add(_ column: String, orNull value: String?, index: String) {
        if let value { return add(column, value, index: index) }
        terms.append("s.\(column) IS NULL")
        hasUnindexedTerm = true
    }

    private mutating func add(_ term: String, _ value: (any DatabaseValueConvertible)?) {
        guard let value else { return }
        add(term, [value])
    }

    private mutating func add(_ term: String, _ values: [any DatabaseValueConvertible]) {
        terms.append("(" + term + ")")
        arguments += values
    }

    private mutating func add(states: Set<SessionState>) {
        guard !states.isEmpty else { return }
        let names = states.map(\.rawValue).sorted()
        add("s.state IN (" + names.map { _ in "?" }.joined(separator: ", ") + ")", names)
        guard names.count == 1, !states.contains(.ended) else {
            hasUnindexedTerm = true
            return
        }
        // The partial index serves only a query that says, in its own words, that it stays inside.
        terms.append("s.state <> 'ended'")
        candidates.append(
            Candidate(index: "session_state", term: "s.state = ? AND s.state <> 'ended'", arguments: names))
    }

    // MARK: Statements

    /// A whole statement over the sessions that the query lets through.
    ///
    /// - Parameters:
    ///   - columns: of `session s`.
    ///   - extra: a further condition, and its arguments.
    ///   - walk: how to go through the sessions; nil takes the narrowest way.
    func statement(
        _ columns: String, extra: Term? = nil, walk: Walk? = nil, tail: String, _ db: Database
    ) throws -> (sql: String, arguments: StatementArguments) {
        var terms = self.terms
        var arguments: [(any DatabaseValueConvertible)?] = []
        var source = "session s"
        let way = try walk ?? narrowest(db).walk
        switch way {
        case .index(let name):
            source += " INDEXED BY " + name
            arguments = self.arguments
            if let words {
                // A word that many outputs hold: probed for each row, newest first, until the page is full.
                terms.append("EXISTS (SELECT 1 FROM output_text WHERE output_text MATCH ? AND rowid = s.indexed)")
                arguments.append(words.expression)
            }
        case .words(let expression):
            source = "output_text f CROSS JOIN output o ON o.seq = f.rowid CROSS JOIN session s ON s.seq = o.session"
            terms.insert("f.output_text MATCH ?", at: 0)
            arguments = [expression] + self.arguments
        }
        if let extra {
            terms.append(extra.sql)
            arguments += extra.arguments
        }
        let condition = terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ")
        return ("SELECT \(columns) FROM \(source) \(condition) \(tail)", StatementArguments(arguments))
    }

    /// The counts that the store keeps of whole days, in the columns that statistics read.
    static func dayCounts(
        _ days: ClosedRange<Int64>, scope: ReadScope
    ) -> (sql: String, arguments: StatementArguments) {
        // Its conditions are on the namespace alone, which both tables have.
        let visible = SessionQuery(scope: scope)
        let terms = ["s.day >= ?", "s.day <= ?"] + visible.terms
        return (
            """
            SELECT date(s.day * 86400, 'unixepoch'), nullif(s.exit_code, x''), nullif(s.namespace, x''),
                nullif(s.image, x''), s.state, s.sessions
            FROM session_day s WHERE \(terms.joined(separator: " AND "))
            """, StatementArguments([days.lowerBound, days.upperBound] + visible.arguments)
        )
    }

    /// The records of one page, newest first, and whether the list goes on behind it.
    func page(
        _ db: Database, limit: Int, after cursor: PageCursor?, walk: Walk
    ) throws -> (rows: [(id: String, record: String, cursor: PageCursor)], goesOn: Bool) {
        let begin: Term? = cursor.map { ("(s.sort_at, s.seq) < (?, ?)", [$0.sortAt, $0.row]) }
        var (sql, arguments) = try statement(
            "s.seq, s.id, s.ledger, s.sort_at", extra: begin, walk: walk,
            tail: "ORDER BY s.sort_at DESC, s.seq DESC LIMIT ?", db)
        arguments += [limit]
        var found: [(id: String, ledger: Int64, cursor: PageCursor)] = []
        try db.forEachRow(sql, arguments, cached: false) { row in
            let cursor = PageCursor(sortAt: row.integer(3), row: row.integer(0))
            found.append((row.text(1), row.integer(2), cursor))
            return true
        }
        // The big rows are fetched for the page alone, one by one: no sorting holds them all.
        var room = PageRoom()
        var rows: [(id: String, record: String, cursor: PageCursor)] = []
        for (id, ledger, cursor) in found {
            guard room.isLeft else { break }
            guard let record = try Self.record(cursor.row, ledger, db) else { continue }
            room.take(record.utf8.count)
            rows.append((id, record, cursor))
        }
        return (rows, found.count == limit || !room.isLeft)
    }

    /// What the chosen ledger told last of a session.
    static func record(_ session: Int64, _ ledger: Int64, _ db: Database) throws -> String? {
        try db.firstRow(
            "SELECT record FROM session_version WHERE session = ? AND ledger = ?", [session, ledger]
        ) { $0.text(0) }
    }

    /// The row of the one session that the query names, if the reader may see it.
    func row(_ db: Database) throws -> Int64? {
        let (sql, arguments) = try statement("s.seq", walk: .index("sqlite_autoindex_session_1"), tail: "LIMIT 1", db)
        return try db.firstRow(sql, arguments, cached: false) { $0.integer(0) }
    }

    // MARK: The narrowest way

    enum Walk: Sendable {
        case index(String)
        case words(String)
    }

    /// - Returns: also whether far more rows may have to be passed by than are wanted: then a read takes long.
    func narrowest(_ db: Database) throws -> (walk: Walk, mayBeFar: Bool) {
        var best: (walk: Walk, rows: Int64)?
        if let words {
            let rows = try db.number(
                "SELECT count(*) FROM (SELECT 1 FROM output_text WHERE output_text MATCH ? LIMIT ?)",
                [words.expression, Self.bound])
            if rows < Self.bound { best = (.words(words.expression), rows) }
        } else if !hasUnindexedTerm {
            // Each row that is walked over is wanted.
            if candidates.isEmpty { return (.index("session_time"), false) }
            if candidates.count == 1, let only = candidates.first, only.isOrdered { return (.index(only.index), false) }
        }
        for candidate in candidates {
            let limit = min(best?.rows ?? Self.bound, Self.bound)
            let rows = try db.number(
                """
                SELECT count(*) FROM (
                    SELECT 1 FROM session s INDEXED BY \(candidate.index) WHERE \(candidate.term) LIMIT ?)
                """, StatementArguments(candidate.arguments + [limit]), cached: false)
            guard candidate.isOrdered || rows < Self.bound else { continue }
            // Equal counts go to the earlier candidate: the list is in the order of how narrow they usually are.
            if rows < best?.rows ?? .max { best = (.index(candidate.index), rows) }
        }
        guard let best else { return (.index("session_time"), true) }
        return (best.walk, best.rows >= Self.bound)
    }
}
