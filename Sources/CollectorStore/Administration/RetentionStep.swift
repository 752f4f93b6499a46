// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// One transaction's worth of removal.
struct RetentionStep {
    private let db: Database
    private let limits: CollectorRetention
    private let now: Timestamp
    /// Entries and sessions that this step may still remove, and bytes.
    private var budget: Int
    private var goal: Int64
    private(set) var outcome = RetentionOutcome()

    init(_ db: Database, _ limits: CollectorRetention, at now: Timestamp) {
        self.db = db
        self.limits = limits
        self.now = now
        budget = max(1, limits.stepRows)
        goal = limits.stepBytes
    }

    mutating func run() throws {
        let cutoff = Self.cutoff(limits, now)
        try removeSessions(receivedBefore: cutoff)
        try removeEntries(receivedBefore: cutoff, byAge: true)
        try db.run("DELETE FROM alarm WHERE closed_at < ?", [cutoff.nanoseconds])
        let excess = try Self.excess(db, limits)
        if excess > 0, budget > 0 {
            // A little more than asked for, so that the next batch is not over the limit again.
            goal = min(excess + limits.maxBytes / 20, limits.stepBytes)
            let before = outcome.bytes
            if let border = try borderOfOldest() {
                try removeSessions(receivedBefore: border)
                if outcome.bytes - before < goal { try removeEntries(receivedBefore: border, byAge: false) }
            }
        }
        try FeedPruning.run(db, limit: 4 * max(1, limits.stepRows), cutoff: cutoff)
        outcome.more = try !outcome.isEmpty && (Self.excess(db, limits) > 0 || isTooOld(cutoff))
    }

    // MARK: Limits

    static func excess(_ db: Database, _ limits: CollectorRetention) throws -> Int64 {
        let pages = try db.number("PRAGMA page_count") - db.number("PRAGMA freelist_count")
        return try pages * db.number("PRAGMA page_size") - limits.maxBytes
    }

    /// Whether there is anything to do, found out without writing.
    static func isNeeded(_ db: Database, _ limits: CollectorRetention, at now: Timestamp) throws -> Bool {
        let step = RetentionStep(db, limits, at: now)
        return try excess(db, limits) > 0 || step.isTooOld(cutoff(limits, now))
    }

    static func cutoff(_ limits: CollectorRetention, _ now: Timestamp) -> Timestamp {
        let age = limits.maxAge.wholeNanoseconds
        return age == .max ? Timestamp(nanoseconds: .min) : now.advanced(byNanoseconds: -max(0, age))
    }

    private func isTooOld(_ cutoff: Timestamp) throws -> Bool {
        if try !sessionsToGo(receivedBefore: cutoff, limit: 1).isEmpty { return true }
        return try !ledgersToGo(receivedBefore: cutoff, limit: 1).isEmpty
    }

    /// When the newest of the oldest entries came that one step may remove. Where no entry is left, sessions go by themselves.
    private func borderOfOldest() throws -> Timestamp? {
        let border =
            try db.firstRow(
                "SELECT max(received_at) FROM (SELECT received_at FROM entry ORDER BY seq LIMIT ?)", [budget]
            ) { $0.optionalInteger(0) } ?? nil
        return border.map { Timestamp(nanoseconds: $0).advanced(byNanoseconds: 1) } ?? now
    }

    // MARK: Sessions

    /// Least recently changed first. Held ones stay; so do running ones as long as their node is heard of.
    private func sessionsToGo(receivedBefore cutoff: Timestamp, limit: Int) throws -> [Int64] {
        var rows: [Int64] = []
        try db.forEachRow(
            """
            SELECT s.seq, s.received_at FROM session s INDEXED BY sqlite_autoindex_session_2
            WHERE NOT EXISTS (SELECT 1 FROM hold h WHERE h.session = s.seq)
                AND (s.state NOT IN ('running', 'waiting')
                    OR NOT EXISTS (SELECT 1 FROM node n WHERE n.name = s.node AND n.last_received_at >= ?))
            ORDER BY s.change LIMIT ?
            """, [Self.cutoff(limits, now).nanoseconds, limit]
        ) { row in
            guard row.integer(1) < cutoff.nanoseconds else { return false }
            rows.append(row.integer(0))
            return true
        }
        return rows
    }

    private mutating func removeSessions(receivedBefore cutoff: Timestamp) throws {
        var freed: Int64 = 0
        for row in try sessionsToGo(receivedBefore: cutoff, limit: budget) {
            guard freed < goal else { break }
            let (outputs, bytes) =
                try db.firstRow(
                    "SELECT count(*), coalesce(sum(length(bytes) + length(frames)), 0) FROM output WHERE session = ?",
                    [row]
                ) { ($0.integer(0), $0.integer(1)) } ?? (0, 0)
            let records = try db.number(
                "SELECT coalesce(sum(length(record)), 0) FROM session_version WHERE session = ?", [row])
            try OutputIndex.remove(row, db)
            try db.run("DELETE FROM session WHERE seq = ?", [row])
            outcome.sessions += 1
            outcome.outputs += Int(clamping: outputs)
            outcome.outputBytes += bytes
            outcome.bytes += bytes + records
            freed += bytes + records
            budget -= 1
        }
    }

    // MARK: Entries

    /// Ledgers that have entries among the oldest, with the highest such number.
    private func ledgersToGo(
        receivedBefore cutoff: Timestamp, limit: Int
    ) throws -> [(ledger: Int64, number: Int64)] {
        var ledgers: [(Int64, Int64)] = []
        try db.forEachRow(
            """
            SELECT ledger, max(number) FROM (
                SELECT ledger, number, received_at FROM entry ORDER BY seq LIMIT ?)
            WHERE received_at < ? GROUP BY ledger
            """, [max(0, limit), cutoff.nanoseconds]
        ) { row in
            ledgers.append((row.integer(0), row.integer(1)))
            return true
        }
        return ledgers
    }

    /// Removes from the old end of each ledger, and sets the anchor from which the rest verifies.
    private mutating func removeEntries(receivedBefore cutoff: Timestamp, byAge: Bool) throws {
        for (ledger, last) in try ledgersToGo(receivedBefore: cutoff, limit: budget) {
            guard budget > 0 else { break }
            var anchor: (number: Int64, hash: [UInt8])?
            var count = 0
            try db.forEachRow(
                """
                SELECT number, hash, received_at, coalesce(length(bytes), 0), fork FROM entry
                WHERE ledger = ? AND number <= ? ORDER BY number, fork LIMIT ?
                """, [ledger, last, budget]
            ) { row in
                guard !byAge || row.integer(2) < cutoff.nanoseconds else { return false }
                count += 1
                outcome.bytes += row.integer(3)
                // Forks go with the entry that they stand beside.
                if row.integer(4) == 0 { anchor = (row.integer(0), row.bytes(1)) }
                return true
            }
            guard let anchor else { continue }
            let stubs = try db.number(
                "SELECT count(*) FROM entry WHERE ledger = ? AND number <= ? AND bytes IS NULL",
                [ledger, anchor.number])
            try db.run("DELETE FROM entry WHERE ledger = ? AND number <= ?", [ledger, anchor.number])
            outcome.entries += db.changesCount
            budget -= count
            try db.run(
                "UPDATE ledger SET anchor_number = ?, anchor_hash = ?, stubs = max(0, stubs - ?) WHERE seq = ?",
                [anchor.number, Data(anchor.hash), stubs, ledger])
            try db.run(
                "DELETE FROM gap WHERE ledger = ? AND number <= ? AND closed_at IS NOT NULL", [ledger, anchor.number])
            try cutHoles(ledger, through: anchor.number)
        }
    }

    /// What is missing below the anchor can come no more: it would not be taken.
    private func cutHoles(_ ledger: Int64, through number: Int64) throws {
        try db.run("DELETE FROM hole WHERE ledger = ? AND last <= ?", [ledger, number])
        try db.run("UPDATE hole SET first = ? WHERE ledger = ? AND first <= ?", [number + 1, ledger, number])
        guard try db.number("SELECT EXISTS (SELECT 1 FROM hole WHERE ledger = ?)", [ledger]) == 0 else { return }
        let node = try db.number("SELECT node FROM ledger WHERE seq = ?", [ledger])
        try AlarmBook(db).close(.hole, node: node, ledger: ledger, at: now)
    }
}
