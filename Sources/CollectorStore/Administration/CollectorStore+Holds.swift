// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
package import SessionRecords

enum Holds {
    static func of(_ row: Int64, _ db: Database) throws -> Hold? {
        try db.firstRow("SELECT actor, reason, at FROM hold WHERE session = ?", [row]) { columns in
            Hold(actor: columns.text(0), reason: columns.text(1), at: Timestamp(nanoseconds: columns.integer(2)))
        }
    }
}

enum Erasures {
    static let action = "session.erase"

    /// Whether any session was ever erased.
    static func exist(_ db: Database) throws -> Bool {
        // In these words: a partial index serves only a query that stays inside.
        try db.number("SELECT EXISTS (SELECT 1 FROM audit WHERE action = '\(action)')") == 1
    }

    /// When a session of this id was erased, also one that retention has removed since; nil if none was.
    static func moment(_ id: SessionID, _ db: Database) throws -> Int64? {
        try db.firstRow(
            "SELECT at FROM audit WHERE session = ? AND action = ? ORDER BY seq DESC LIMIT 1", [id.rawValue, action]
        ) { $0.integer(0) }
    }

    /// Removes all outputs of a session and their words; their hashes in hexadecimal.
    static func eraseOutputs(_ row: Int64, _ db: Database) throws -> [String] {
        try OutputIndex.remove(row, db)
        var digests: [String] = []
        try db.forEachRow("SELECT sha256 FROM output WHERE session = ? ORDER BY seq", [row]) { columns in
            digests.append(try LedgerState.digest(columns, 0).description)
            return true
        }
        try db.run("DELETE FROM output WHERE session = ?", [row])
        return digests
    }

    /// Why it was erased stands in the audit trail alone.
    static func of(_ row: Int64, _ id: SessionID, _ db: Database) throws -> Erasure? {
        guard try db.number("SELECT erased_at IS NOT NULL FROM session WHERE seq = ?", [row]) == 1 else { return nil }
        return try db.firstRow(
            "SELECT actor, reason, at FROM audit WHERE session = ? AND action = ? ORDER BY seq DESC LIMIT 1",
            [id.rawValue, action]
        ) { columns in
            Erasure(actor: columns.text(0), reason: columns.text(1), at: Timestamp(nanoseconds: columns.integer(2)))
        }
    }
}

extension CollectorStore {
    /// Keeps a session from retention and erasure. A session that is held already gets the new reason; both are in the audit
    /// trail.
    ///
    /// Throws `session.unknown`.
    package func hold(_ id: SessionID, by actor: String, reason: String) async throws {
        let now = options.clock()
        try await writing("hold session \(id)") { db in
            let row = try Self.row(of: id, db)
            try db.run(
                "INSERT OR REPLACE INTO hold (session, actor, reason, at) VALUES (?, ?, ?, ?)",
                [row, Bounds.name(actor), Bounds.clip(reason, to: Bounds.messageBytes), now.nanoseconds])
            try Self.noteChange(of: row, db)
            try AuditTrail.note("session.hold", actor: actor, session: id, reason: reason, at: now, db)
        }
    }

    /// Gives a session back to retention; false if it was not held. Throws `session.unknown`.
    @discardableResult
    package func release(_ id: SessionID, by actor: String, reason: String) async throws -> Bool {
        let now = options.clock()
        return try await writing("release session \(id)") { db in
            let row = try Self.row(of: id, db)
            try db.run("DELETE FROM hold WHERE session = ?", [row])
            guard db.changesCount > 0 else { return false }
            try Self.noteChange(of: row, db)
            try AuditTrail.note("session.release", actor: actor, session: id, reason: reason, at: now, db)
            return true
        }
    }

    /// Erases a session's output and its frames, from every ledger that told of it, from the index, and from the bytes of
    /// the store's files; false if that was done already. The record with the output's SHA-256 stays, and a line in the
    /// audit trail. An output that is delivered again is not taken.
    ///
    /// Throws `session.unknown`, and `session.held`.
    @discardableResult
    package func erase(_ id: SessionID, by actor: String, reason: String) async throws -> Bool {
        let now = options.clock()
        let isNew = try await writing("erase session \(id)") { db in
            let row = try Self.row(of: id, db)
            if let hold = try Holds.of(row, db) {
                throw LastwordError(
                    code: "session.held", message: "cannot erase session \(id): it is held (\(hold.reason))",
                    remedy: "release the hold first")
            }
            guard try db.number("SELECT erased_at IS NULL FROM session WHERE seq = ?", [row]) == 1 else { return false }
            let digests = try Erasures.eraseOutputs(row, db)
            try db.run("UPDATE session SET erased_at = ? WHERE seq = ?", [now.nanoseconds, row])
            try Self.noteChange(of: row, db)
            try AuditTrail.note(
                Erasures.action, actor: actor, session: id, reason: reason, detail: [("sha256", .strings(digests))],
                at: now, db)
            try db.run(
                "UPDATE store_state SET index_debt_at = min(coalesce(index_debt_at, ?), ?)",
                [now.nanoseconds, now.nanoseconds])
            return true
        }
        if isNew { count { $0.erasures += 1 } }
        // Also where it was erased before: the process may have ended in between.
        try await purgeIndex()
        try await emptyLog(within: .seconds(20))
        return isNew
    }

    /// Who looks at the session sees something else from now on.
    private static func noteChange(of row: Int64, _ db: Database) throws {
        try db.run("UPDATE store_state SET change = change + 1")
        try db.run("UPDATE session SET change = (SELECT change FROM store_state) WHERE seq = ?", [row])
    }

    private static func row(of id: SessionID, _ db: Database) throws -> Int64 {
        guard let row = try SessionQuery(id, scope: .all).row(db) else {
            throw LastwordError(code: "session.unknown", message: "there is no session \(id)")
        }
        return row
    }

    // MARK: What erasing leaves behind

    /// Merges the index until no removed word is in any of its pages. Others write between the steps.
    func purgeIndex() async throws {
        for step in 1... {
            let isClean = try await writing("clear the search index") { db in
                // New outputs begin the merge anew: where many come, it would never end by steps.
                let isClean = try step > 500 ? OutputIndex.purge(db) : OutputIndex.purgeStep(db, pages: 2000)
                if isClean { try db.run("UPDATE store_state SET index_debt_at = NULL") }
                return isClean
            }
            if isClean { return }
        }
    }

    /// Moves what the write-ahead log holds into the database and empties it: it has old copies of pages. Waits for readers
    /// that hold on to an old moment, but never on the connection that writes: batches go on being committed.
    ///
    /// Throws `store.busy` where a backup or another long read is not over in time. Then retention's next look tries again.
    func emptyLog(within limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        do {
            while try await !tryToEmptyLog() {
                guard ContinuousClock.now < deadline else {
                    try await oweIndex()
                    throw LastwordError(
                        code: "store.busy",
                        message: "cannot empty the write-ahead log of \(paths.database) yet: a backup or another long"
                            + " read holds on to what it has",
                        remedy: "nothing: it is tried again every minute; the same command says when it is done")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        } catch let error as DatabaseError {
            throw failed(error, "empty the write-ahead log")
        }
    }

    /// Has the purge made again.
    private func oweIndex() async throws {
        let now = options.clock().nanoseconds
        try await writing("note what the log owes") { db in
            try db.run(
                "UPDATE store_state SET index_debt_at = min(coalesce(index_debt_at, ?), ?)", [now, now])
        }
    }

    /// At once or not at all: SQLite would wait for the readers with the writer in its hands.
    private func tryToEmptyLog() async throws -> Bool {
        try await pool.writeWithoutTransaction { db in
            let patience = try db.number("PRAGMA busy_timeout")
            try db.execute(sql: "PRAGMA busy_timeout = 0")
            // It touches no file and takes no lock: nothing of it can fail that would not fail the next statement, too.
            defer { try? db.execute(sql: "PRAGMA busy_timeout = \(patience)") }
            do {
                return try db.firstRow("PRAGMA wal_checkpoint(TRUNCATE)") { $0.integer(0) == 0 } ?? false
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                return false
            }
        }
    }
}
