// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// Checks a ledger from its anchor to its end: numbers, hashes, the entries' own form, the retention entries, the sessions'
/// rows and outputs, and heads kept elsewhere.
///
/// What it sees: every flip, drop, reorder and cut in the middle. What it cannot see without a head kept elsewhere: a cut
/// tail, and a chain rewritten by someone who can compute hashes.
package struct LedgerVerifier {
    private let db: Database
    private var report: VerificationReport
    /// The hash that the next entry must stand on. Two where an entry's own did not agree: as stored and as computed.
    private var links: [Digest] = []
    private var expected: Int64
    private var lastAnchor: LedgerHead = .none

    /// Reads the whole ledger in one read transaction. Throws `store.*` where the store cannot be read.
    package static func verify(_ reader: StoreReader, heads: [KnownHead] = []) throws -> VerificationReport {
        try reader.read("verify the ledger") { db in
            // For this connection: outputs and rows are looked up by the entries' order.
            try db.execute(sql: "PRAGMA cache_size = -32768")
            var verifier = try LedgerVerifier(db)
            try verifier.checkEntries()
            verifier.checkAnchor()
            try verifier.checkTail()
            try verifier.checkOutputs()
            for head in heads { try verifier.check(head) }
            return verifier.report
        }
    }

    private init(_ db: Database) throws {
        self.db = db
        let ledger = try db.firstRow("SELECT ledger FROM ledger_state") { $0.text(0) } ?? ""
        let anchor = try LedgerWriter.anchor(db)
        report = VerificationReport(ledger: ledger, anchor: anchor, head: try LedgerWriter.head(db))
        links = [anchor.hash]
        expected = anchor.number + 1
    }

    // MARK: Entries

    private mutating func checkEntries() throws {
        var ledger = Array(report.ledger.utf8)
        ledger.reserveCapacity(36)
        try db.forEachRow(
            """
            SELECT l.number, l.type, l.hash, l.bytes, l.session, s.seq,
                CASE WHEN s.last_entry = l.number AND s.revision = l.revision THEN r.record END
            FROM ledger l LEFT JOIN session s ON s.seq = l.session
            LEFT JOIN session_record r ON r.session = s.seq AND s.last_entry = l.number ORDER BY l.number
            """
        ) { row in
            checkLink(row)
            row.withBytes(3) { bytes in checkForm(row, bytes, ledger) }
            report.entries += 1
            return true
        }
        if report.entries == 0 { report.find(.missing, expected, "the ledger has no entry at all") }
    }

    /// Number and hash.
    private mutating func checkLink(_ row: Columns) {
        let number = row.integer(0)
        if number != expected {
            let missing = number - 1 == expected ? "entry \(expected) is" : "entries \(expected) to \(number - 1) are"
            report.find(.missing, expected, "\(missing) missing")
            links = []
        }
        expected = number &+ 1
        let stored = row.withBytes(2) { Digest(bytes: Array($0)) } ?? .zero
        // Behind a hole nothing says what the hash stands on: the chain is taken up again from what is stored.
        guard !links.isEmpty else {
            links = [stored]
            return
        }
        var computed: [Digest] = []
        for link in links {
            let hash = row.withBytes(3) { ChainHash.entry(after: link, number, $0) }
            if hash == stored {
                links = [stored]
                return
            }
            computed.append(hash)
        }
        report.find(.altered, number, "entry \(number) does not have the hash that it was written with")
        links = [stored] + computed.prefix(1)
    }

    /// What the bytes say of themselves, and whether the session's row says the same.
    private mutating func checkForm(_ row: Columns, _ bytes: UnsafeBufferPointer<UInt8>, _ ledger: [UInt8]) {
        let number = row.integer(0)
        guard let members = CanonicalScanner.members(of: bytes) else {
            report.find(.malformed, number, "entry \(number) is not canonical JSON")
            return
        }
        func string(_ key: StaticString) -> UnsafeBufferPointer<UInt8>? {
            CanonicalScanner.string(CanonicalScanner.value(key, in: members, of: bytes))
        }
        if CanonicalScanner.integer(CanonicalScanner.value("number", in: members, of: bytes)) != number {
            report.find(.malformed, number, "entry \(number) says of itself that it has another number")
        }
        if string("ledger")?.elementsEqual(ledger) != true {
            report.find(.malformed, number, "entry \(number) belongs to another ledger")
        }
        let isNamedType = row.withBytes(1) { column in string("type")?.elementsEqual(column) == true }
        if !isNamedType { report.find(.malformed, number, "entry \(number) is not of the type that its row says") }
        let type = row.text(1)
        if type == EntryType.ledgerOpened.rawValue, number != 1 {
            report.find(.malformed, number, "entry \(number) opens a ledger in the middle of one")
        }
        if type == EntryType.retention.rawValue { checkRetention(number, bytes) }
        guard !row.isNull(4) else { return }
        if row.isNull(5) {
            report.find(.record, number, "the session that entry \(number) tells of is gone")
        } else if !row.isNull(6) {
            report.records += 1
            let told = CanonicalScanner.value("session", in: members, of: bytes)
            let isSame = row.withBytes(6) { record in told.map { ChainHash.areSame($0, record) } ?? false }
            if !isSame { report.find(.record, number, "the session's record is not what entry \(number) says") }
        }
    }

    // MARK: Retention

    private struct RetentionEntry: Decodable {
        struct Content: Decodable {
            struct Anchor: Decodable {
                let number: Int64
                let hash: Digest
            }
            let anchor: Anchor?
        }
        let retention: Content
    }

    private mutating func checkRetention(_ number: Int64, _ bytes: UnsafeBufferPointer<UInt8>) {
        guard let entry = try? JSONDecoder().decode(RetentionEntry.self, from: Data(bytes)) else {
            report.find(.malformed, number, "retention entry \(number) does not say what was removed")
            return
        }
        guard let anchor = entry.retention.anchor else { return }
        if anchor.number < lastAnchor.number || anchor.number >= number {
            report.find(.anchor, number, "retention entry \(number) names an anchor out of order")
        }
        lastAnchor = LedgerHead(number: anchor.number, hash: anchor.hash)
    }

    private mutating func checkAnchor() {
        guard lastAnchor != report.anchor else { return }
        report.find(
            .anchor, report.anchor.number,
            lastAnchor.number == 0
                ? "entries up to \(report.anchor.number) are gone and no retention entry says so"
                : "the anchor is entry \(report.anchor.number), and the last retention entry says"
                    + " \(lastAnchor.number) \(lastAnchor.hash)")
    }

    // MARK: The end, outputs, heads

    /// Traces of entries behind the last one: whoever cut the tail has to find them all.
    private mutating func checkTail() throws {
        let traces: [(String, String)] = [
            ("SELECT max(last_entry) FROM session", "a session"), ("SELECT max(last_entry) FROM gap", "a gap"),
            ("SELECT delivered FROM ledger_state", "the delivery mark"),
        ]
        for (sql, what) in traces {
            let number = try db.number(sql)
            guard number > report.head.number else { continue }
            report.find(
                .tail, number, "\(what) refers to entry \(number), and the ledger ends with \(report.head.number)")
        }
    }

    /// The two hashes, in hex, that a record gives of its output. Nil if it gives none, or is not canonical.
    private static func hashes(
        inRecord record: UnsafeBufferPointer<UInt8>
    ) -> (output: UnsafeBufferPointer<UInt8>, frames: UnsafeBufferPointer<UInt8>)? {
        guard let output = member("output", of: record), let members = CanonicalScanner.members(of: output),
            let bytes = CanonicalScanner.string(CanonicalScanner.value("sha256", in: members, of: output)),
            let frames = CanonicalScanner.string(CanonicalScanner.value("framesSHA256", in: members, of: output))
        else { return nil }
        return (bytes, frames)
    }

    private static func member(
        _ key: StaticString, of object: UnsafeBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8>? {
        CanonicalScanner.members(of: object).flatMap { CanonicalScanner.value(key, in: $0, of: object) }
    }

    private static func has(_ row: Columns, _ column: Int32, _ hash: UnsafeBufferPointer<UInt8>) -> Bool {
        row.withBytes(column) { ChainHash.of($0) }.description.utf8.elementsEqual(hash)
    }

    private mutating func checkOutputs() throws {
        let anchor = report.anchor.number
        try db.forEachRow(
            """
            SELECT s.id, s.last_entry, o.bytes, o.frames, r.record,
                CASE WHEN l.revision = s.revision THEN l.bytes END
            FROM output o JOIN session s ON s.seq = o.session JOIN session_record r ON r.session = o.session
            LEFT JOIN ledger l ON l.number = s.last_entry ORDER BY o.session
            """
        ) { row in
            report.outputs += 1
            let number = row.optionalInteger(1).flatMap { $0 > anchor ? $0 : nil }
            // Where nothing is told of this revision (yet, or any more), the record is all there is.
            let isSame = row.withBytes(row.isNull(5) ? 4 : 5) { bytes in
                let record = row.isNull(5) ? bytes : Self.member("session", of: bytes)
                guard let hashes = record.flatMap(Self.hashes) else { return false }
                return Self.has(row, 2, hashes.output) && Self.has(row, 3, hashes.frames)
            }
            if !isSame {
                report.find(
                    .output, number, "the output of session \(row.text(0)) does not have the SHA-256 that was recorded")
            }
            return true
        }
        report.outputsRemoved = Int(
            clamping: try db.number(
                """
                SELECT count(*) FROM session s LEFT JOIN output o ON o.session = s.seq
                WHERE s.sealed_at IS NOT NULL AND o.session IS NULL
                """))
    }

    private mutating func check(_ known: KnownHead) throws {
        let verdict: HeadVerdict
        if let ledger = known.ledger, ledger != report.ledger {
            verdict = .otherLedger
        } else if known.head.number > report.head.number {
            verdict = .missing
        } else if known.head.number == report.anchor.number {
            verdict = known.head.hash == report.anchor.hash ? .agrees : .differs
        } else if known.head.number < report.anchor.number {
            verdict = .removed
        } else {
            let hash = try db.firstRow("SELECT hash FROM ledger WHERE number = ?", [known.head.number]) { row in
                Digest(bytes: row.bytes(0))
            }
            verdict = hash == known.head.hash ? .agrees : .differs
        }
        report.heads.append((known, verdict))
        let number = known.head.number
        switch verdict {
        case .agrees, .removed: break
        case .differs:
            report.find(.head, number, "entry \(number) has another hash than the one kept by \(known.keeper)")
        case .missing:
            report.find(
                .head, number,
                "\(known.keeper) knows entry \(number), and the ledger ends with \(report.head.number): its tail was cut"
            )
        case .otherLedger:
            report.find(.head, nil, "\(known.keeper) knows ledger \(known.ledger ?? "-"), and this is another one")
        }
    }
}
