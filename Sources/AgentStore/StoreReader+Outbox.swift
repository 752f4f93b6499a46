// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// An entry that is to leave the node, with what goes beside it.
package struct OutboxEntry: Sendable {
    package let number: Int64
    package let type: String
    package let at: Timestamp
    package let previousHash: Digest
    package let hash: Digest
    package let bytes: [UInt8]
    /// The output that this entry is the first to speak of, and its frames as stored.
    package let output: (bytes: [UInt8], frames: [UInt8])?
    /// Why there is none though the record speaks of one: `earlier` (an earlier entry has it), `replaced` (a later one has
    /// another), `gone` (retention has removed it).
    package let outputAbsence: String?

    /// Bytes that it will take on the wire, its attributes left out.
    package var size: Int { bytes.count + (output.map { $0.bytes.count + $0.frames.count } ?? 0) }
}

/// What is next to be delivered.
package struct OutboxBatch: Sendable {
    package let ledger: String
    /// In the ledger's order; empty where nothing waits.
    package let entries: [OutboxEntry]
}

/// What waits to be delivered.
package struct DeliveryBacklog: Sendable, Hashable {
    package let entries: Int64
    /// When the oldest of them was made.
    package let since: Timestamp?
    /// Entries of which the receiver has number and hashes at most, and outputs that it would not have.
    package let refusedEntries: Int
    package let refusedOutputs: Int
}

extension StoreReader {
    /// The entries behind the delivery mark, or behind `last`, as far as they fit into the limits; one at least. What
    /// retention has removed is passed over.
    package func outbox(after last: Int64? = nil, entries limit: Int, bytes: Int) throws -> OutboxBatch {
        try read("read what is to be delivered") { db in
            let state = try OutboxState(db)
            let first = max(last ?? state.delivered, state.anchor.number)
            return try Outbox(db, state).batch("l.number > ?", first, entries: limit, bytes: bytes)
        }
    }

    /// The refused entries behind `last`, oldest first.
    package func refused(after last: Int64, entries limit: Int, bytes: Int) throws -> OutboxBatch {
        try read("read what was refused") { db in
            let isRefused = "l.number > ? AND l.number IN (SELECT number FROM refusal)"
            return try Outbox(db, try OutboxState(db)).batch(isRefused, last, entries: limit, bytes: bytes)
        }
    }

    package func deliveryBacklog() throws -> DeliveryBacklog {
        try read("measure what is to be delivered") { db in try DeliveryBacklog(db) }
    }
}

extension DeliveryBacklog {
    init(_ db: Database) throws {
        let state = try OutboxState(db)
        let told = max(state.delivered, state.anchor.number)
        entries = max(0, try LedgerWriter.head(db).number - told)
        since = try db.firstRow("SELECT at FROM ledger WHERE number > ? ORDER BY number LIMIT 1", [told]) {
            Timestamp(nanoseconds: $0.integer(0))
        }
        refusedEntries = Int(clamping: try db.number("SELECT count(*) FROM refusal WHERE part <> 'output'"))
        refusedOutputs = Int(clamping: try db.number("SELECT count(*) FROM refusal WHERE part = 'output'"))
    }
}

extension DeliveryNote {
    init?(_ db: Database) throws {
        let note = try db.firstRow("SELECT destination, reason, since, accepted_at FROM delivery") { row in
            DeliveryNote(
                destination: row.text(0), trouble: row.optionalText(1), since: Timestamp(nanoseconds: row.integer(2)),
                acceptedAt: row.optionalInteger(3).map(Timestamp.init(nanoseconds:)))
        }
        guard let note else { return nil }
        self = note
    }
}

/// Where the ledger and its delivery stand.
private struct OutboxState {
    let ledger: String
    let delivered: Int64
    let anchor: LedgerHead

    init(_ db: Database) throws {
        (ledger, delivered) =
            try db.firstRow("SELECT ledger, delivered FROM ledger_state") { ($0.text(0), $0.integer(1)) } ?? ("", 0)
        anchor = try LedgerWriter.anchor(db)
    }
}

/// Reads entries with their outputs.
private struct Outbox {
    private let db: Database
    private let state: OutboxState

    init(_ db: Database, _ state: OutboxState) {
        self.db = db
        self.state = state
    }

    func batch(_ condition: String, _ after: Int64, entries limit: Int, bytes: Int) throws -> OutboxBatch {
        var entries: [OutboxEntry] = []
        var sum = 0
        try db.forEachRow(
            """
            SELECT l.number, l.type, l.at, l.hash, l.bytes, p.hash, l.session, l.revision FROM ledger l
            LEFT JOIN ledger p ON p.number = l.number - 1 WHERE \(condition) ORDER BY l.number LIMIT ?
            """, [after, limit]
        ) { row in
            let entry = try self.entry(row)
            let (total, overflow) = sum.addingReportingOverflow(entry.size)
            guard entries.isEmpty || (!overflow && total <= bytes) else { return false }
            entries.append(entry)
            sum = total
            return true
        }
        return OutboxBatch(ledger: state.ledger, entries: entries)
    }

    private func entry(_ row: Columns) throws -> OutboxEntry {
        let number = row.integer(0)
        let bytes = row.bytes(4)
        let previous =
            row.isNull(5)
            ? (number - 1 == state.anchor.number ? state.anchor.hash : .zero) : try LedgerWriter.digest(row, 5)
        let (output, absence) = try output(bytes, row.optionalInteger(6), row.optionalInteger(7))
        return OutboxEntry(
            number: number, type: row.text(1), at: Timestamp(nanoseconds: row.integer(2)), previousHash: previous,
            hash: try LedgerWriter.digest(row, 3), bytes: bytes, output: output, outputAbsence: absence)
    }

    private func output(
        _ bytes: [UInt8], _ session: Int64?, _ revision: Int64?
    ) throws -> (output: (bytes: [UInt8], frames: [UInt8])?, absence: String?) {
        guard let session, let revision, let named = OutputNames(bytes) else { return (nil, nil) }
        let earlier = try db.firstRow(
            "SELECT bytes FROM ledger WHERE session = ? AND revision < ? ORDER BY revision DESC LIMIT 1",
            [session, revision]
        ) { OutputNames($0.bytes(0)) }
        if let earlier, earlier == named { return (nil, "earlier") }
        let stored = try db.firstRow(
            "SELECT sha256, frames_sha256, bytes, frames FROM output WHERE session = ?", [session]
        ) { row -> (bytes: [UInt8], frames: [UInt8])? in
            guard Digest(bytes: row.bytes(0)) == named.sha256, Digest(bytes: row.bytes(1)) == named.framesSHA256 else {
                return nil
            }
            return (row.bytes(2), row.bytes(3))
        }
        guard let stored else { return (nil, "gone") }
        return stored.map { ($0, nil) } ?? (nil, "replaced")
    }
}

/// The hashes by which an entry's record names its output.
private struct OutputNames: Equatable {
    let sha256: Digest
    let framesSHA256: Digest

    /// Nil where the entry speaks of no output.
    init?(_ entry: [UInt8]) {
        let hashes = entry.withUnsafeBufferPointer { bytes -> (Digest, Digest)? in
            guard let session = Self.value("session", of: bytes), let output = Self.value("output", of: session),
                let sha256 = Self.digest("sha256", of: output), let frames = Self.digest("framesSHA256", of: output)
            else { return nil }
            return (sha256, frames)
        }
        guard let hashes else { return nil }
        (sha256, framesSHA256) = hashes
    }

    private static func value(
        _ key: StaticString, of object: UnsafeBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8>? {
        CanonicalScanner.members(of: object).flatMap { CanonicalScanner.value(key, in: $0, of: object) }
    }

    private static func digest(_ key: StaticString, of object: UnsafeBufferPointer<UInt8>) -> Digest? {
        CanonicalScanner.string(value(key, of: object)).flatMap { Digest(String(decoding: $0, as: UTF8.self)) }
    }
}
