// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// Opens a store for writing, whatever state it is found in.
struct CollectorOpener {
    let paths: StorePaths
    let options: CollectorStoreOptions

    /// The lock must be held. A damaged store is set aside; one of a later version or another program is left alone and
    /// thrown as `store.newer-schema` or `store.foreign`.
    func open() throws -> (DatabasePool, CollectorStoreOpening) {
        switch try CollectorCondition.examine(paths.database, paths.wal) {
        case .newer(let version): throw Self.newer(version, paths.database)
        case .foreign: throw Self.foreign(paths.database)
        case .corrupt(let reason): return try replace(reason)
        case .absent: return try openOrReplace(.created)
        case .sound: return try openOrReplace(.existing)
        }
    }

    static func newer(_ version: Int64, _ file: String) -> LastwordError {
        LastwordError(
            code: "store.newer-schema",
            message: "cannot use \(file): its schema \(version) is of a later version"
                + " (this one knows up to \(CollectorMigrator.version))",
            remedy: "run the newer collector, or give this one another store.directory")
    }

    static func foreign(_ file: String) -> LastwordError {
        LastwordError(
            code: "store.foreign", message: "cannot use \(file): it is a database of another program",
            remedy: "give the collector a store.directory of its own")
    }

    private func openOrReplace(_ opening: CollectorStoreOpening) throws -> (DatabasePool, CollectorStoreOpening) {
        do {
            return (try openWriter(), opening)
        } catch let error as DatabaseError
            where error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
        {
            return try replace(SQLiteFault(error).description)
        } catch {
            throw StoreFault.writing(error, doing: "open the store", at: paths.database, program: .collector)
        }
    }

    private func replace(_ reason: String) throws -> (DatabasePool, CollectorStoreOpening) {
        let file = try paths.setAside(at: options.clock())
        do {
            let pool = try openWriter()
            try pool.write { [options] db in
                try AuditTrail.note(
                    "store.replaced", actor: "collector", reason: Bounds.clip(reason, to: Bounds.messageBytes),
                    detail: [("file", .string(file))], at: options.clock(), db)
            }
            return (pool, .replaced(file: file, reason: reason))
        } catch {
            throw StoreFault.writing(error, doing: "begin a new store", at: paths.database, program: .collector)
        }
    }

    private func openWriter() throws -> DatabasePool {
        try StoreDirectory.prepareDatabaseFile(paths, group: options.group)
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.label = "lastword.collector"
        configuration.maximumReaderCount = max(1, options.readers)
        configuration.prepareDatabase { db in
            // Has effect on a database without tables only; lets a lowered byte limit give space back. It writes: the
            // connections that only read may not ask for it.
            if !db.configuration.readonly { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            try db.execute(sql: "PRAGMA cache_size = -16384")
        }
        let pool = try DatabasePool(path: paths.database, configuration: configuration)
        // Everything that is deleted is overwritten: what was erased is in no page.
        try pool.writeWithoutTransaction { db in try db.harden(.full) }
        try CollectorMigrator.migrate(pool)
        let now = options.clock().nanoseconds
        try pool.write { db in
            try db.run(
                "INSERT OR IGNORE INTO store_state (id, created_at, cursor_key) VALUES (1, ?, ?)",
                [now, Data(CursorSeal.newKey())])
            try db.run("UPDATE store_state SET clean = 0")
        }
        return pool
    }
}

/// What lies at a path, found out without writing to it.
enum CollectorCondition: Equatable {
    case absent
    case sound
    /// Made by a later version, with this schema.
    case newer(Int64)
    /// A database of some other program.
    case foreign
    /// In words.
    case corrupt(String)

    /// Up to the first size the whole file is checked at every start, up to the second one after an unclean stop. A larger one
    /// would keep the agents waiting for minutes: SQLite's own recovery must do, and `integrityFindings` says more.
    static let alwaysCheckedBytes: Int64 = 128 << 20
    static let checkedUncleanBytes: Int64 = 1 << 30

    /// Throws only where the file cannot be read at all (permissions, a failing disk).
    static func examine(_ database: String, _ log: String, thoroughly: Bool = false) throws -> CollectorCondition {
        let size = FileFacts(database)?.size ?? 0
        if size == 0 {
            // SQLite would delete the log of an empty database: what it holds would be lost without a word.
            return (FileFacts(log)?.size ?? 0) > 0 ? .corrupt("a write-ahead log without its database") : .absent
        }
        do {
            let connection = try ReadOnlyConnection(path: database)
            let condition = try connection.queue.read { db in try examine(db, size: thoroughly ? 0 : size) }
            try connection.queue.close()
            return condition
        } catch let error as DatabaseError {
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt(SQLiteFault(error).description)
            // A table or column of ours is missing, in a file that says it is ours.
            case .SQLITE_ERROR: return .corrupt(SQLiteFault(error).description)
            default: throw StoreFault.reading(error, doing: "read the store", at: database, program: .collector)
            }
        }
    }

    private static func examine(_ db: Database, size: Int64) throws -> CollectorCondition {
        let version = try db.number("PRAGMA user_version")
        guard try db.number("PRAGMA application_id") == CollectorMigrator.applicationID else {
            let tables = try db.number("SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'grdb_%'")
            return tables == 0 && version == 0 ? .sound : .foreign
        }
        guard version <= Int64(CollectorMigrator.version) else { return .newer(version) }
        let isClean = try db.firstRow("SELECT clean FROM store_state") { $0.integer(0) == 1 } ?? false
        if size <= alwaysCheckedBytes || (!isClean && size <= checkedUncleanBytes) {
            let verdict = try db.firstRow("PRAGMA quick_check(1)") { $0.text(0) } ?? "no answer"
            guard verdict == "ok" else { return .corrupt(verdict) }
        }
        // What every start needs, also where the file was too large to be read through.
        for table in ["node", "ledger", "entry", "session", "output", "token", "audit"] {
            _ = try db.firstRow("SELECT 1 FROM \(table) LIMIT 1") { $0.integer(0) }
        }
        return .sound
    }
}
