// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// A gap, and whose it is.
package struct CollectorGap: Decodable, Sendable {
    package let gap: Gap
    package let node: String?
    package let ledger: String?

    private enum Keys: String, CodingKey {
        case node, ledger
    }

    package init(from decoder: any Decoder) throws {
        gap = try Gap(from: decoder)
        let values = try decoder.container(keyedBy: Keys.self)
        node = try values.decodeIfPresent(String.self, forKey: .node)
        ledger = try values.decodeIfPresent(String.self, forKey: .ledger)
    }
}

package struct CollectorGaps: Decodable, Sendable {
    package let gaps: [CollectorGap]
}

/// A node, as far as the collector knows it.
package struct CollectorNode: Decodable, Sendable {
    /// One of the ledgers that the node has delivered.
    package struct Ledger: Decodable, Sendable {
        package let ledger: String
        package let first: Int64?
        package let head: Int64?
        package let hash: Digest?
        package let firstReceivedAt: Timestamp?
        package let lastReceivedAt: Timestamp?
        /// Numbers that are missing: first and last of each hole.
        package let holes: [[Int64]]?
        package let stubs: Int64?
    }

    package let node: String
    package let cluster: String?
    package let lastReceivedAt: Timestamp?
    package let lastEntryAt: Timestamp?
    /// By what it shows who it is: `certificate`, `service-account`, `token`, or the weaker `any-node token`.
    package let identity: String?
    /// Its clock against the collector's, positive where the collector's is ahead; with a decimal point.
    package let clockOffsetSeconds: String?
    package let ledgers: [Ledger]
    package let alarms: [CollectorAlarm]
    package let openGaps: Int64?

    private enum Keys: String, CodingKey {
        case node, cluster, lastReceivedAt, lastEntryAt, identity, clockOffsetSeconds, ledgers, alarms, openGaps
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        node = try values.decode(String.self, forKey: .node)
        cluster = try values.decodeIfPresent(String.self, forKey: .cluster)
        lastReceivedAt = try values.decodeIfPresent(Timestamp.self, forKey: .lastReceivedAt)
        lastEntryAt = try values.decodeIfPresent(Timestamp.self, forKey: .lastEntryAt)
        identity = try values.decodeIfPresent(String.self, forKey: .identity)
        clockOffsetSeconds =
            values.lenient(.clockOffsetSeconds)
            ?? values.lenient(.clockOffsetSeconds).map { (seconds: Double) in
                "\(seconds)"
            }
        ledgers = try values.decodeIfPresent([Ledger].self, forKey: .ledgers) ?? []
        alarms = try values.decodeIfPresent([CollectorAlarm].self, forKey: .alarms) ?? []
        openGaps = try values.decodeIfPresent(Int64.self, forKey: .openGaps)
    }
}

package struct CollectorNodes: Decodable, Sendable {
    package let nodes: [CollectorNode]
}

/// Something about what a node delivers that a person should know.
package struct CollectorAlarm: Decodable, Sendable {
    /// `hole`, `fork`, `broken-link`, `two-ledgers`, `clock-offset`, or another one.
    package let kind: String
    package let node: String?
    package let ledger: String?
    package let number: Int64?
    /// How often it was seen.
    package let count: Int64?
    package let openedAt: Timestamp?
    package let lastAt: Timestamp?
    /// Nil while it is so.
    package let closedAt: Timestamp?
    package let text: String?
}

package struct CollectorAlarms: Decodable, Sendable {
    package let alarms: [CollectorAlarm]
}
