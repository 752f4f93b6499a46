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
        return try await readingLong("count sessions") { db in
            // One pass for all counts: each would read every session.
            let (sql, arguments) = try SessionQuery(span, scope: scope).statement(
                """
                date(s.sort_at / 1000000000, 'unixepoch') AS day, s.exit_code, s.namespace, s.image, s.state, count(*)
                """, walk: since == nil && until == nil && scope.isUnlimited ? .table : nil,
                tail: "GROUP BY day, s.exit_code, s.namespace, s.image, s.state", db)
            var counts = [[String?: Int]](repeating: [:], count: 5)
            try db.forEachRow(sql, arguments, cached: false) { row in
                let sessions = Int(clamping: row.integer(5))
                for column in counts.indices {
                    counts[column][row.optionalText(Int32(column)), default: 0] += sessions
                }
                return true
            }
            return Statistics(
                sessions: counts[4].values.reduce(0, +), days: Self.newest(counts[0]),
                exitCodes: Self.mostFrequent(counts[1]), namespaces: Self.mostFrequent(counts[2]),
                images: Self.mostFrequent(counts[3]), states: Self.mostFrequent(counts[4]))
        }
    }

    private static let maxCounts = 1000

    private static func mostFrequent(_ counts: [String?: Int]) -> [Statistics.Count] {
        let sorted = counts.sorted { ($1.value, $0.key ?? "") < ($0.value, $1.key ?? "") }
        return sorted.prefix(maxCounts).map { Statistics.Count(value: $0.key, sessions: $0.value) }
    }

    private static func newest(_ days: [String?: Int]) -> [Statistics.Count] {
        days.sorted { ($0.key ?? "") < ($1.key ?? "") }.suffix(maxCounts).map {
            Statistics.Count(value: $0.key, sessions: $0.value)
        }
    }
}
