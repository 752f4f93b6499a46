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
    /// Counts of what began between two moments, both included; of each kind at most 1000 values.
    ///
    /// Whole days come from the counts that the store keeps; only the sessions of a day of which a part is asked for are
    /// looked at.
    package func statistics(since: Timestamp?, until: Timestamp?, scope: ReadScope) async throws -> Statistics {
        let span = DaySpan(since, until)
        return try await readingLong("count sessions") { db in
            var counts = [[String?: Int]](repeating: [:], count: 5)
            func add(_ statement: (sql: String, arguments: StatementArguments)) throws {
                try db.forEachRow(statement.sql, statement.arguments, cached: false) { row in
                    let sessions = Int(clamping: row.integer(5))
                    for column in counts.indices {
                        counts[column][row.optionalText(Int32(column)), default: 0] += sessions
                    }
                    return true
                }
            }
            if let days = span.days { try add(SessionQuery.dayCounts(days, scope: scope)) }
            for edge in span.edges {
                var query = CollectorQuery()
                (query.since, query.until) = (edge.lowerBound, edge.upperBound)
                try add(
                    SessionQuery(query, scope: scope).statement(
                        """
                        date(\(Schema2.day("s.sort_at")) * 86400, 'unixepoch') AS day, s.exit_code, s.namespace, s.image,
                        s.state, count(*)
                        """, walk: .index("session_time"),
                        tail: "GROUP BY day, s.exit_code, s.namespace, s.image, s.state", db))
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

/// A stretch of time, as whole days in UTC and what is left of days at its two ends.
struct DaySpan: Hashable {
    private static let day: Int64 = 86_400_000_000_000

    /// Counted from 1970-01-01.
    private(set) var days: ClosedRange<Int64>?
    private(set) var edges: [ClosedRange<Timestamp>] = []

    /// - Parameters:
    ///   - since, until: both included; nil is without an end.
    init(_ since: Timestamp?, _ until: Timestamp?) {
        let (from, to) = (since?.nanoseconds ?? .min, until?.nanoseconds ?? .max)
        guard from <= to else { return }
        var first = Self.number(from)
        var last = Self.number(to)
        let beginsInside = since != nil && from != Self.begin(of: first)
        let endsInside = until != nil && to != Self.end(of: last)
        if first == last, beginsInside || endsInside {
            edges = [Self.span(from, to)]
            return
        }
        if beginsInside {
            edges.append(Self.span(from, Self.end(of: first)))
            first += 1
        }
        if endsInside {
            edges.append(Self.span(Self.begin(of: last), to))
            last -= 1
        }
        if first <= last { days = first...last }
    }

    private static func span(_ from: Int64, _ to: Int64) -> ClosedRange<Timestamp> {
        Timestamp(nanoseconds: from)...Timestamp(nanoseconds: to)
    }

    private static func number(_ moment: Int64) -> Int64 {
        moment / day - (moment % day < 0 ? 1 : 0)
    }

    /// The first and the last nanosecond of a day, as far as the numbers go.
    private static func begin(of number: Int64) -> Int64 {
        let (value, isTooFar) = number.multipliedReportingOverflow(by: day)
        return isTooFar ? .min : value
    }

    private static func end(of number: Int64) -> Int64 {
        let (value, isTooFar) = begin(of: number).addingReportingOverflow(day - 1)
        return isTooFar ? .max : value
    }
}
