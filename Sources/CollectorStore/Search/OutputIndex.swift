// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import GRDBSQLite
import SQLiteStore
import SessionRecords

/// Sessions whose words are to be put into the index at the end of a transaction.
///
/// At the end, because every other statement that may have to be undone by itself makes FTS5 write what it has gathered as a
/// segment of its own: with a word or two between two such statements, that costs three times what all the rest does.
struct IndexWork {
    struct Text {
        let sha256: Digest
        let text: String
        /// The output's row, where it is known to be the one that is wanted by a session with no words in the index.
        var fresh: Int64?
    }

    private var sessions: [Int64: Text?] = [:]

    func has(_ session: Int64) -> Bool { sessions[session] != nil }

    /// - Parameter text: the output that came, if one did.
    mutating func note(_ session: Int64, _ text: Text?) {
        // Of several batches the last one: a fresh row may be gone by then.
        if var text, has(session) {
            text.fresh = nil
            sessions[session] = text
        } else {
            sessions.updateValue(text, forKey: session)
        }
    }

    /// Puts in the words of the outputs that the sessions' records name, and takes out those of others.
    func finish(_ db: Database) throws {
        var additions: [(output: Int64, session: Int64, text: String)] = []
        for (session, text) in sessions {
            if let text, let fresh = text.fresh {
                additions.append((fresh, session, text.text))
            } else if let wanted = try OutputIndex.wanted(session, db) {
                let words =
                    if let text, text.sha256.bytes == wanted.sha256 {
                        text.text
                    } else {
                        try OutputIndex.text(ofOutput: wanted.output, db)
                    }
                additions.append((wanted.output, session, words))
            }
        }
        // In the order of their numbers, for the same reason.
        additions.sort { $0.output < $1.output }
        for addition in additions {
            try db.run("UPDATE session SET indexed = ? WHERE seq = ?", [addition.output, addition.session])
        }
        for addition in additions {
            try db.run("INSERT INTO output_text (rowid, text) VALUES (?, ?)", [addition.output, addition.text])
        }
    }
}

/// The words of each session's chosen output in `output_text`, and how they are removed for good.
enum OutputIndex {
    /// Which output `o` may be shown for `session s`: one with the hash that the record names, of a ledger of the session's own
    /// node. Of these the chosen ledger's goes first: frames are the teller's, and another's may tell of other times.
    static let isChosen = """
        o.session = s.seq AND o.sha256 = s.sha256 AND NOT EXISTS (
            SELECT 1 FROM session_version v WHERE v.session = s.seq AND v.ledger = o.ledger AND v.is_foreign = 1)
        """

    /// The output whose words are to be put in, after those of another one were taken out; nil if there is nothing to do.
    static func wanted(_ session: Int64, _ db: Database) throws -> (output: Int64, sha256: [UInt8])? {
        let state = try db.firstRow(
            """
            SELECT s.indexed, o.seq, o.sha256 FROM session s
            LEFT JOIN output o ON \(isChosen)
            WHERE s.seq = ? ORDER BY o.ledger = s.ledger DESC, o.seq LIMIT 1
            """, [session]
        ) { ($0.optionalInteger(0), $0.optionalInteger(1), $0.bytes(2)) }
        guard let (indexed, wanted, sha256) = state, indexed != wanted else { return nil }
        if indexed != nil { try remove(session, db) }
        return wanted.map { ($0, sha256) }
    }

    /// Takes a session's words out. Must come before its output is removed or replaced: they are read from it.
    static func remove(_ session: Int64, _ db: Database) throws {
        guard
            let indexed = try db.firstRow(
                "SELECT indexed FROM session WHERE seq = ?", [session], { $0.optionalInteger(0) }) ?? nil
        else { return }
        try db.run(
            "INSERT INTO output_text (output_text, rowid, text) VALUES ('delete', ?, ?)",
            [indexed, try text(ofOutput: indexed, db)])
        try db.run("UPDATE session SET indexed = NULL WHERE seq = ?", [session])
    }

    static func text(ofOutput output: Int64, _ db: Database) throws -> String {
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

    /// The same at once, however long it takes; true.
    static func purge(_ db: Database) throws -> Bool {
        try db.run("INSERT INTO output_text (output_text) VALUES ('optimize')")
        return true
    }
}
