// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
package import SessionRecords

extension CollectorStore {
    /// How many lines one piece of the feed looks at.
    package static let maxFeedPage = 1000
    /// A piece of the feed ends behind the line whose bytes make it this large.
    package static let maxFeedBytes = 1 << 20

    /// The lines behind `number` that are of one of `kinds`, oldest first: at most `limit` of them, and about 1 MiB. One
    /// short read by the primary key, which holds nothing open.
    package func feed(after number: Int64, kinds: Set<FeedKind>, limit: Int) async throws -> FeedPage {
        let limit = max(1, min(limit, Self.maxFeedPage))
        return try await reading("read the feed") { db in
            var lines: [(number: Int64, kind: FeedKind, ref: Int64, at: Timestamp)] = []
            var through = number
            var seen = 0
            try db.forEachRow(
                "SELECT number, kind, ref, at FROM feed WHERE number > ? ORDER BY number LIMIT ?",
                [number, Self.maxFeedPage]
            ) { row in
                seen += 1
                through = row.integer(0)
                guard let kind = FeedKind(rawValue: row.integer(1)), kinds.contains(kind) else { return true }
                lines.append((row.integer(0), kind, row.integer(2), Timestamp(nanoseconds: row.integer(3))))
                return lines.count < limit
            }
            var events: [FeedEvent] = []
            var left = Self.maxFeedBytes
            for line in lines {
                guard left > 0 else {
                    return FeedPage(events: events, through: events.last?.number ?? number, isLast: false)
                }
                let subject = try Self.subject(line.kind, line.ref, db)
                if case .entry(let entry) = subject { left -= min(left, entry.entry.bytes?.count ?? 0) }
                events.append(FeedEvent(number: line.number, kind: line.kind, at: line.at, subject: subject))
            }
            return FeedPage(
                events: events, through: through, isLast: lines.count < limit && seen < Self.maxFeedPage)
        }
    }

    private static func subject(_ kind: FeedKind, _ ref: Int64, _ db: Database) throws -> FeedEvent.Subject {
        switch kind {
        case .sessionStarted, .sessionEnded, .sessionAmended, .gap, .otherEntry:
            return try entry(ref, db).map(FeedEvent.Subject.entry) ?? .gone
        case .alarmOpened, .alarmClosed:
            return try alarms(db, "WHERE a.seq = \(ref)", 1).first.map { .alarm($0, row: ref) } ?? .gone
        case .audit:
            return try AuditLine.find(ref, db).map(FeedEvent.Subject.audit) ?? .gone
        }
    }

    private static func entry(_ row: Int64, _ db: Database) throws -> FeedEntry? {
        try db.firstRow(
            """
            SELECT l.id, n.name, n.cluster, e.number, e.fork, e.type, e.received_at, e.previous_hash, e.hash, e.bytes,
                e.stub_reason
            FROM entry e JOIN ledger l ON l.seq = e.ledger JOIN node n ON n.seq = l.node WHERE e.seq = ?
            """, [row]
        ) { row in
            FeedEntry(
                ledger: row.text(0), node: row.text(1), cluster: row.optionalText(2),
                entry: StoredEntry(
                    number: row.integer(3), fork: Int(clamping: row.integer(4)), type: row.text(5),
                    receivedAt: Timestamp(nanoseconds: row.integer(6)), previousHash: try LedgerState.digest(row, 7),
                    hash: try LedgerState.digest(row, 8), bytes: row.isNull(9) ? nil : row.bytes(9),
                    stubReason: row.optionalText(10)))
        }
    }

    /// The last `limit` bytes of the output that a record names, if they are here and the session was not erased.
    package func feedOutput(session: SessionID, sha256: Digest, limit: Int) async throws -> [UInt8]? {
        try await reading("read an output for the feed") { db in
            try db.firstRow(
                """
                SELECT substr(o.bytes, -?) FROM session s JOIN output o ON o.session = s.seq
                WHERE s.id = ? AND o.sha256 = ? AND s.erased_at IS NULL LIMIT 1
                """, [max(1, limit), session.rawValue, Data(sha256.bytes)]
            ) { $0.bytes(0) }
        }
    }

    /// What lies behind `number`.
    package func feedBacklog(after number: Int64, kinds: Set<FeedKind>) async throws -> FeedBacklog {
        try await reading("measure the feed") { db in
            let newest = try db.number("SELECT max(number) FROM feed")
            var oldest: Timestamp?
            try db.forEachRow(
                "SELECT kind, at FROM feed WHERE number > ? ORDER BY number LIMIT 10000", [number]
            ) { row in
                guard let kind = FeedKind(rawValue: row.integer(0)), kinds.contains(kind) else { return true }
                oldest = Timestamp(nanoseconds: row.integer(1))
                return false
            }
            return FeedBacklog(lines: max(0, newest - number), oldest: oldest)
        }
    }

    // MARK: Marks

    /// The mark of an output, made where there is none: at the feed's end, or where asked for at its beginning.
    ///
    /// - Parameter kinds: what it sends from now on; only of these does it count what retention removes.
    package func outputMark(
        _ name: String, kinds: Set<FeedKind>, fromBeginning: Bool
    ) async throws -> OutputMark {
        let bits = kinds.reduce(Int64(0)) { $0 | (1 << $1.rawValue) }
        return try await writing("read the mark of output \(Bounds.name(name))") { db in
            try db.run(
                """
                INSERT INTO output_mark (name, number, kinds)
                VALUES (?1, CASE WHEN ?2 THEN 0 ELSE coalesce((SELECT max(number) FROM feed), 0) END, ?3)
                ON CONFLICT (name) DO UPDATE SET kinds = excluded.kinds
                """, [name, fromBeginning, bits])
            return try Self.mark(name, db)
        }
    }

    /// Moves an output's mark on; the mark as it is then. It never moves back: retention may have moved it further.
    ///
    /// - Parameter gone: lines up to `number` that retention had emptied. Those that it has counted itself count once.
    @discardableResult
    package func moveOutputMark(_ name: String, to number: Int64, gone: Set<Int64>) async throws -> OutputMark {
        try await writing("move the mark of output \(Bounds.name(name))") { db in
            let current = try Self.mark(name, db).number
            let skipped = gone.count { $0 > current && $0 <= number }
            try db.run(
                "UPDATE output_mark SET number = max(number, ?2), skipped = skipped + ?3 WHERE name = ?1",
                [name, number, skipped])
            return try Self.mark(name, db)
        }
    }

    /// The mark as it is; nil where there is none.
    package func outputMark(_ name: String) async throws -> OutputMark? {
        try await reading("read the mark of output \(Bounds.name(name))") { db in try Self.storedMark(name, db) }
    }

    private static func mark(_ name: String, _ db: Database) throws -> OutputMark {
        try storedMark(name, db) ?? OutputMark(number: 0, skipped: 0)
    }

    private static func storedMark(_ name: String, _ db: Database) throws -> OutputMark? {
        try db.firstRow("SELECT number, skipped FROM output_mark WHERE name = ?", [name]) {
            OutputMark(number: $0.integer(0), skipped: Int(clamping: $0.integer(1)))
        }
    }
}
