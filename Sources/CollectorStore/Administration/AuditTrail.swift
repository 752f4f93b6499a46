// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// One line of what people and upkeep did to the store.
package struct AuditLine: Sendable, Hashable {
    package let number: Int64
    package let at: Timestamp
    package let actor: String
    /// `session.hold`, `session.release`, `session.erase`, `token.create`, `token.revoke`, `retention`, `store.backup`,
    /// `store.restore`, `store.replaced`, or what the server notes.
    package let action: String
    package let session: SessionID?
    package let reason: String?
    /// One JSON object.
    package let detail: String?
}

extension AuditLine {
    fileprivate static let columns = "seq, at, actor, action, session, reason, detail"

    fileprivate init(_ row: Columns) {
        self.init(
            number: row.integer(0), at: Timestamp(nanoseconds: row.integer(1)), actor: row.text(2),
            action: row.text(3), session: row.optionalText(4).flatMap { SessionID($0) }, reason: row.optionalText(5),
            detail: row.optionalText(6))
    }

    static func find(_ number: Int64, _ db: Database) throws -> AuditLine? {
        try db.firstRow("SELECT \(columns) FROM audit WHERE seq = ?", [number]) { AuditLine($0) }
    }
}

enum AuditTrail {
    static func note(
        _ action: String, actor: String, session: SessionID? = nil, reason: String? = nil,
        detail: [(String, JSONValue)] = [], at now: Timestamp, _ db: Database
    ) throws {
        try db.run(
            "INSERT INTO audit (at, actor, action, session, reason, detail) VALUES (?, ?, ?, ?, ?, ?)",
            [
                now.nanoseconds, Bounds.name(actor), action, session?.rawValue,
                reason.map { Bounds.clip($0, to: Bounds.messageBytes) },
                detail.isEmpty ? nil : JSONValue.object(JSONObject(detail)).compact,
            ])
    }
}

extension CollectorStore {
    /// Notes what the server did, such as a setting that an administrator changed.
    package func audit(
        _ action: String, actor: String, reason: String? = nil, detail: [(String, JSONValue)] = []
    ) async throws {
        let now = options.clock()
        try await writing("write the audit trail") { db in
            try AuditTrail.note(action, actor: actor, reason: reason, detail: detail, at: now, db)
        }
    }

    /// The newest lines, newest first, of one session or of all; `before` is the last line's number of the page before.
    package func auditLines(
        session: SessionID? = nil, before number: Int64? = nil, limit: Int
    ) async throws -> [AuditLine] {
        try await reading("read the audit trail") { db in
            var lines: [AuditLine] = []
            try db.forEachRow(
                """
                SELECT \(AuditLine.columns) FROM audit
                WHERE (?1 IS NULL OR session = ?1) AND (?2 IS NULL OR seq < ?2) ORDER BY seq DESC LIMIT ?3
                """, [session?.rawValue, number, max(0, min(limit, Self.maxPage))]
            ) { row in
                lines.append(AuditLine(row))
                return true
            }
            return lines
        }
    }
}
