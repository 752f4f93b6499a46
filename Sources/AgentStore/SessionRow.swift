// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords
import SessionTracking

/// A session commit with everything encoded that can be encoded outside the transaction.
struct PreparedSession {
    let session: Session
    /// The record in RFC 8785 form: stored in the row and, as it is, in the entry, so that the two can be compared.
    let record: [UInt8]
    let facts: Data?
    let entry: EntryType?
    let output: (tail: CapturedTail, frames: [UInt8])?

    init(_ commit: SessionCommit) throws {
        session = commit.session
        record = commit.session.json.canonical
        do {
            facts = try commit.facts.map { Data(try FactsEncoder.encode($0)) }
        } catch {
            throw LastwordError(
                code: "store.encode", message: "cannot encode the facts of session \(commit.session.id)", cause: error)
        }
        entry = commit.entry
        output = commit.output.map { ($0, OutputFrameCoding.encode($0.frames)) }
    }

    /// What lists are sorted by.
    func sortAt(_ now: Timestamp) -> Timestamp {
        session.beganAt ?? now
    }
}

/// Writes one session into its rows, and its entry.
struct SessionRow {
    /// What the store has of a session already.
    private struct Stored {
        let row: Int64
        let revision: Int64
        let sortAt: Int64
        let namespace: String?
        let pod: String?
        let container: String?
        let target: String?
    }

    /// Inserts or updates the row, puts the output beside it, appends the entry. A revision that is not newer than the
    /// stored one changes nothing: its entry, if it has one, is given again.
    static func write(_ prepared: PreparedSession, _ ledger: inout LedgerWriter) throws {
        let db = ledger.db
        let stored = try find(prepared.session.id, db)
        if let stored, Int64(prepared.session.revision) <= stored.revision {
            ledger.duplicates += 1
            if let entry = try told(prepared.session, stored.row, db) { ledger.repeated(entry) }
            return
        }
        let row: Int64
        if let stored {
            row = stored.row
            try update(prepared, stored, ledger)
        } else {
            row = try insert(prepared, ledger)
        }
        if let output = prepared.output { try write(output.tail, frames: output.frames, row, db) }
        guard let type = prepared.entry else { return }
        let entry = try ledger.append(
            EntryDraft(
                type, record: prepared.record, id: prepared.session.id, row: row, revision: prepared.session.revision))
        try db.run("UPDATE session SET last_entry = ? WHERE seq = ?", [entry.number, row])
    }

    /// Removes a session of which nothing has been told. One that has been told of stays, and is not resumed again.
    static func forget(_ id: SessionID, _ db: Database) throws {
        try db.run("DELETE FROM session WHERE id = ? AND last_entry IS NULL", [id.rawValue])
        try settle(id, db)
    }

    /// Nothing more can come for it: it is not resumed again.
    static func settle(_ id: SessionID, _ db: Database) throws {
        try db.run(
            "UPDATE session_record SET facts = NULL WHERE session = (SELECT seq FROM session WHERE id = ?)",
            [id.rawValue])
    }

    private static func find(_ id: SessionID, _ db: Database) throws -> Stored? {
        try db.firstRow(
            "SELECT seq, revision, sort_at, namespace, pod, container, target_container FROM session WHERE id = ?",
            [id.rawValue]
        ) { row in
            Stored(
                row: row.integer(0), revision: row.integer(1), sortAt: row.integer(2), namespace: row.optionalText(3),
                pod: row.optionalText(4), container: row.optionalText(5), target: row.optionalText(6))
        }
    }

    /// The entry that told exactly this revision.
    private static func told(_ session: Session, _ row: Int64, _ db: Database) throws -> CommittedEntry? {
        let found = try db.firstRow(
            "SELECT number, type, at, hash FROM ledger WHERE session = ? AND revision = ?", [row, session.revision]
        ) { columns in
            try EntryType(rawValue: columns.text(1)).map { type in
                CommittedEntry(
                    number: columns.integer(0), type: type, at: Timestamp(nanoseconds: columns.integer(2)),
                    hash: try LedgerWriter.digest(columns, 3), session: session.id, revision: session.revision)
            }
        }
        return found ?? nil
    }

    private static func insert(_ prepared: PreparedSession, _ ledger: LedgerWriter) throws -> Int64 {
        let session = prepared.session
        let db = ledger.db
        try db.run(
            """
            INSERT INTO session (
                revision, state, mode, classification, pod_uid, container_id, image, exit_code, started_at, finished_at,
                created_at, observed_at, sealed_at, id, node, namespace, pod, container, target_container, sort_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            state(session) + [
                session.id.rawValue, session.node, session.namespace, session.pod, session.container,
                session.targetContainer, prepared.sortAt(ledger.at).nanoseconds,
            ])
        let row = db.lastInsertedRowID
        try db.run(
            "INSERT INTO session_record (session, record, facts) VALUES (?, ?, ?)",
            [row, String(decoding: prepared.record, as: UTF8.self), prepared.facts])
        return row
    }

    /// Indexed names are set only where they change: SQLite rewrites every index whose columns an UPDATE names.
    private static func update(_ prepared: PreparedSession, _ stored: Stored, _ ledger: LedgerWriter) throws {
        let session = prepared.session
        let db = ledger.db
        try db.run(
            """
            UPDATE session SET
                revision = ?, state = ?, mode = ?, classification = ?, pod_uid = ?, container_id = ?, image = ?,
                exit_code = ?, started_at = ?, finished_at = ?, created_at = ?, observed_at = ?, sealed_at = ?
            WHERE seq = ?
            """, state(session) + [stored.row])
        let sortAt = prepared.sortAt(Timestamp(nanoseconds: stored.sortAt)).nanoseconds
        if stored.namespace != session.namespace || stored.pod != session.pod || stored.container != session.container
            || stored.target != session.targetContainer || stored.sortAt != sortAt
        {
            try db.run(
                """
                UPDATE session SET node = ?, namespace = ?, pod = ?, container = ?, target_container = ?, sort_at = ?
                WHERE seq = ?
                """,
                [
                    session.node, session.namespace, session.pod, session.container, session.targetContainer, sortAt,
                    stored.row,
                ])
        }
        try db.run(
            "UPDATE session_record SET record = ?, facts = ? WHERE session = ?",
            [String(decoding: prepared.record, as: UTF8.self), prepared.facts, stored.row])
    }

    private static func state(_ session: Session) -> StatementArguments {
        [
            session.revision, session.state.rawValue, session.mode?.rawValue, session.classification.rawValue,
            session.podUID?.rawValue, session.containerID?.rawValue, session.image, session.exitCode,
            session.startedAt?.nanoseconds, session.finishedAt?.nanoseconds, session.createdAt?.nanoseconds,
            session.observedAt?.nanoseconds, session.sealedAt?.nanoseconds,
        ]
    }

    private static func write(_ tail: CapturedTail, frames: [UInt8], _ row: Int64, _ db: Database) throws {
        try db.run(
            "INSERT OR REPLACE INTO output (session, sha256, frames_sha256, bytes, frames) VALUES (?, ?, ?, ?, ?)",
            [
                row, Data(tail.summary.sha256.bytes), Data(tail.summary.framesSHA256.bytes), Data(tail.bytes),
                Data(frames),
            ])
    }
}
