// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// Appends entries inside one transaction. Made anew in each: the head is read from the table, so that a transaction that
/// failed leaves nothing behind that the next one could build on.
struct LedgerWriter {
    let db: Database
    let ledger: String
    let at: Timestamp
    private(set) var head: LedgerHead
    private(set) var appended: [CommittedEntry] = []
    /// Facts that were there already, and were left as they are.
    var duplicates = 0

    init(_ db: Database, ledger: String, at: Timestamp) throws {
        self.db = db
        self.ledger = ledger
        self.at = at
        head = try Self.head(db)
    }

    /// The last entry, or the anchor where all entries are gone.
    static func head(_ db: Database) throws -> LedgerHead {
        let last = try db.firstRow("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1") { row in
            try LedgerHead(number: row.integer(0), hash: digest(row, 1))
        }
        return try last ?? anchor(db)
    }

    static func anchor(_ db: Database) throws -> LedgerHead {
        try db.firstRow("SELECT anchor_number, anchor_hash FROM ledger_state") { row in
            try LedgerHead(number: row.integer(0), hash: digest(row, 1))
        } ?? .none
    }

    static func digest(_ row: Columns, _ index: Int32) throws -> Digest {
        guard let digest = Digest(bytes: row.bytes(index)) else {
            throw LastwordError(
                code: "store.corrupt", message: "a hash in the store does not have 32 bytes",
                remedy: "run lastword verify")
        }
        return digest
    }

    @discardableResult
    mutating func append(_ draft: EntryDraft) throws -> CommittedEntry {
        let (number, overflow) = head.number.addingReportingOverflow(1)
        guard !overflow else {
            throw LastwordError(code: "store.corrupt", message: "the ledger's last number is the largest there is")
        }
        let bytes = draft.bytes(ledger: ledger, number: number, at: at)
        let hash = LedgerChain.hash(previous: head.hash, number: number, bytes: bytes)
        try db.run(
            "INSERT INTO ledger (number, type, at, session, revision, hash, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                number, draft.type.rawValue, at.nanoseconds, draft.session?.row, draft.session?.revision,
                Data(hash.bytes), Data(bytes),
            ])
        head = LedgerHead(number: number, hash: hash)
        let entry = CommittedEntry(
            number: number, type: draft.type, at: at, hash: hash, session: draft.session?.id,
            revision: draft.session?.revision)
        appended.append(entry)
        return entry
    }

    /// An entry that an earlier transaction made, given again to a caller that asks for the same fact again.
    mutating func repeated(_ entry: CommittedEntry) {
        appended.append(entry)
    }
}
