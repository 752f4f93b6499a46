// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// Something about a node or one of its ledgers that a person should know.
package struct Alarm: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Numbers of a ledger have not come; closes when they have.
        case hole
        /// A number came again with another hash.
        case fork
        /// An entry does not name the hash of the one before it.
        case brokenLink = "broken-link"
        /// Two ledgers of one node deliver in turns; closes when one is silent.
        case twoLedgers = "two-ledgers"
        /// Closes when the clock is right again.
        case clockOffset = "clock-offset"
        /// A notice: it is closed as soon as it is made.
        case newLedger = "new-ledger"
        /// Another node tells of a session than the one that it belongs to.
        case sessionConflict = "session-conflict"
    }

    package let kind: Kind
    package let node: String
    package let ledger: String?
    /// The entry's, where it is about one; of several the first.
    package let number: Int64?
    /// How often it was raised while it was open.
    package let count: Int
    package let openedAt: Timestamp
    package let lastAt: Timestamp
    package let closedAt: Timestamp?
    package let text: String
}

/// Opens and closes alarms inside one transaction. Of each kind there is one open alarm a node or ledger, which counts:
/// a ledger full of forks is one alarm.
struct AlarmBook {
    let db: Database
    /// What the batch at hand has opened.
    var opened: [Alarm] = []

    init(_ db: Database) {
        self.db = db
    }

    mutating func open(
        _ kind: Alarm.Kind, node: Int64, nodeName: String, ledger: (row: Int64, id: String)? = nil,
        number: Int64? = nil, _ text: String, at now: Timestamp
    ) throws {
        try db.run(
            """
            UPDATE alarm SET count = count + 1, last_at = ?
            WHERE kind = ? AND node = ? AND coalesce(ledger, 0) = ? AND closed_at IS NULL
            """, [now.nanoseconds, kind.rawValue, node, ledger?.row ?? 0])
        guard db.changesCount == 0 else { return }
        try insert(kind, node, nodeName, ledger, number, text, now, closedAt: nil)
    }

    /// Something that needs no closing.
    mutating func notice(
        _ kind: Alarm.Kind, node: Int64, nodeName: String, ledger: (row: Int64, id: String)?, number: Int64?,
        _ text: String, at now: Timestamp
    ) throws {
        try insert(kind, node, nodeName, ledger, number, text, now, closedAt: now)
    }

    func close(_ kind: Alarm.Kind, node: Int64, ledger: Int64? = nil, at now: Timestamp) throws {
        try db.run(
            """
            UPDATE alarm SET closed_at = ? WHERE kind = ? AND node = ? AND coalesce(ledger, 0) = ? AND closed_at IS NULL
            """, [now.nanoseconds, kind.rawValue, node, ledger ?? 0])
    }

    func isOpen(_ kind: Alarm.Kind, node: Int64) throws -> Bool {
        try db.number(
            "SELECT EXISTS (SELECT 1 FROM alarm WHERE kind = ? AND node = ? AND closed_at IS NULL)",
            [kind.rawValue, node]) == 1
    }

    private mutating func insert(
        _ kind: Alarm.Kind, _ node: Int64, _ nodeName: String, _ ledger: (row: Int64, id: String)?, _ number: Int64?,
        _ text: String, _ now: Timestamp, closedAt: Timestamp?
    ) throws {
        try db.run(
            """
            INSERT INTO alarm (kind, node, ledger, number, opened_at, last_at, closed_at, text)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                kind.rawValue, node, ledger?.row, number, now.nanoseconds, now.nanoseconds, closedAt?.nanoseconds, text,
            ])
        opened.append(
            Alarm(
                kind: kind, node: nodeName, ledger: ledger?.id, number: number, count: 1, openedAt: now, lastAt: now,
                closedAt: closedAt, text: text))
    }
}
