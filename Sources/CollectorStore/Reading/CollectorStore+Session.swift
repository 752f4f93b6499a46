// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// What one ledger told last of a session.
package struct SessionVersion: Sendable, Hashable {
    package let ledger: String
    package let node: String
    package let number: Int64
    package let revision: Int
    package let receivedAt: Timestamp
    package let json: String
}

/// Why retention and erasure may not touch a session.
package struct Hold: Sendable, Hashable {
    package let actor: String
    package let reason: String
    package let at: Timestamp
}

/// That and why a session's output was erased.
package struct Erasure: Sendable, Hashable {
    package let actor: String
    package let reason: String
    package let at: Timestamp
}

/// One session with what the collector knows beside the record.
package struct StoredSession: Sendable, Hashable {
    package let record: StoredRecord
    package let ledger: String
    package let node: String
    package let number: Int64
    package let receivedAt: Timestamp
    package let hold: Hold?
    package let erased: Erasure?
    /// What other ledgers told of it and what was not chosen, of the eldest first; at most 20, and less where they are large.
    /// Only for readers of everything: another ledger may tell of another namespace.
    package let others: [SessionVersion]
}

/// A session's output, or why there is none.
package enum StoredOutput: Sendable, Hashable {
    case kept(bytes: [UInt8], frames: [UInt8], sha256: Digest, framesSHA256: Digest)
    /// The agent had none, or did not send it, in words.
    case absent(reason: String)
    case erased(Erasure)
}

extension CollectorStore {
    /// Nil if there is none, or the reader may not see it.
    package func session(_ id: SessionID, scope: ReadScope) async throws -> StoredSession? {
        try await reading("read session \(id)") { db in
            guard let row = try SessionQuery(id, scope: scope).row(db) else { return nil }
            guard let chosen = try Self.versions(row, "v.ledger = s.ledger", db).first else { return nil }
            let others = scope.isUnlimited ? try Self.versions(row, "v.ledger <> s.ledger", db) : []
            return StoredSession(
                record: StoredRecord(id: id, json: chosen.json), ledger: chosen.ledger, node: chosen.node,
                number: chosen.number, receivedAt: chosen.receivedAt, hold: try Holds.of(row, db),
                erased: try Erasures.of(row, id, db), others: others)
        }
    }

    /// Anybody may tell of any session, from as many ledgers as he likes.
    private static let maxVersions = 20

    private static func versions(_ session: Int64, _ condition: String, _ db: Database) throws -> [SessionVersion] {
        var versions: [SessionVersion] = []
        var room = PageRoom()
        try db.forEachRow(
            """
            SELECT l.id, n.name, v.number, v.revision, v.received_at, v.record
            FROM session s JOIN session_version v ON v.session = s.seq JOIN ledger l ON l.seq = v.ledger
            JOIN node n ON n.seq = l.node WHERE s.seq = ? AND \(condition) ORDER BY v.ledger LIMIT ?
            """, [session, maxVersions]
        ) { row in
            let version = SessionVersion(
                ledger: row.text(0), node: row.text(1), number: row.integer(2),
                revision: Int(clamping: row.integer(3)), receivedAt: Timestamp(nanoseconds: row.integer(4)),
                json: row.text(5))
            versions.append(version)
            room.take(version.json.utf8.count)
            return room.isLeft
        }
        return versions
    }

    /// Nil if there is no such session, or the reader may not see it.
    package func output(_ id: SessionID, scope: ReadScope) async throws -> StoredOutput? {
        try await reading("read the output of \(id)") { db in
            guard let row = try SessionQuery(id, scope: scope).row(db) else { return nil }
            if let erasure = try Erasures.of(row, id, db) { return .erased(erasure) }
            let kept = try db.firstRow(
                """
                SELECT o.bytes, o.frames, o.sha256, o.frames_sha256 FROM session s
                JOIN output o ON \(OutputIndex.isChosen) WHERE s.seq = ?
                ORDER BY o.ledger = s.ledger DESC, o.seq LIMIT 1
                """, [row]
            ) { columns in
                StoredOutput.kept(
                    bytes: columns.bytes(0), frames: columns.bytes(1), sha256: try LedgerState.digest(columns, 2),
                    framesSHA256: try LedgerState.digest(columns, 3))
            }
            if let kept { return kept }
            let (omitted, hasDigest) =
                try db.firstRow("SELECT output_omitted, sha256 IS NOT NULL FROM session WHERE seq = ?", [row]) {
                    ($0.optionalText(0), $0.integer(1) == 1)
                } ?? (nil, false)
            return .absent(
                reason: omitted ?? (hasDigest ? "the output has not been delivered" : "the record names no output"))
        }
    }
}
