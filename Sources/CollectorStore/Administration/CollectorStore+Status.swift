// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// What a status page and the metrics endpoint say of the store.
package struct CollectorStatus: Sendable, Hashable {
    package let createdAt: Timestamp
    package let sessions: Int
    package let entries: Int
    package let outputs: Int
    package let nodes: Int
    package let ledgers: Int
    package let holds: Int
    package let openAlarms: Int
    package let openGaps: Int
    /// When the last batch came.
    package let lastReceivedAt: Timestamp?
    /// Bytes of the database and its log on disk, and of its pages in use.
    package let fileBytes: Int64
    package let usedBytes: Int64
    package let schemaVersion: Int
    package let sqliteVersion: String
    /// Names of databases that were damaged and stand beside this one.
    package let setAside: [String]
}

extension CollectorStore {
    package func status() async throws -> CollectorStatus {
        let paths = self.paths
        return try await readingLong("read the store's status") { db in
            func count(_ sql: String) throws -> Int { Int(clamping: try db.number("SELECT count(*) FROM " + sql)) }
            let used =
                try (db.number("PRAGMA page_count") - db.number("PRAGMA freelist_count"))
                * db.number("PRAGMA page_size")
            let last = try db.firstRow("SELECT max(last_received_at) FROM node") { $0.optionalInteger(0) } ?? nil
            return CollectorStatus(
                createdAt: Timestamp(nanoseconds: try db.number("SELECT created_at FROM store_state")),
                sessions: try count("session"), entries: try count("entry"), outputs: try count("output"),
                nodes: try count("node"), ledgers: try count("ledger"), holds: try count("hold"),
                openAlarms: try count("alarm WHERE closed_at IS NULL"),
                openGaps: try count("gap WHERE closed_at IS NULL"),
                lastReceivedAt: last.map(Timestamp.init(nanoseconds:)),
                fileBytes: (FileFacts(paths.database)?.size ?? 0) + (FileFacts(paths.wal)?.size ?? 0),
                usedBytes: used, schemaVersion: CollectorMigrator.version,
                sqliteVersion: try db.firstRow("SELECT sqlite_version()") { $0.text(0) } ?? "",
                setAside: paths.setAside)
        }
    }

    /// Nil if the store can be written; else the error's code, which says what is wrong: for `/readyz`. Writes nothing that
    /// stays.
    package func health() async -> String? {
        do {
            try await writing("try the store") { db in
                try db.run("UPDATE store_state SET created_at = created_at")
            }
            count { $0.failing = nil }
            return nil
        } catch {
            return (error as? LastwordError)?.code ?? "store.write"
        }
    }

    /// Reads the whole store through, database and search index; what is wrong with it in words, nothing if it is sound.
    package func integrityFindings() async throws -> [String] {
        var findings = try await readingLong("check the store") { db in
            var findings: [String] = []
            try db.forEachRow("PRAGMA integrity_check(100)") { row in
                if row.text(0) != "ok" { findings.append(row.text(0)) }
                return true
            }
            try db.forEachRow("PRAGMA foreign_key_check") { row in
                findings.append("a row of \(row.text(0)) names one that is not there")
                return findings.count < 100
            }
            let isMiscounted = try db.number(
                "SELECT (SELECT sum(sessions) FROM session_day) IS NOT nullif(count(*), 0) FROM session")
            if isMiscounted != 0 {
                findings.append("the counts for statistics do not add up to the sessions")
            }
            return findings
        }
        do {
            try await pool.write { db in
                try db.run("INSERT INTO output_text (output_text) VALUES ('integrity-check')")
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            findings.append("the search index does not agree with itself")
        } catch {
            throw failed(error, "check the search index")
        }
        return findings
    }
}

extension CollectorStore {
    /// What SQLite says of the writing connection: `synchronous` is 2 where every commit is synced, `secureDelete` 1 where
    /// everything deleted is overwritten.
    package func settings() async throws -> (synchronous: Int, secureDelete: Int) {
        try await writing("read the store's settings") { db in
            (
                Int(clamping: try db.number("PRAGMA synchronous")),
                Int(clamping: try db.number("PRAGMA secure_delete"))
            )
        }
    }
}
