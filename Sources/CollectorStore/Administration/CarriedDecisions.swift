// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// What people decided after a backup was made, taken over from the store that it replaces: a token that was revoked stays
/// revoked, what was erased stays erased, what is held stays held. A backup must not take back any of it.
struct CarriedDecisions {
    fileprivate struct Line {
        let at: Int64
        let actor: String
        let session: String
        let reason: String?
        let detail: String?
    }

    private var revoked: [(id: String, at: Int64)] = []
    private var erasures: [Line] = []
    private var holds: [Line] = []
    /// Marks that readers have must not be ahead of what comes.
    private var change: Int64 = 0

    init(_ db: Database) throws {
        change = try db.number("SELECT change FROM store_state")
        try db.forEachRow("SELECT id, revoked_at FROM token WHERE revoked_at IS NOT NULL") { row in
            revoked.append((row.text(0), row.integer(1)))
            return true
        }
        try db.forEachRow(
            "SELECT at, actor, session, reason, detail FROM audit WHERE action = ? AND session IS NOT NULL ORDER BY seq",
            [Erasures.action]
        ) { row in
            erasures.append(Line(row))
            return true
        }
        try db.forEachRow(
            "SELECT h.at, h.actor, s.id, h.reason, NULL FROM hold h JOIN session s ON s.seq = h.session ORDER BY h.session"
        ) { row in
            holds.append(Line(row))
            return true
        }
    }

    /// Writes them into the restored store; the outputs of what was erased go, with their words in the index.
    func apply(_ db: Database) throws {
        try db.run("UPDATE store_state SET change = max(change, ?)", [change])
        for token in revoked {
            try db.run(
                "UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [token.at, token.id])
        }
        for line in erasures { try erase(line, db) }
        for line in holds {
            try db.run(
                """
                INSERT OR REPLACE INTO hold (session, actor, reason, at)
                SELECT seq, ?, ?, ? FROM session WHERE id = ? AND erased_at IS NULL
                """, [line.actor, line.reason ?? "", line.at, line.session])
        }
    }

    /// The audit line also where the session is not in the backup: it may come again.
    private func erase(_ line: Line, _ db: Database) throws {
        let isNoted = try db.number(
            "SELECT EXISTS (SELECT 1 FROM audit WHERE session = ? AND action = ? AND at = ?)",
            [line.session, Erasures.action, line.at])
        if isNoted == 0 {
            try db.run(
                "INSERT INTO audit (at, actor, action, session, reason, detail) VALUES (?, ?, ?, ?, ?, ?)",
                [line.at, line.actor, Erasures.action, line.session, line.reason, line.detail])
        }
        let row = try db.number("SELECT seq FROM session WHERE id = ? AND erased_at IS NULL", [line.session])
        guard row > 0 else { return }
        _ = try Erasures.eraseOutputs(row, db)
        try db.run("DELETE FROM hold WHERE session = ?", [row])
        try db.run("UPDATE session SET erased_at = ? WHERE seq = ?", [line.at, row])
        // Merged away by the first look of retention at the latest; here already, see `CollectorStore.restore`.
        try db.run("UPDATE store_state SET index_debt_at = min(coalesce(index_debt_at, ?), ?)", [line.at, line.at])
    }
}

extension CarriedDecisions.Line {
    fileprivate init(_ row: Columns) {
        self.init(
            at: row.integer(0), actor: row.text(1), session: row.text(2), reason: row.optionalText(3),
            detail: row.optionalText(4))
    }
}

extension CarriedDecisions {
    /// From the store at `path`; nil where there is none that can be read.
    static func read(_ path: String, _ log: String) throws -> CarriedDecisions? {
        guard try CollectorCondition.examine(path, log) == .sound else { return nil }
        let source = try ReadOnlyConnection(path: path)
        let decisions = try source.queue.read { db in try CarriedDecisions(db) }
        try source.queue.close()
        return decisions
    }

    /// Into the copy at `path`, which nobody has open and which is thrown away if this fails.
    func write(to path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA secure_delete = ON")
            // No journal beside the copy: it would hold what is erased.
            try db.execute(sql: "PRAGMA journal_mode = MEMORY")
            try db.execute(sql: "PRAGMA synchronous = FULL")
            try db.inTransaction {
                try apply(db)
                if try db.number("SELECT index_debt_at IS NOT NULL FROM store_state") == 1 {
                    _ = try OutputIndex.purge(db)
                    try db.run("UPDATE store_state SET index_debt_at = NULL")
                }
                return .commit
            }
        }
        try queue.close()
    }
}
