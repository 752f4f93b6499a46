// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

/// A node, as its agent's deliveries show it.
package struct NodeOverview: Sendable, Hashable {
    /// The `identity` of a node that delivered last with a token for any node.
    package static let anyNodeToken = "any-node token"

    package let node: String
    package let cluster: String?
    package let firstReceivedAt: Timestamp
    package let lastReceivedAt: Timestamp
    /// When its newest entry was recorded, by its own clock.
    package let lastEntryAt: Timestamp?
    /// `certificate`, `service-account`, `token` or the weaker `any-node token`, as it delivered last.
    package let identity: String
    /// The smallest (received − recorded) of the last hours: positive where its clock is behind.
    package let clockOffsetNanoseconds: Int64?
    package let ledgers: [LedgerOverview]
    /// Those that are open.
    package let alarms: [Alarm]
    package let openGaps: Int
}

/// A gap with the ledger that tells of it.
package struct StoredGap: Sendable, Hashable {
    package let gap: Gap
    package let node: String
    package let ledger: String
    package let number: Int64
}

extension CollectorStore {
    /// All nodes by name; none for a reader of some namespaces.
    package func nodes(scope: ReadScope) async throws -> [NodeOverview] {
        guard scope.isUnlimited else { return [] }
        return try await reading("read the nodes") { db in
            let ledgers = Dictionary(grouping: try LedgerOverview.all(db), by: \.node)
            let alarms = Dictionary(grouping: try Self.alarms(db, "WHERE a.closed_at IS NULL", 100_000), by: \.node)
            var gaps: [Int64: Int] = [:]
            try db.forEachRow(
                """
                SELECT l.node, count(*) FROM gap g JOIN ledger l ON l.seq = g.ledger WHERE g.closed_at IS NULL
                GROUP BY l.node
                """
            ) { row in
                gaps[row.integer(0)] = Int(clamping: row.integer(1))
                return true
            }
            var nodes: [NodeOverview] = []
            try db.forEachRow(
                """
                SELECT seq, name, cluster, identity, first_received_at, last_received_at, last_entry_at, window_min,
                    previous_min
                FROM node ORDER BY name
                """
            ) { row in
                let offsets = [row.optionalInteger(7), row.optionalInteger(8)].compactMap(\.self)
                nodes.append(
                    NodeOverview(
                        node: row.text(1), cluster: row.optionalText(2),
                        firstReceivedAt: Timestamp(nanoseconds: row.integer(4)),
                        lastReceivedAt: Timestamp(nanoseconds: row.integer(5)),
                        lastEntryAt: row.optionalInteger(6).map(Timestamp.init(nanoseconds:)), identity: row.text(3),
                        clockOffsetNanoseconds: offsets.min(), ledgers: ledgers[row.text(1)] ?? [],
                        alarms: alarms[row.text(1)] ?? [], openGaps: gaps[row.integer(0)] ?? 0))
                return true
            }
            return nodes
        }
    }

    /// The newest gaps, oldest first; none for a reader of some namespaces.
    ///
    /// - Parameter missedOnly: those in which nobody can say any more what happened.
    package func gaps(
        node: String? = nil, missedOnly: Bool = false, scope: ReadScope, limit: Int = 10_000
    ) async throws -> [StoredGap] {
        guard scope.isUnlimited else { return [] }
        return try await reading("read the gaps") { db in
            var gaps: [StoredGap] = []
            try db.forEachRow(
                """
                SELECT g.id, g.source, g.opened_at, g.closed_at, g.reason, g.closed_by, g.dropped, n.name, l.id, g.number
                FROM gap g JOIN ledger l ON l.seq = g.ledger JOIN node n ON n.seq = l.node
                WHERE (?1 IS NULL OR n.name = ?1) AND (?2 = 0 OR (g.closed_at IS NOT NULL AND g.closed_by IS NULL))
                ORDER BY g.opened_at DESC, g.ledger, g.id LIMIT ?3
                """, [node, missedOnly, max(0, limit)]
            ) { row in
                var gap = Gap(
                    source: row.text(1), openedAt: Timestamp(nanoseconds: row.integer(2)), reason: row.text(4))
                gap.id = row.text(0)
                gap.closedAt = row.optionalInteger(3).map(Timestamp.init(nanoseconds:))
                gap.closedBy = row.optionalText(5)
                gap.dropped = row.optionalInteger(6).map { Int(clamping: $0) }
                gaps.append(StoredGap(gap: gap, node: row.text(7), ledger: row.text(8), number: row.integer(9)))
                return true
            }
            return gaps.reversed()
        }
    }

    /// The newest alarms and notices, newest first; none for a reader of some namespaces.
    package func alarms(
        node: String? = nil, openOnly: Bool = false, scope: ReadScope, limit: Int = 1000
    ) async throws -> [Alarm] {
        guard scope.isUnlimited else { return [] }
        return try await reading("read the alarms") { db in
            let condition = openOnly ? "WHERE a.closed_at IS NULL" : "WHERE 1"
            return try Self.alarms(db, condition, limit, node: node)
        }
    }

    static func alarms(
        _ db: Database, _ condition: String, _ limit: Int, node: String? = nil
    ) throws -> [Alarm] {
        var alarms: [Alarm] = []
        try db.forEachRow(
            """
            SELECT a.kind, n.name, l.id, a.number, a.count, a.opened_at, a.last_at, a.closed_at, a.text
            FROM alarm a JOIN node n ON n.seq = a.node LEFT JOIN ledger l ON l.seq = a.ledger
            \(condition) AND (?1 IS NULL OR n.name = ?1) ORDER BY a.seq DESC LIMIT ?2
            """, [node, max(0, limit)]
        ) { row in
            guard let kind = Alarm.Kind(rawValue: row.text(0)) else { return true }
            alarms.append(
                Alarm(
                    kind: kind, node: row.text(1), ledger: row.optionalText(2), number: row.optionalInteger(3),
                    count: Int(clamping: row.integer(4)), openedAt: Timestamp(nanoseconds: row.integer(5)),
                    lastAt: Timestamp(nanoseconds: row.integer(6)),
                    closedAt: row.optionalInteger(7).map(Timestamp.init(nanoseconds:)), text: row.text(8)))
            return true
        }
        return alarms
    }
}

extension CollectorStore {
    /// Of which of these nodes anything was ever delivered with a token for any node: what is told of them is weaker evidence
    /// of where it came from, also when the node itself delivers afterwards. It is for names that stand in records which the reader sees, and tells of no other node; hence no scope.
    package func weakNodes(among names: Set<String>) async throws -> Set<String> {
        guard !names.isEmpty else { return [] }
        return try await reading("read how nodes log in") { db in
            var weak: Set<String> = []
            for name in names {
                let isWeak = try db.number(
                    """
                    SELECT EXISTS (
                        SELECT 1 FROM node n LEFT JOIN ledger l ON l.node = n.seq AND l.weak = 1
                        WHERE n.name = ? AND (n.identity = ? OR l.seq IS NOT NULL))
                    """, [name, NodeOverview.anyNodeToken])
                if isWeak == 1 { weak.insert(name) }
            }
            return weak
        }
    }
}
