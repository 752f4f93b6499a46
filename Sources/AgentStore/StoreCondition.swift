// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

/// What lies at the store's path, found out without writing to it.
enum StoreCondition: Equatable {
    case absent
    case sound
    /// Made by a later version, with this schema.
    case newer(Int64)
    /// A database of some other program.
    case foreign
    /// In words.
    case corrupt(String)

    /// Up to this size the whole file is checked at every start; a larger one only after an unclean stop.
    static let alwaysCheckedBytes: Int64 = 128 << 20

    /// Throws only where the file cannot be read at all (permissions, a failing disk).
    static func examine(_ paths: StorePaths) throws -> StoreCondition {
        let size = FileFacts(paths.database)?.size ?? 0
        if size == 0 {
            // SQLite would delete the log of an empty database: what it holds would be lost without a word.
            let orphan = (FileFacts(paths.wal)?.size ?? 0) > 0
            return orphan ? .corrupt("a write-ahead log without its database") : .absent
        }
        do {
            let connection = try ReadOnlyConnection(paths)
            let condition = try connection.queue.read { db in try examine(db, size: size) }
            try connection.queue.close()
            return condition
        } catch let error as DatabaseError {
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .corrupt(SQLiteFault(error).description)
            // A table or column of ours is missing, in a file that says it is ours.
            case .SQLITE_ERROR: return .corrupt(SQLiteFault(error).description)
            default: throw StoreFault.reading(error, doing: "read the store", at: paths.database)
            }
        }
    }

    private static func examine(_ db: Database, size: Int64) throws -> StoreCondition {
        let version = try db.number("PRAGMA user_version")
        guard try db.number("PRAGMA application_id") == StoreMigrator.applicationID else {
            let tables = try db.number("SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'grdb_%'")
            return tables == 0 && version == 0 ? .sound : .foreign
        }
        guard version <= Int64(StoreMigrator.version) else { return .newer(version) }
        let isClean = try db.firstRow("SELECT clean FROM ledger_state") { $0.integer(0) == 1 } ?? false
        if size <= alwaysCheckedBytes || !isClean {
            let verdict = try db.firstRow("PRAGMA quick_check(1)") { $0.text(0) } ?? "no answer"
            guard verdict == "ok" else { return .corrupt(verdict) }
        }
        // What every start needs, also where the file was too large to be read through.
        _ = try LedgerWriter.head(db)
        return .sound
    }
}
