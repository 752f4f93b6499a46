// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// One transaction's worth of removal.
struct RetentionStep {
    struct Removed {
        /// By type.
        var entries: [String: Int] = [:]
        /// Entries that the collector has never had.
        var undelivered = 0
        /// Outputs of sessions whose last entry the collector has never had.
        var undeliveredOutputs = 0
        var sessions = 0
        var outputs = 0
        var outputBytes: Int64 = 0
        var gaps = 0
        var oldest: Timestamp?
        var newest: Timestamp?

        var isEmpty: Bool { outputs == 0 && entries.isEmpty }
    }

    private let db: Database
    private let limits: RetentionLimits
    private let now: Timestamp
    private let delivered: Int64
    private var anchor: LedgerHead
    private var freed: Int64 = 0
    private var reasons: Set<String> = []
    private(set) var removed = Removed()

    init(_ writer: LedgerWriter, _ limits: RetentionLimits) throws {
        db = writer.db
        self.limits = limits
        now = writer.at
        delivered = try db.number("SELECT delivered FROM ledger_state")
        anchor = try LedgerWriter.anchor(db)
    }

    mutating func run() throws {
        if try Self.isTooOld(db, limits, now) {
            reasons.insert("age")
            let cutoff = Self.cutoff(limits, now)
            try removeEntries { entry in entry.at < cutoff }
        }
        var excess = try Self.excess(db, limits)
        guard excess > 0 else { return }
        reasons.insert("bytes")
        // A little more than asked for, so that the next commit is not over the limit again.
        excess += limits.maxBytes / 20
        let goal = min(excess, limits.stepBytes)
        freed = 0
        try removeOutputs(delivered: true, goal)
        try removeEntries { [delivered] entry in entry.number <= delivered && entry.freedBefore < goal }
        try removeOutputs(delivered: false, goal)
        try removeEntries { entry in entry.freedBefore < goal }
    }

    func isBeyondLimits() throws -> Bool {
        try Self.excess(db, limits) > 0 || Self.isTooOld(db, limits, now)
    }

    // MARK: Limits

    static func excess(_ db: Database, _ limits: RetentionLimits) throws -> Int64 {
        let pages = try db.number("PRAGMA page_count") - db.number("PRAGMA freelist_count")
        return try pages * db.number("PRAGMA page_size") - limits.maxBytes
    }

    /// Whether the oldest entry is too old. Retention's own do not count: removing one makes another.
    static func isTooOld(_ db: Database, _ limits: RetentionLimits, _ now: Timestamp) throws -> Bool {
        let cutoff = cutoff(limits, now)
        return try db.firstRow(
            "SELECT at FROM ledger WHERE type <> ? ORDER BY number LIMIT 1", [EntryType.retention.rawValue]
        ) { row in Timestamp(nanoseconds: row.integer(0)) < cutoff } ?? false
    }

    private static func cutoff(_ limits: RetentionLimits, _ now: Timestamp) -> Timestamp {
        let age = limits.maxAge.components
        let (nanoseconds, overflow) = age.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (whole, overflow2) = nanoseconds.addingReportingOverflow(age.attoseconds / 1_000_000_000)
        return overflow || overflow2 ? Timestamp(nanoseconds: .min) : now.advanced(byNanoseconds: -whole)
    }

    // MARK: Removal

    private struct OldEntry {
        let number: Int64
        let at: Timestamp
        let type: String
        let size: Int64
        let session: Int64?
        let hash: Digest
        /// The receiver would not have it. It goes in its turn, but as one that was never delivered.
        let isRefused: Bool
        /// What the step has freed up to this entry.
        var freedBefore: Int64 = 0
    }

    /// Removes from the old end as long as `isToGo`, and the sessions that nothing tells of any more.
    private mutating func removeEntries(_ isToGo: (OldEntry) -> Bool) throws {
        let going = try entriesToGo(isToGo)
        guard let last = going.last, going.count > 1 || last.type != EntryType.retention.rawValue else { return }
        try db.run("DELETE FROM ledger WHERE number <= ?", [last.number])
        for entry in going {
            removed.entries[entry.type, default: 0] += 1
            if entry.number > delivered || entry.isRefused { removed.undelivered += 1 }
            removed.oldest = min(removed.oldest ?? entry.at, entry.at)
            removed.newest = max(removed.newest ?? entry.at, entry.at)
        }
        for row in Set(going.compactMap(\.session)) { try removeSession(row, through: last.number) }
        try db.run("DELETE FROM gap WHERE last_entry <= ? AND closed_at IS NOT NULL", [last.number])
        removed.gaps += db.changesCount
        anchor = LedgerHead(number: last.number, hash: last.hash)
        try db.run(
            "UPDATE ledger_state SET anchor_number = ?, anchor_hash = ?", [last.number, Data(last.hash.bytes)])
    }

    private mutating func entriesToGo(_ isToGo: (OldEntry) -> Bool) throws -> [OldEntry] {
        var going: [OldEntry] = []
        var freed = self.freed
        try db.forEachRow(
            "SELECT number, at, type, length(bytes), session, hash, refused FROM ledger ORDER BY number LIMIT ?",
            [limits.stepEntries]
        ) { row in
            var entry = try OldEntry(
                number: row.integer(0), at: Timestamp(nanoseconds: row.integer(1)), type: row.text(2),
                size: row.integer(3), session: row.optionalInteger(4), hash: LedgerWriter.digest(row, 5),
                isRefused: row.integer(6) != 0)
            entry.freedBefore = freed
            guard isToGo(entry) else { return false }
            going.append(entry)
            freed += entry.size
            return true
        }
        self.freed = freed
        return going
    }

    /// Removes a session if no entry tells of it any more and nothing can come for it.
    private mutating func removeSession(_ row: Int64, through number: Int64) throws {
        let (size, output, last) =
            try db.firstRow(
                """
                SELECT length(r.record), length(o.bytes) + length(o.frames), s.last_entry FROM session s
                JOIN session_record r ON r.session = s.seq LEFT JOIN output o ON o.session = s.seq
                WHERE s.seq = ? AND s.last_entry <= ? AND r.facts IS NULL
                """, [row, number]
            ) { ($0.integer(0), $0.optionalInteger(1), $0.integer(2)) } ?? (nil, nil, 0)
        guard let size else { return }
        try db.run("DELETE FROM session WHERE seq = ?", [row])
        removed.sessions += 1
        freed += size
        guard let output else { return }
        if last > delivered { removed.undeliveredOutputs += 1 }
        removed.outputs += 1
        removed.outputBytes += output
        freed += output
    }

    /// Removes outputs of closed sessions, oldest first, until `goal` bytes are freed. Those of the ledger's newer half
    /// stay as long as their entries: else a store that is full of old facts would lose each new output at once. What the
    /// receiver refused counts as not delivered.
    private mutating func removeOutputs(delivered isDelivered: Bool, _ goal: Int64) throws {
        guard freed < goal else { return }
        var going: [(row: Int64, size: Int64)] = []
        var sum = freed
        let newerHalf = anchor.number + (try LedgerWriter.head(db).number - anchor.number) / 2
        try db.forEachRow(
            """
            SELECT o.session, length(o.bytes) + length(o.frames) FROM output o
            JOIN session s ON s.seq = o.session JOIN session_record r ON r.session = o.session
            WHERE r.facts IS NULL AND s.last_entry <= ? AND (s.last_entry <= ? AND NOT EXISTS (
                SELECT 1 FROM ledger l JOIN refusal f ON f.number = l.number WHERE l.session = s.seq)) = ?
            ORDER BY o.session LIMIT ?
            """, [newerHalf, delivered, isDelivered, limits.stepEntries]
        ) { row in
            guard sum < goal else { return false }
            going.append((row.integer(0), row.integer(1)))
            sum += row.integer(1)
            return true
        }
        if !isDelivered { removed.undeliveredOutputs += going.count }
        for output in going {
            try db.run("DELETE FROM output WHERE session = ?", [output.row])
            removed.outputs += 1
            removed.outputBytes += output.size
        }
        freed = sum
    }

    // MARK: What the entry says

    var content: JSONValue {
        var counts = JSONObject([
            (
                "entries",
                .object(
                    JSONObject(removed.entries.sorted { $0.key < $1.key }.map { ($0.key, .integer(Int64($0.value))) }))
            ),
            ("sessions", .integer(Int64(removed.sessions))),
            ("outputs", .integer(Int64(removed.outputs))),
            ("outputBytes", .integer(removed.outputBytes)),
            ("gaps", .integer(Int64(removed.gaps))),
        ])
        counts["oldestAt"] = removed.oldest.map { .string($0.description) }
        counts["newestAt"] = removed.newest.map { .string($0.description) }
        var object = JSONObject([
            ("reasons", .strings(reasons.sorted())), ("removed", .object(counts)),
            (
                "undelivered",
                .object(
                    JSONObject([
                        ("entries", .integer(Int64(removed.undelivered))),
                        ("outputs", .integer(Int64(removed.undeliveredOutputs))),
                    ]))
            ),
        ])
        if anchor.number > 0 {
            object["anchor"] = .object(
                JSONObject([("number", .integer(anchor.number)), ("hash", .string(anchor.hash.description))]))
        }
        return .object(object)
    }
}
