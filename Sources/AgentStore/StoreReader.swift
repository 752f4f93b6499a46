// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import Glibc
import SQLiteStore
package import SessionRecords
import Synchronization

/// Reads a node's store: while the agent runs, and when it is dead. Never writes and holds no transaction between calls.
///
/// A store that is replaced, or that an agent begins to write after it was opened, is opened again by the next call. All
/// methods block.
package final class StoreReader: Sendable {
    package let directory: String
    private let paths: StorePaths
    private let connection: Mutex<ReadOnlyConnection>

    /// Throws `store.missing`, `store.unreadable`, `store.newer-schema`, `store.older-schema`, `store.foreign`,
    /// `store.corrupt`.
    package init(directory: String) throws {
        paths = StorePaths(directory: directory)
        self.directory = paths.directory
        connection = Mutex(try Self.connect(paths))
    }

    package func close() throws {
        do {
            try connection.withLock { try $0.queue.close() }
        } catch {
            throw StoreFault.reading(error, doing: "close the store", at: paths.database)
        }
    }

    /// Whether the store is read as a file that nobody writes (`immutable`): neither `-wal` nor `-shm` was there.
    package var isImmutable: Bool {
        connection.withLock { $0.isImmutable }
    }

    // MARK: Sessions

    /// One page of the list, newest first; `before` is the `next` of the page before it.
    package func page(
        _ filter: SessionFilter = SessionFilter(), limit: Int, before cursor: SessionCursor? = nil
    ) throws -> SessionPage {
        let limit = max(0, min(limit, 1_000_000))
        let records = try read("list sessions") { db in
            try SessionQuery(filter).page(db, limit: limit, before: cursor).records
        }
        // Decoded outside the transaction.
        let sessions = try records.map { try SessionRecordCoding.session(Data($0.record.utf8)) }
        let next = records.last.map { SessionCursor(sortAt: $0.sortAt, row: $0.row) }
        return SessionPage(sessions: sessions, next: records.count < limit || limit == 0 ? nil : next)
    }

    /// The newest sessions that the filter lets through.
    package func sessions(
        _ filter: SessionFilter = SessionFilter(), limit: Int, before cursor: SessionCursor? = nil
    ) throws -> [Session] {
        try page(filter, limit: limit, before: cursor).sessions
    }

    package func session(_ id: SessionID) throws -> Session? {
        let record = try read("read session \(id)") { db in
            try db.firstRow(
                """
                SELECT r.record FROM session s JOIN session_record r ON r.session = s.seq WHERE s.id = ?
                """, [id.rawValue]
            ) { $0.text(0) }
        }
        return try record.map { try SessionRecordCoding.session(Data($0.utf8)) }
    }

    /// The session that a person means: by the beginning of its id, or as `namespace/pod/container`.
    ///
    /// Nil if there is none; throws `session.ambiguous`, naming the candidates, if there are several.
    package func session(reference: String) throws -> Session? {
        let records = try read("look up \(Printable.text(reference))") { db in
            try SessionReference(reference)?.records(db) ?? []
        }
        let found = try records.map { try SessionRecordCoding.session(Data($0.utf8)) }
        guard found.count > 1 else { return found.first }
        let lines = found.prefix(SessionReference.shown).map { session in
            let begun = session.startedAt ?? session.createdAt ?? session.observedAt
            return "\n  \(session.id)  \(Printable.text(session.path))  \(begun?.description ?? "-")"
        }
        throw LastwordError(
            code: "session.ambiguous",
            message: "‘\(Printable.text(reference))’ names several sessions:" + lines.joined()
                + (found.count > SessionReference.shown ? "\n  …" : ""),
            remedy: "give the id, or more of it")
    }

    /// The output that was kept; nil if there is none, or none any more.
    ///
    /// Bytes that are not those which the record speaks of are given with a note that says so.
    package func output(_ id: SessionID) throws -> CapturedTail? {
        let stored = try read("read the output of \(id)") { db in
            try db.firstRow(
                """
                SELECT r.record, o.bytes, o.frames FROM session s JOIN session_record r ON r.session = s.seq
                JOIN output o ON o.session = s.seq WHERE s.id = ?
                """, [id.rawValue]
            ) { ($0.text(0), $0.bytes(1), $0.bytes(2)) }
        }
        guard let (record, bytes, frameBytes) = stored else { return nil }
        let session = try SessionRecordCoding.session(Data(record.utf8))
        let frames = OutputFrameCoding.decode(frameBytes)
        var summary =
            session.output
            ?? OutputSummary(
                bytes: bytes.count, truncated: false, lossy: true, streams: [], sha256: Digest(of: bytes),
                framesSHA256: Digest(of: frameBytes), pinnedBy: .none, note: "the record says nothing of this output")
        if summary.sha256 != Digest(of: bytes) || summary.framesSHA256 != Digest(of: frameBytes) || frames == nil {
            summary.lossy = true
            summary.note = "the stored bytes do not have the SHA-256 that the record gives: run lastword verify"
        }
        return CapturedTail(bytes: bytes, frames: frames ?? [], summary: summary)
    }

    // MARK: Ledger

    /// The ledger's random id.
    package func ledger() throws -> String {
        try read("read the ledger's id") { db in try db.firstRow("SELECT ledger FROM ledger_state") { $0.text(0) } }
            ?? ""
    }

    /// The newest gaps, oldest first.
    package func gaps(limit: Int = 10_000) throws -> [Gap] {
        try read("read the gaps") { db in try GapRow.all(db, limit: limit) }
    }

    /// The last entry's number and hash, to be kept elsewhere.
    package func head() throws -> LedgerHead {
        try read("read the ledger's head") { db in try LedgerWriter.head(db) }
    }

    /// At most `limit` entries from number `first` on. An export asks again from the last number + 1 until it gets none.
    package func entries(from first: Int64, limit: Int) throws -> [LedgerEntry] {
        try read("read the ledger") { db in
            let delivered = try db.number("SELECT delivered FROM ledger_state")
            var entries: [LedgerEntry] = []
            try db.forEachRow(
                """
                SELECT l.number, l.type, l.at, s.id, l.refused, l.hash, l.bytes FROM ledger l
                LEFT JOIN session s ON s.seq = l.session WHERE l.number >= ? ORDER BY l.number LIMIT ?
                """, [first, max(0, limit)]
            ) { row in
                entries.append(
                    LedgerEntry(
                        number: row.integer(0), type: row.text(1), at: Timestamp(nanoseconds: row.integer(2)),
                        session: row.optionalText(3).flatMap { SessionID($0) }, bytes: row.bytes(6),
                        hash: try LedgerWriter.digest(row, 5), refused: row.integer(4) != 0,
                        delivered: row.integer(0) <= delivered && row.integer(4) == 0))
                return true
            }
            return entries
        }
    }

    // MARK: Connection

    /// One read transaction on a store that is known to be of this schema.
    func read<Result>(_ doing: String, _ body: (Database) throws -> Result) throws -> Result {
        let queue = try connection.withLock { connection in
            if connection.isStale(paths.database) {
                let fresh = try Self.connect(paths)
                // What was replaced is of no more use; that it cannot be closed changes nothing.
                try? connection.queue.close()
                connection = fresh
            }
            return connection.queue
        }
        do {
            return try queue.read(body)
        } catch {
            throw StoreFault.reading(error, doing: doing, at: paths.database)
        }
    }

    private static func connect(_ paths: StorePaths) throws -> ReadOnlyConnection {
        guard FileFacts(paths.database) != nil else {
            // Nil also where a directory on the way may not be searched.
            if access(paths.database, F_OK) != 0, errno == EACCES {
                throw LastwordError(
                    code: "store.unreadable", message: "cannot see the store in \(paths.directory)",
                    remedy: "run as root or as a member of the group lastword")
            }
            throw LastwordError(
                code: "store.missing", message: "there is no store in \(paths.directory)",
                remedy: "start lastword-agent on this node, or name the directory of its store with --store")
        }
        do {
            let connection = try ReadOnlyConnection(paths)
            try connection.queue.read { db in try checkSchema(db, paths) }
            return connection
        } catch {
            throw StoreFault.reading(error, doing: "open the store", at: paths.database)
        }
    }

    private static func checkSchema(_ db: Database, _ paths: StorePaths) throws {
        let version = try db.number("PRAGMA user_version")
        let isOurs = try db.number("PRAGMA application_id") == StoreMigrator.applicationID
        if version > StoreMigrator.version, isOurs {
            throw LastwordError(
                code: "store.newer-schema",
                message: "cannot read \(paths.database): its schema \(version) is of a later version"
                    + " (this one knows up to \(StoreMigrator.version))",
                remedy: "use the lastword of the version that the agent has")
        }
        if version < StoreMigrator.version, isOurs || version == 0 {
            throw LastwordError(
                code: "store.older-schema",
                message:
                    "cannot read \(paths.database): no agent has brought it to schema \(StoreMigrator.version) yet",
                remedy: "start the agent of this version once")
        }
        guard isOurs else {
            throw LastwordError(
                code: "store.foreign", message: "\(paths.database) is a database of another program",
                remedy: "name the directory of the agent's store with --store")
        }
    }
}
