// SPDX-License-Identifier: Apache-2.0
package import GRDB
import GRDBSQLite
import Glibc
package import SessionRecords

/// How much of what is deleted is overwritten.
package enum SecureDeletion: String, Sendable {
    /// Only in pages that are written anyway: some distributions build SQLite so that it overwrites everything, and
    /// removing then costs as much as writing.
    case fast = "FAST"
    /// Everything, so that what was erased is in no page of the file.
    case full = "ON"
}

extension Database {
    /// Makes every commit of this connection durable when it returns, and leaves the write-ahead log behind a clean stop, so
    /// that a reader who may not write can open the store.
    ///
    /// GRDB sets `synchronous = NORMAL` while it opens a WAL database, after `prepareDatabase`: hence afterwards, and read
    /// back.
    package func harden(_ deletion: SecureDeletion) throws {
        try execute(sql: "PRAGMA synchronous = FULL")
        guard try number("PRAGMA synchronous") == 2 else {
            throw LastwordError(code: "store.write", message: "SQLite did not take synchronous = FULL")
        }
        var persistent: Int32 = 1
        let code = sqlite3_file_control(sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &persistent)
        guard code == SQLITE_OK, persistent == 1 else {
            throw LastwordError(
                code: "store.write", message: "SQLite did not take a persistent write-ahead log (\(code))")
        }
        try execute(sql: "PRAGMA journal_size_limit = 16777216")
        try execute(sql: "PRAGMA secure_delete = \(deletion.rawValue)")
    }
}

extension StorePaths {
    /// Renames a database and its log, never deleting anything, and gives the database's new name. The `-shm` file is made
    /// anew from the log by whoever opens it next.
    ///
    /// - Parameter word: why, as part of the name.
    package func setAside(at moment: Timestamp, as word: String = "corrupt") throws -> String {
        let stamp = moment.description.replacing(":", with: ".")
        var name = "\(program.databaseName).db.\(word)-\(stamp)"
        var attempt = 1
        while FileFacts(directory + "/" + name) != nil || FileFacts(directory + "/" + name + "-wal") != nil {
            attempt += 1
            name = "\(program.databaseName).db.\(word)-\(stamp)-\(attempt)"
        }
        // The database last: whoever is interrupted in between finds it again, still damaged.
        for suffix in ["-wal", "-shm", ""] where FileFacts(database + suffix) != nil {
            let target = directory + "/" + name + suffix
            guard rename(database + suffix, target) == 0 else {
                throw StoreDirectory.unwritable(target, SystemFault("rename"), program: program)
            }
        }
        return name
    }
}
