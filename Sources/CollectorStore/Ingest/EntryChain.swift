// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
import SessionRecords

/// Puts entries into their ledger's chain, in whatever order they come, and raises what is wrong with it: nothing that came
/// is refused for it, and nothing that was there is changed.
enum EntryChain {
    enum Fate {
        case stored
        /// A stub of which the bytes have come now.
        case completed
        case duplicate
        /// The number is taken by an entry with another hash: kept beside it.
        case fork
        /// So many stand beside it already that this one is only counted.
        case countedFork
        /// Retention has been here already.
        case removed
    }

    /// Whoever makes forks without end shall not fill the store with them, nor make each further one dearer to look at.
    static let maxForks = 16

    static func store(
        _ entry: ReceivedEntry, in ledger: inout LedgerState, receivedAt: Timestamp, _ db: Database,
        _ alarms: inout AlarmBook
    ) throws -> Fate {
        if entry.number <= ledger.anchor { return .removed }
        if ledger.head == 0 || entry.number == ledger.head + 1 {
            // The usual case: nothing to look up.
            let isLinked =
                if ledger.head == 0 {
                    entry.number > 1 || entry.previousHash == .zero
                } else {
                    try entry.previousHash == ledger.headHash || continuesSomething(entry, ledger, db)
                }
            if !isLinked { try raiseBrokenLink(at: entry.number, ledger, receivedAt, db, &alarms) }
            if ledger.head == 0 { ledger.first = entry.number }
            try insert(entry, fork: 0, &ledger, receivedAt, db)
            ledger.head = entry.number
            ledger.headHash = entry.hash
            return .stored
        }
        if entry.number > ledger.head {
            try openHole(ledger.head + 1, entry.number - 1, ledger, receivedAt, db, &alarms)
            try insert(entry, fork: 0, &ledger, receivedAt, db)
            ledger.head = entry.number
            ledger.headHash = entry.hash
            return .stored
        }
        return try storeBehindHead(entry, &ledger, receivedAt, db, &alarms)
    }

    private static func storeBehindHead(
        _ entry: ReceivedEntry, _ ledger: inout LedgerState, _ receivedAt: Timestamp, _ db: Database,
        _ alarms: inout AlarmBook
    ) throws -> Fate {
        var known: [(row: Int64, hash: [UInt8], isStub: Bool)] = []
        try db.forEachRow(
            "SELECT seq, hash, bytes IS NULL FROM entry WHERE ledger = ? AND number = ? ORDER BY fork",
            [ledger.row, entry.number]
        ) { row in
            known.append((row.integer(0), row.bytes(1), row.integer(2) == 1))
            return true
        }
        if let same = known.first(where: { $0.hash == entry.hash.bytes }) {
            guard same.isStub, let bytes = entry.bytes else { return .duplicate }
            try db.run(
                "UPDATE entry SET bytes = ?, at = ?, type = ?, stub_reason = NULL WHERE seq = ?",
                [Data(bytes), entry.at?.nanoseconds, entry.type, same.row])
            ledger.stubs -= 1
            return .completed
        }
        if !known.isEmpty {
            let node = try nodeName(ledger, db)
            try alarms.open(
                .fork, node: ledger.node, nodeName: node, ledger: (ledger.row, ledger.id), number: entry.number,
                "entry \(entry.number) came again with another hash: the agent's store was put back to an older state,"
                    + " or changed", at: receivedAt)
            guard known.count <= maxForks else { return .countedFork }
            try insert(entry, fork: known.count, &ledger, receivedAt, db)
            return .fork
        }
        try insert(entry, fork: 0, &ledger, receivedAt, db)
        try closeHole(entry.number, &ledger, receivedAt, db, &alarms)
        try checkLinks(entry, ledger, receivedAt, db, &alarms)
        return .stored
    }

    private static func insert(
        _ entry: ReceivedEntry, fork: Int, _ ledger: inout LedgerState, _ receivedAt: Timestamp, _ db: Database
    ) throws {
        try db.run(
            """
            INSERT INTO entry (ledger, number, fork, type, at, received_at, previous_hash, hash, bytes, stub_reason)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                ledger.row, entry.number, fork, entry.type, entry.at?.nanoseconds, receivedAt.nanoseconds,
                Data(entry.previousHash.bytes), Data(entry.hash.bytes), entry.bytes.map { Data($0) },
                entry.bytes == nil ? Bounds.clip(entry.stubReason ?? "not said", to: Bounds.messageBytes) : nil,
            ])
        if entry.bytes == nil { ledger.stubs += 1 }
    }

    // MARK: Holes

    private static func openHole(
        _ first: Int64, _ last: Int64, _ ledger: LedgerState, _ now: Timestamp, _ db: Database,
        _ alarms: inout AlarmBook
    ) throws {
        try db.run("INSERT INTO hole (ledger, first, last) VALUES (?, ?, ?)", [ledger.row, first, last])
        try alarms.open(
            .hole, node: ledger.node, nodeName: try nodeName(ledger, db), ledger: (ledger.row, ledger.id),
            number: first, "entries \(first) to \(last) have not come", at: now)
    }

    /// Takes a number that came late out of the holes; the alarm ends with the last of them.
    private static func closeHole(
        _ number: Int64, _ ledger: inout LedgerState, _ now: Timestamp, _ db: Database, _ alarms: inout AlarmBook
    ) throws {
        if number < ledger.first {
            // Before all that ever came: only what lies in between is missing.
            if number + 1 < ledger.first {
                try openHole(number + 1, ledger.first - 1, ledger, now, db, &alarms)
            }
            ledger.first = number
            return
        }
        let hole = try db.firstRow(
            "SELECT first, last FROM hole WHERE ledger = ? AND first <= ? ORDER BY first DESC LIMIT 1",
            [ledger.row, number]
        ) { (first: $0.integer(0), last: $0.integer(1)) }
        guard let hole, number <= hole.last else { return }
        try db.run("DELETE FROM hole WHERE ledger = ? AND first = ?", [ledger.row, hole.first])
        for part in [(hole.first, number - 1), (number + 1, hole.last)] where part.0 <= part.1 {
            try db.run("INSERT INTO hole (ledger, first, last) VALUES (?, ?, ?)", [ledger.row, part.0, part.1])
        }
        if try db.number("SELECT EXISTS (SELECT 1 FROM hole WHERE ledger = ?)", [ledger.row]) == 0 {
            try alarms.close(.hole, node: ledger.node, ledger: ledger.row, at: now)
        }
    }

    // MARK: Links

    /// Whether an entry of the number before it has the hash that it names. A chain that goes on behind a fork's entry is no
    /// broken one: the fork has its own alarm.
    private static func continuesSomething(
        _ entry: ReceivedEntry, _ ledger: LedgerState, _ db: Database
    ) throws -> Bool {
        try db.number(
            "SELECT EXISTS (SELECT 1 FROM entry WHERE ledger = ? AND number = ? AND hash = ?)",
            [ledger.row, entry.number - 1, Data(entry.previousHash.bytes)]) == 1
    }

    /// Both links of an entry that came into the middle.
    private static func checkLinks(
        _ entry: ReceivedEntry, _ ledger: LedgerState, _ now: Timestamp, _ db: Database, _ alarms: inout AlarmBook
    ) throws {
        let hasPrevious = try db.number(
            "SELECT EXISTS (SELECT 1 FROM entry WHERE ledger = ? AND number = ?)", [ledger.row, entry.number - 1])
        if try hasPrevious == 1 && !continuesSomething(entry, ledger, db) {
            try raiseBrokenLink(at: entry.number, ledger, now, db, &alarms)
        }
        if entry.number == 1, entry.previousHash != .zero { try raiseBrokenLink(at: 1, ledger, now, db, &alarms) }
        let next = try db.firstRow(
            "SELECT previous_hash FROM entry WHERE ledger = ? AND number = ? AND fork = 0",
            [ledger.row, entry.number + 1]
        ) { $0.bytes(0) }
        if let next, next != entry.hash.bytes {
            try raiseBrokenLink(at: entry.number + 1, ledger, now, db, &alarms)
        }
    }

    private static func raiseBrokenLink(
        at number: Int64, _ ledger: LedgerState, _ now: Timestamp, _ db: Database, _ alarms: inout AlarmBook
    ) throws {
        try alarms.open(
            .brokenLink, node: ledger.node, nodeName: try nodeName(ledger, db), ledger: (ledger.row, ledger.id),
            number: number, "entry \(number) does not continue the entry before it: one of the two was changed", at: now
        )
    }

    private static func nodeName(_ ledger: LedgerState, _ db: Database) throws -> String {
        try db.firstRow("SELECT name FROM node WHERE seq = ?", [ledger.node]) { $0.text(0) } ?? ""
    }
}
