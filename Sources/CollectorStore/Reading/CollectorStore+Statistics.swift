// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// Counts of the sessions that a reader may see.
package struct Statistics: Sendable, Hashable {
    /// One value and how many sessions have it; nil: the record does not say.
    package struct Count: Sendable, Hashable {
        package let value: String?
        package let sessions: Int
    }

    package let sessions: Int
    /// Days in UTC, `2026-11-26`, oldest first.
    package let days: [Count]
    /// Most frequent first.
    package let exitCodes: [Count]
    package let namespaces: [Count]
    package let images: [Count]
    package let states: [Count]
}

extension CollectorStore {
    /// Counts of what began between two moments; of each kind at most 1000 values.
    package func statistics(since: Timestamp?, until: Timestamp?, scope: ReadScope) async throws -> Statistics {
        var query = CollectorQuery()
        query.since = since
        query.until = until
        let span = query
        return try await reading("count sessions") { db in
            let sessions = SessionQuery(span, scope: scope)
            func counts(_ expression: String, order: String = "n DESC, value") throws -> [Statistics.Count] {
                let (sql, arguments) = try sessions.statement(
                    "\(expression) AS value, count(*) AS n", tail: "GROUP BY value ORDER BY \(order) LIMIT 1000", db)
                var counts: [Statistics.Count] = []
                try db.forEachRow(sql, arguments) { row in
                    counts.append(
                        Statistics.Count(value: row.optionalText(0), sessions: Int(clamping: row.integer(1))))
                    return true
                }
                return counts
            }
            let states = try counts("s.state")
            return Statistics(
                sessions: states.reduce(0) { $0 + $1.sessions },
                days: try counts("date(s.sort_at / 1000000000, 'unixepoch')", order: "value DESC").reversed(),
                exitCodes: try counts("s.exit_code"), namespaces: try counts("s.namespace"),
                images: try counts("s.image"), states: states)
        }
    }
}
