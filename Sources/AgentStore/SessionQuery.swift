// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

/// The SQL of one filter, on the index that reads the fewest rows.
///
/// SQLite's planner has no statistics here (nobody runs ANALYZE on a node) and would take whichever index it likes, so the
/// candidates are counted, each up to a bound, and the narrowest one is named in the query.
struct SessionQuery {
    private static let bound: Int64 = 20_000

    private var terms: [String] = []
    private var arguments: [(any DatabaseValueConvertible)?] = []
    private var candidates: [(index: String, term: String, argument: any DatabaseValueConvertible)] = []

    init(_ filter: SessionFilter) {
        add("pod", filter.pod, index: "session_pod")
        add("container", filter.container, index: "session_container")
        add("target_container", filter.targetContainer, index: "session_target")
        add("exit_code", filter.exitCode, index: "session_exit_code")
        add("namespace", filter.namespace, index: "session_namespace")
        add(states: filter.states)
        add("sort_at >= ?", filter.since?.nanoseconds)
        add("sort_at <= ?", filter.until?.nanoseconds)
        add("sort_at < ?", filter.olderThan?.nanoseconds)
        if !filter.includesUnresolved {
            terms.append("(last_entry IS NOT NULL OR classification <> 'unresolved')")
        }
    }

    private mutating func add(_ column: String, _ value: (any DatabaseValueConvertible)?, index: String) {
        guard let value else { return }
        let term = "\(column) = ?"
        candidates.append((index, term, value))
        terms.append(term)
        arguments.append(value)
    }

    private mutating func add(_ term: String, _ value: Int64?) {
        guard let value else { return }
        terms.append(term)
        arguments.append(value)
    }

    private mutating func add(states: Set<SessionState>) {
        guard !states.isEmpty else { return }
        let names = states.map(\.rawValue).sorted()
        terms.append("state IN (" + names.map { _ in "?" }.joined(separator: ", ") + ")")
        for name in names { arguments.append(name) }
        guard !states.contains(.ended) else { return }
        // The partial index serves only a query that says, in its own words, that it stays inside.
        terms.append("state <> 'ended'")
        if states.count == 1, let name = names.first {
            candidates.append(("session_state", "state = ? AND state <> 'ended'", name))
        }
    }

    /// Reads one page: the records of at most `limit` sessions, newest first.
    func page(
        _ db: Database, limit: Int, before cursor: SessionCursor?
    ) throws -> (records: [(record: String, sortAt: Int64, row: Int64)], index: String) {
        var terms = self.terms
        var arguments = self.arguments
        if let cursor {
            terms.append("(sort_at, seq) < (?, ?)")
            arguments += [cursor.sortAt, cursor.row]
        }
        let index = try narrowestIndex(db)
        let condition = terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ")
        // The big rows are fetched for the page alone, after the scan has found it.
        let sql = """
            SELECT r.record, s.sort_at, s.seq FROM (
                SELECT sort_at, seq FROM session INDEXED BY \(index) \(condition)
                ORDER BY sort_at DESC, seq DESC LIMIT ?
            ) s JOIN session_record r ON r.session = s.seq ORDER BY s.sort_at DESC, s.seq DESC
            """
        var records: [(record: String, sortAt: Int64, row: Int64)] = []
        try db.forEachRow(sql, StatementArguments(arguments + [limit])) { row in
            records.append((row.text(0), row.integer(1), row.integer(2)))
            return true
        }
        return (records, index)
    }

    private func narrowestIndex(_ db: Database) throws -> String {
        guard candidates.count > 1 else { return candidates.first?.index ?? "session_time" }
        var best: (index: String, rows: Int64)?
        for candidate in candidates {
            let rows = try db.number(
                """
                SELECT count(*) FROM (SELECT 1 FROM session INDEXED BY \(candidate.index) WHERE \(candidate.term) LIMIT ?)
                """, StatementArguments([candidate.argument, min(best?.rows ?? Self.bound, Self.bound)]))
            // Equal counts go to the earlier candidate: the list is in the order of how narrow they usually are.
            if rows < best?.rows ?? .max { best = (candidate.index, rows) }
        }
        return best?.index ?? "session_time"
    }
}
