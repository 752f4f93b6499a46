// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import GRDBSQLite
import SQLiteStore
import SessionRecords

/// Keeps the words of each session's chosen output in `output_text`, and removes them for good.
enum OutputIndex {
    /// Puts in the words of the output that the session's record names, and takes out those of another one.
    ///
    /// - Parameter text: the wanted output's text where it is at hand already.
    static func refresh(_ session: Int64, text: (sha256: Digest, text: String)? = nil, _ db: Database) throws {
        let state = try db.firstRow(
            """
            SELECT s.indexed, o.seq, o.sha256 FROM session s
            LEFT JOIN output o ON o.session = s.seq AND o.sha256 = s.sha256
            WHERE s.seq = ? ORDER BY o.seq LIMIT 1
            """, [session]
        ) { ($0.optionalInteger(0), $0.optionalInteger(1), $0.bytes(2)) }
        guard let (indexed, wanted, sha256) = state, indexed != wanted else { return }
        if indexed != nil { try remove(session, db) }
        guard let wanted else { return }
        let words: String
        if let text, text.sha256.bytes == sha256 {
            words = text.text
        } else {
            words = try self.text(ofOutput: wanted, db)
        }
        try db.run("INSERT INTO output_text (rowid, text) VALUES (?, ?)", [session, words])
        try db.run("UPDATE session SET indexed = ? WHERE seq = ?", [wanted, session])
    }

    /// Takes a session's words out. Must come before its output is removed or replaced: they are read from it.
    static func remove(_ session: Int64, _ db: Database) throws {
        guard
            let indexed = try db.firstRow(
                "SELECT indexed FROM session WHERE seq = ?", [session], { $0.optionalInteger(0) }) ?? nil
        else { return }
        try db.run(
            "INSERT INTO output_text (output_text, rowid, text) VALUES ('delete', ?, ?)",
            [session, try text(ofOutput: indexed, db)])
        try db.run("UPDATE session SET indexed = NULL WHERE seq = ?", [session])
    }

    private static func text(ofOutput output: Int64, _ db: Database) throws -> String {
        try db.firstRow("SELECT bytes FROM output WHERE seq = ?", [output]) { row in
            row.withBytes(0) { SearchText.cleaned($0) }
        } ?? ""
    }

    /// Merges the index's segments by a bounded step, after which removed words are in no page any more; true when there is
    /// nothing left to merge.
    ///
    /// FTS5 before SQLite 3.42 notes a removal and leaves the words in their segment until it is merged; there is no
    /// `secure-delete` of its own.
    static func purgeStep(_ db: Database, pages: Int) throws -> Bool {
        let before = sqlite3_total_changes(db.sqliteConnection)
        try db.run("INSERT INTO output_text (output_text, rank) VALUES ('merge', ?)", [-max(1, pages)])
        // https://www.sqlite.org/fts5.html#the_merge_command: fewer than two changes mean that it was a no-op.
        return sqlite3_total_changes(db.sqliteConnection) - before < 2
    }
}
