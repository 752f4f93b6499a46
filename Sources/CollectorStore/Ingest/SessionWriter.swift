// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// Keeps one session per id out of what its ledgers tell, so that the order in which they tell it does not matter.
///
/// Of one ledger the highest revision counts. Between ledgers an observed ending counts more than a recovered one, that more
/// than an inferred one, that more than none; then the fuller output, then the later entry, then the elder ledger. Whatever
/// does not count stays as a version beside it. A session belongs to the node that told of it first: what another node tells
/// of it is kept, never chosen, and alarmed.
enum SessionWriter {
    fileprivate struct Stored {
        let row: Int64
        let ledger: Int64
        let number: Int64
        let revision: Int64
        let versions: Int64
        let node: String
        let isErased: Bool
        let isIndexed: Bool
        let sortAt: Int64
        /// Namespace, pod, container, target.
        let names: [String?]
    }

    static func write(
        _ prepared: PreparedSession, _ entry: ReceivedEntry, _ ledger: LedgerState, receivedAt now: Timestamp,
        _ transaction: inout IngestTransaction
    ) throws {
        let db = transaction.db
        let stored = try db.firstRow(
            "SELECT \(Stored.columns) FROM session WHERE id = ?", [prepared.session.id.rawValue], Stored.init)
        guard let stored else {
            let row = try insert(prepared, entry, ledger, now, &transaction)
            try insertVersion(prepared, entry, ledger, row, isForeign: false, now, db)
            // Retention may have removed one that was erased: it comes again without its output.
            if transaction.hasErasures, let erased = try Erasures.moment(prepared.session.id, db) {
                try db.run("UPDATE session SET erased_at = ? WHERE seq = ?", [erased, row])
                return
            }
            if let output = try storeOutput(prepared, ledger, row, db) {
                transaction.index.note(row, prepared.indexText(fresh: output))
            }
            return
        }
        let isForeign = stored.node != entry.node
        if isForeign {
            try transaction.alarms.open(
                .sessionConflict, node: ledger.node, nodeName: entry.node, ledger: (ledger.row, ledger.id),
                number: entry.number, "the session \(prepared.session.id) belongs to another node", at: now)
        }
        let known: Int64? =
            stored.ledger == ledger.row
            ? stored.revision
            : try db.firstRow(
                "SELECT revision FROM session_version WHERE session = ? AND ledger = ?", [stored.row, ledger.row]
            ) { $0.integer(0) }
        let isNewer = known.map { $0 < Int64(prepared.session.revision) } ?? true
        if isNewer {
            if known == nil {
                try insertVersion(prepared, entry, ledger, stored.row, isForeign: isForeign, now, db)
                try db.run("UPDATE session SET versions = versions + 1 WHERE seq = ?", [stored.row])
            } else {
                try updateVersion(prepared, entry, ledger, stored.row, now, db)
            }
            if known != nil, stored.versions == 1 {
                try update(
                    prepared.session, entry.number, entry.outputOmitted, ledger.row, stored, now, &transaction)
            } else {
                try choose(stored, now, &transaction)
            }
        }
        let output = stored.isErased ? nil : try storeOutput(prepared, ledger, stored.row, db)
        // Nothing is indexed and nothing came: the usual case of a session that goes on.
        let isIdle = output == nil && !stored.isIndexed && !transaction.index.has(stored.row)
        if isIdle, stored.versions == 1, known != nil { return }
        let isPlain = isNewer && known != nil && stored.versions == 1 && !stored.isIndexed
        transaction.index.note(stored.row, prepared.indexText(fresh: isPlain ? output : nil))
    }

    // MARK: Choice

    /// Takes the best version, and shows it if it is another one than before.
    private static func choose(_ stored: Stored, _ now: Timestamp, _ transaction: inout IngestTransaction) throws {
        let best = try transaction.db.firstRow(
            """
            SELECT ledger, number, revision, output_omitted, record FROM session_version
            WHERE session = ? AND is_foreign = 0
            ORDER BY rank DESC, output_bytes DESC, at DESC, ledger LIMIT 1
            """, [stored.row]
        ) { row in
            (
                ledger: row.integer(0), number: row.integer(1), revision: row.integer(2),
                omitted: row.optionalText(3), record: row.text(4)
            )
        }
        guard let best else { return }
        if (stored.ledger, stored.number, stored.revision) == (best.ledger, best.number, best.revision) { return }
        let session = try RecordCoding.session(best.record)
        try update(session, best.number, best.omitted, best.ledger, stored, now, &transaction)
    }

    // MARK: Rows

    private static func insert(
        _ prepared: PreparedSession, _ entry: ReceivedEntry, _ ledger: LedgerState, _ now: Timestamp,
        _ transaction: inout IngestTransaction
    ) throws -> Int64 {
        let session = prepared.session
        let change = transaction.nextChange()
        try transaction.db.run(
            """
            INSERT INTO session (
                id, node, ledger, number, revision, state, cluster, namespace, pod, container, target_container, image,
                exit_code, sort_at, received_at, change, sha256, output_omitted)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                session.id.rawValue, entry.node, ledger.row, entry.number, session.revision, session.state.rawValue,
                session.cluster, session.namespace, session.pod, session.container, session.targetContainer,
                session.image, session.exitCode, session.sortAt(entry.at ?? now).nanoseconds, now.nanoseconds, change,
                session.output.map { Data($0.sha256.bytes) }, entry.outputOmitted,
            ])
        return transaction.db.lastInsertedRowID
    }

    private static func update(
        _ session: Session, _ number: Int64, _ omitted: String?, _ ledger: Int64, _ stored: Stored, _ now: Timestamp,
        _ transaction: inout IngestTransaction
    ) throws {
        let change = transaction.nextChange()
        try transaction.db.run(
            """
            UPDATE session SET
                ledger = ?, number = ?, revision = ?, state = ?, cluster = ?, image = ?, exit_code = ?, received_at = ?,
                change = ?, sha256 = ?, output_omitted = ?
            WHERE seq = ?
            """,
            [
                ledger, number, session.revision, session.state.rawValue, session.cluster, session.image,
                session.exitCode, now.nanoseconds, change, session.output.map { Data($0.sha256.bytes) }, omitted,
                stored.row,
            ])
        // Indexed names are set only where they change: SQLite rewrites every index whose columns an UPDATE names.
        let sortAt = session.sortAt(Timestamp(nanoseconds: stored.sortAt)).nanoseconds
        let names = [session.namespace, session.pod, session.container, session.targetContainer]
        guard sortAt != stored.sortAt || names != stored.names else { return }
        try transaction.db.run(
            "UPDATE session SET namespace = ?, pod = ?, container = ?, target_container = ?, sort_at = ? WHERE seq = ?",
            StatementArguments(names) + [sortAt, stored.row])
    }

    private static func insertVersion(
        _ prepared: PreparedSession, _ entry: ReceivedEntry, _ ledger: LedgerState, _ row: Int64, isForeign: Bool,
        _ now: Timestamp, _ db: Database
    ) throws {
        try db.run(
            """
            INSERT INTO session_version (
                session, ledger, number, revision, is_foreign, rank, output_bytes, at, received_at, output_omitted,
                record)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                row, ledger.row, entry.number, prepared.session.revision, isForeign, prepared.rank,
                prepared.outputBytes, (entry.at ?? now).nanoseconds, now.nanoseconds, entry.outputOmitted,
                prepared.record,
            ])
    }

    private static func updateVersion(
        _ prepared: PreparedSession, _ entry: ReceivedEntry, _ ledger: LedgerState, _ row: Int64, _ now: Timestamp,
        _ db: Database
    ) throws {
        try db.run(
            """
            UPDATE session_version SET
                number = ?, revision = ?, rank = ?, output_bytes = ?, at = ?, received_at = ?, output_omitted = ?,
                record = ?
            WHERE session = ? AND ledger = ?
            """,
            [
                entry.number, prepared.session.revision, prepared.rank, prepared.outputBytes,
                (entry.at ?? now).nanoseconds, now.nanoseconds, entry.outputOmitted, prepared.record, row, ledger.row,
            ])
    }

    // MARK: Output

    /// Keeps the output of the newest revision that brought one; its row, or nil where nothing was kept.
    private static func storeOutput(
        _ prepared: PreparedSession, _ ledger: LedgerState, _ row: Int64, _ db: Database
    ) throws -> Int64? {
        guard let output = prepared.output else { return nil }
        if let kept = try insertOutput(output, prepared.session.revision, ledger, row, db) { return kept }
        let stored = try db.firstRow(
            "SELECT seq, revision, sha256 FROM output WHERE session = ? AND ledger = ?", [row, ledger.row]
        ) { (row: $0.integer(0), revision: $0.integer(1), sha256: $0.bytes(2)) }
        guard let stored, Int64(prepared.session.revision) > stored.revision else { return nil }
        if stored.sha256 == output.sha256.bytes {
            try db.run("UPDATE output SET revision = ? WHERE seq = ?", [prepared.session.revision, stored.row])
            return stored.row
        }
        if try db.number("SELECT indexed FROM session WHERE seq = ?", [row]) == stored.row {
            try OutputIndex.remove(row, db)
        }
        try db.run("DELETE FROM output WHERE seq = ?", [stored.row])
        return try insertOutput(output, prepared.session.revision, ledger, row, db)
    }

    /// Nil where the ledger has told of an output of this session before.
    private static func insertOutput(
        _ output: PreparedSession.Output, _ revision: Int, _ ledger: LedgerState, _ row: Int64, _ db: Database
    ) throws -> Int64? {
        try db.run(
            """
            INSERT INTO output (session, ledger, revision, sha256, frames_sha256, bytes, frames)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session, ledger) DO NOTHING
            """,
            [
                row, ledger.row, revision, Data(output.sha256.bytes), Data(output.framesSHA256.bytes),
                Data(output.bytes), Data(output.frames),
            ])
        return db.changesCount > 0 ? db.lastInsertedRowID : nil
    }
}

extension SessionWriter.Stored {
    fileprivate static let columns = """
        seq, ledger, number, revision, versions, node, erased_at, indexed, sort_at, namespace, pod, container,
        target_container
        """

    fileprivate init(_ row: Columns) {
        self.init(
            row: row.integer(0), ledger: row.integer(1), number: row.integer(2), revision: row.integer(3),
            versions: row.integer(4), node: row.text(5), isErased: !row.isNull(6), isIndexed: !row.isNull(7),
            sortAt: row.integer(8), names: (9...12).map { row.optionalText($0) })
    }
}

/// Reads stored records.
enum RecordCoding {
    /// Throws `store.corrupt` where the text is no record.
    static func session(_ record: String) throws -> Session {
        do {
            return try JSONDecoder().decode(Session.self, from: Data(record.utf8))
        } catch {
            throw LastwordError(code: "store.corrupt", message: "cannot read a session's record", cause: error)
        }
    }
}
