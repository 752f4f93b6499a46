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
    private struct Stored {
        let row: Int64
        let ledger: Int64
        let revision: Int64
        let versions: Int64
        let node: String
        let isErased: Bool
    }

    static func write(
        _ prepared: PreparedSession, _ entry: ReceivedEntry, _ ledger: LedgerState, receivedAt now: Timestamp,
        _ transaction: inout IngestTransaction
    ) throws {
        let db = transaction.db
        let stored = try db.firstRow(
            "SELECT seq, ledger, revision, versions, node, erased_at FROM session WHERE id = ?",
            [prepared.session.id.rawValue]
        ) { row in
            Stored(
                row: row.integer(0), ledger: row.integer(1), revision: row.integer(2), versions: row.integer(3),
                node: row.text(4), isErased: !row.isNull(5))
        }
        guard let stored else {
            let row = try insert(prepared, entry, ledger, now, &transaction)
            try insertVersion(prepared, entry, ledger, row, isForeign: false, now, db)
            if try storeOutput(prepared, ledger, row, db) { try index(row, prepared, db) }
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
                    prepared.session, entry.number, entry.outputOmitted, ledger.row, stored.row, now, &transaction)
            } else {
                try choose(stored.row, now, &transaction)
            }
        }
        if !stored.isErased { _ = try storeOutput(prepared, ledger, stored.row, db) }
        try index(stored.row, prepared, db)
    }

    // MARK: Choice

    /// Takes the best version, and shows it if it is another one than before.
    private static func choose(_ row: Int64, _ now: Timestamp, _ transaction: inout IngestTransaction) throws {
        let best = try transaction.db.firstRow(
            """
            SELECT ledger, number, revision, output_omitted, record FROM session_version
            WHERE session = ? AND is_foreign = 0
            ORDER BY rank DESC, output_bytes DESC, at DESC, ledger LIMIT 1
            """, [row]
        ) { row in
            (
                ledger: row.integer(0), number: row.integer(1), revision: row.integer(2),
                omitted: row.optionalText(3), record: row.text(4)
            )
        }
        guard let best else { return }
        let shown = try transaction.db.firstRow("SELECT ledger, number, revision FROM session WHERE seq = ?", [row]) {
            ($0.integer(0), $0.integer(1), $0.integer(2))
        }
        if let shown, shown == (best.ledger, best.number, best.revision) { return }
        let session = try RecordCoding.session(best.record)
        try update(session, best.number, best.omitted, best.ledger, row, now, &transaction)
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
        _ session: Session, _ number: Int64, _ omitted: String?, _ ledger: Int64, _ row: Int64, _ now: Timestamp,
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
                session.exitCode, now.nanoseconds, change, session.output.map { Data($0.sha256.bytes) }, omitted, row,
            ])
        // Indexed names are set only where they change: SQLite rewrites every index whose columns an UPDATE names.
        let sortAt = try transaction.db.firstRow("SELECT sort_at FROM session WHERE seq = ?", [row]) { $0.integer(0) }
        let newSortAt = session.sortAt(Timestamp(nanoseconds: sortAt ?? now.nanoseconds)).nanoseconds
        try transaction.db.run(
            """
            UPDATE session SET namespace = ?, pod = ?, container = ?, target_container = ?, sort_at = ?
            WHERE seq = ? AND (namespace IS NOT ? OR pod IS NOT ? OR container IS NOT ? OR target_container IS NOT ?
                OR sort_at <> ?)
            """,
            [
                session.namespace, session.pod, session.container, session.targetContainer, newSortAt, row,
                session.namespace, session.pod, session.container, session.targetContainer, newSortAt,
            ])
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

    /// Keeps the output of the newest revision that brought one; true if it is kept.
    private static func storeOutput(
        _ prepared: PreparedSession, _ ledger: LedgerState, _ row: Int64, _ db: Database
    ) throws -> Bool {
        guard let output = prepared.output else { return false }
        let stored = try db.firstRow(
            "SELECT seq, revision, sha256 FROM output WHERE session = ? AND ledger = ?", [row, ledger.row]
        ) { (row: $0.integer(0), revision: $0.integer(1), sha256: $0.bytes(2)) }
        if let stored {
            guard Int64(prepared.session.revision) > stored.revision else { return false }
            if stored.sha256 == output.sha256.bytes {
                try db.run(
                    "UPDATE output SET revision = ? WHERE seq = ?", [prepared.session.revision, stored.row])
                return true
            }
            if try db.number("SELECT indexed FROM session WHERE seq = ?", [row]) == stored.row {
                try OutputIndex.remove(row, db)
            }
            try db.run("DELETE FROM output WHERE seq = ?", [stored.row])
        }
        try db.run(
            """
            INSERT INTO output (session, ledger, revision, sha256, frames_sha256, bytes, frames)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                row, ledger.row, prepared.session.revision, Data(output.sha256.bytes),
                Data(output.framesSHA256.bytes), Data(output.bytes), Data(output.frames),
            ])
        return true
    }

    private static func index(_ row: Int64, _ prepared: PreparedSession, _ db: Database) throws {
        try OutputIndex.refresh(row, text: prepared.output.map { ($0.sha256, prepared.text) }, db)
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
