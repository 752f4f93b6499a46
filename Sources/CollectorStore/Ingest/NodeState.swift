// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords

/// What is known of a node, inside one transaction.
struct NodeState {
    /// A node's clock is judged by the running window and the one before it, so that one that was set right is seen to be.
    static let window: Int64 = 6 * 3600 * 1_000_000_000

    let row: Int64
    let name: String
    var cluster: String?
    var identity: String
    var lastReceivedAt: Int64
    var lastEntryAt: Int64?
    var lastLedger: Int64?
    private var windowStart: Int64?
    private var windowMin: Int64?
    private var previousMin: Int64?

    static func find(_ name: String, _ db: Database) throws -> NodeState? {
        try db.firstRow(
            """
            SELECT seq, cluster, identity, last_received_at, last_entry_at, last_ledger, window_start, window_min,
                previous_min
            FROM node WHERE name = ?
            """, [name]
        ) { row in
            NodeState(
                row: row.integer(0), name: name, cluster: row.optionalText(1), identity: row.text(2),
                lastReceivedAt: row.integer(3), lastEntryAt: row.optionalInteger(4), lastLedger: row.optionalInteger(5),
                windowStart: row.optionalInteger(6), windowMin: row.optionalInteger(7),
                previousMin: row.optionalInteger(8))
        }
    }

    static func create(_ name: String, identity: String, at now: Timestamp, _ db: Database) throws -> NodeState {
        try db.run(
            "INSERT INTO node (name, identity, first_received_at, last_received_at) VALUES (?, ?, ?, ?)",
            [name, identity, now.nanoseconds, now.nanoseconds])
        return NodeState(
            row: db.lastInsertedRowID, name: name, identity: identity, lastReceivedAt: now.nanoseconds)
    }

    /// The smallest (received − recorded): about the clock's offset, for every delay adds to it.
    var clockOffset: Int64? {
        switch (windowMin, previousMin) {
        case (let one?, let other?): min(one, other)
        case (let one, let other): one ?? other
        }
    }

    mutating func note(_ entry: ReceivedEntry, receivedAt now: Timestamp) {
        guard let at = entry.at else { return }
        lastEntryAt = max(lastEntryAt ?? .min, at.nanoseconds)
        let offset = now.nanoseconds(since: at)
        if let start = windowStart, now.nanoseconds - start <= Self.window {
            windowMin = min(windowMin ?? .max, offset)
        } else {
            previousMin = windowMin
            windowMin = offset
            windowStart = now.nanoseconds
        }
    }

    func save(_ db: Database) throws {
        try db.run(
            """
            UPDATE node SET cluster = ?, identity = ?, last_received_at = ?, last_entry_at = ?, last_ledger = ?,
                window_start = ?, window_min = ?, previous_min = ?
            WHERE seq = ?
            """,
            [
                cluster, identity, lastReceivedAt, lastEntryAt, lastLedger, windowStart, windowMin, previousMin, row,
            ])
    }
}
