// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// Something of an entry that the receiver would not have.
package struct DeliveryRefusal: Sendable, Hashable {
    package enum Part: String, Sendable, Hashable {
        /// The output alone: the entry is with the receiver.
        case output
        /// All but number and hashes.
        case entry
        /// One of several, and the receiver did not say which.
        case unknown
    }

    package let number: Int64
    package let part: Part
    /// The HTTP status.
    package let status: Int
    /// The receiver's words, at most 1 KiB.
    package let reason: String

    package init(number: Int64, part: Part, status: Int, reason: String) {
        self.number = number
        self.part = part
        self.status = status
        self.reason = Bounds.clip(reason, to: Bounds.evidenceValueBytes)
    }
}

/// How delivery does, for `status`.
package struct DeliveryNote: Sendable, Hashable {
    package let destination: String
    /// Nothing moves, and why; nil while entries are taken or there are none.
    package let trouble: String?
    /// Since when it is as it is.
    package let since: Timestamp
    /// When entries were last taken.
    package let acceptedAt: Timestamp?
}

extension AgentStore {
    /// The receiver has every entry up to this one. The mark only moves forward.
    package func acknowledge(through number: Int64) throws {
        try settle(through: number)
    }

    /// The receiver will not have this entry, not even as a stub: kept and counted.
    package func markRefused(_ number: Int64) throws {
        try settle(through: nil, refusals: [DeliveryRefusal(number: number, part: .entry, status: 0, reason: "")])
    }

    /// Moves the delivery mark, and notes what was refused and what was taken after all, in one transaction.
    package func settle(through number: Int64?, refusals: [DeliveryRefusal] = [], cleared: [Int64] = []) throws {
        try transaction("move the delivery mark", facts: 0) { writer in
            let (db, now) = (writer.db, writer.at.nanoseconds)
            if let number {
                try db.run(
                    "UPDATE ledger_state SET delivered = max(delivered, min(?, ?))", [number, writer.head.number])
                try db.run("UPDATE delivery SET accepted_at = ?", [now])
            }
            for refusal in refusals {
                // Nothing of an entry that retention has removed meanwhile.
                try db.run(
                    """
                    INSERT OR REPLACE INTO refusal (number, part, status, reason, at)
                    SELECT number, ?, ?, ?, ? FROM ledger WHERE number = ?
                    """, [refusal.part.rawValue, refusal.status, refusal.reason, now, refusal.number])
                try db.run(
                    "UPDATE ledger SET refused = ? WHERE number = ?", [refusal.part != .output, refusal.number])
            }
            for number in cleared {
                try db.run("DELETE FROM refusal WHERE number = ?", [number])
                try db.run("UPDATE ledger SET refused = 0 WHERE number = ?", [number])
            }
        }
    }

    /// Notes where entries go and whether they move; nil where nothing is delivered.
    package func noteDelivery(to destination: String?, trouble: String? = nil) throws {
        try transaction("note how delivery does", facts: 0) { writer in
            guard let destination else {
                try writer.db.run("DELETE FROM delivery")
                return
            }
            try writer.db.run(
                """
                INSERT INTO delivery (id, destination, is_waiting, reason, since) VALUES (1, ?1, ?2, ?3, ?4)
                ON CONFLICT (id) DO UPDATE SET destination = ?1, reason = ?3,
                    since = CASE WHEN is_waiting = ?2 THEN since ELSE ?4 END, is_waiting = ?2
                """,
                [
                    Bounds.name(destination), trouble != nil,
                    trouble.map { Bounds.clip($0, to: Bounds.evidenceValueBytes) }, writer.at.nanoseconds,
                ])
        }
    }
}
