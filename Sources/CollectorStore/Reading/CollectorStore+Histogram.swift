// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// Sessions over time, by how they ended, in slices of one length.
package struct SessionHistogram: Sendable, Hashable {
    package struct Slice: Sendable, Hashable {
        package let begin: Timestamp
        /// Ended with exit code 0.
        package internal(set) var succeeded = 0
        /// Ended with another exit code.
        package internal(set) var failed = 0
        /// Running, waiting, never started, or nobody knows the code.
        package internal(set) var other = 0
    }

    /// Oldest first, also those with nothing in them.
    package let slices: [Slice]
    /// There were more than are counted: the oldest are missing.
    package let isCut: Bool
}

extension CollectorStore {
    /// Sessions that one histogram looks at, at most; of more the newest.
    package static let histogramLimit = 200_000

    /// What began from `since` on and before `until`, in `count` slices (1 to 400). Goes by the index of begins, and stops at
    /// `histogramLimit` sessions.
    package func histogram(
        since: Timestamp, until: Timestamp, slices count: Int, scope: ReadScope
    ) async throws -> SessionHistogram {
        let count = max(1, min(count, 400))
        let width = max(1, until.nanoseconds(since: since) / Int64(count))
        var query = CollectorQuery()
        query.since = since
        query.startedBefore = until
        let span = query
        return try await readingLong("count sessions over time") { db in
            let (sql, arguments) = try SessionQuery(span, scope: scope).statement(
                "s.sort_at AS at, s.exit_code AS code", walk: scope.isUnlimited ? .index("session_time") : nil,
                tail: "ORDER BY s.sort_at DESC LIMIT \(Self.histogramLimit + 1)", db)
            var slices = (0..<count).map {
                SessionHistogram.Slice(begin: since.advanced(byNanoseconds: Int64($0) * width))
            }
            var seen = 0
            try db.forEachRow(
                """
                SELECT (at - \(since.nanoseconds)) / \(width) AS slice,
                    CASE WHEN code = 0 THEN 0 WHEN code IS NOT NULL THEN 1 ELSE 2 END AS kind, count(*)
                FROM (\(sql)) GROUP BY slice, kind
                """, arguments, cached: false
            ) { row in
                let sessions = Int(clamping: row.integer(2))
                seen += sessions
                // What is left over by the division counts with the last slice.
                let slice = min(max(0, Int(clamping: row.integer(0))), count - 1)
                switch row.integer(1) {
                case 0: slices[slice].succeeded += sessions
                case 1: slices[slice].failed += sessions
                default: slices[slice].other += sessions
                }
                return true
            }
            return SessionHistogram(slices: slices, isCut: seen > Self.histogramLimit)
        }
    }
}
