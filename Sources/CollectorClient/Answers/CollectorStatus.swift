// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// How a collector stands. A reader that is limited to namespaces is told the version alone.
package struct CollectorStatus: Decodable, Sendable {
    package struct Store: Decodable, Sendable {
        package let usedBytes: Int64?
        /// Names of damaged stores that were set aside.
        package let setAside: [String]?
    }

    package let version: String?
    package let entries: Int64?
    package let outputs: Int64?
    package let nodes: Int64?
    package let ledgers: Int64?
    package let holds: Int64?
    package let openAlarms: Int64?
    package let lastReceivedAt: Timestamp?
    package let store: Store?
}

/// Sessions counted by what they are; only the states are read.
package struct CollectorStatistics: Decodable, Sendable {
    package struct Count: Decodable, Sendable {
        package let value: String?
        package let sessions: Int64
    }

    package let states: [Count]
}
