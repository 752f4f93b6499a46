// SPDX-License-Identifier: Apache-2.0
package import CollectorClient
package import SessionRecords

/// What a collector knows besides sessions: its nodes, and what is wrong with what they deliver.
package struct Fleet: Sendable {
    /// By name.
    package var nodes: @Sendable () async throws -> [CollectorNode]
    /// The latest opening first.
    package var alarms: @Sendable () async throws -> [CollectorAlarm]
    /// What is decided and heard of a session besides its record; nil if there is no such session any more.
    package var details: @Sendable (SessionID) async throws -> CollectorDetails?
    /// The head of a ledger, as the collector keeps it.
    package var head: @Sendable (_ ledger: String) async throws -> KeptHeads

    package init(
        nodes: @escaping @Sendable () async throws -> [CollectorNode],
        alarms: @escaping @Sendable () async throws -> [CollectorAlarm],
        details: @escaping @Sendable (SessionID) async throws -> CollectorDetails?,
        head: @escaping @Sendable (String) async throws -> KeptHeads
    ) {
        self.nodes = nodes
        self.alarms = alarms
        self.details = details
        self.head = head
    }
}

extension SessionSource {
    /// Throws for a node's store.
    func needFleet(for what: String) throws -> Fleet {
        guard let fleet else { throw Self.collectorNeeded(for: what) }
        return fleet
    }

    static func collectorNeeded(for what: String) -> LastwordError {
        LastwordError(
            code: "cli.collector-needed", message: "a node's store cannot tell \(what)",
            remedy: "name a collector by --collector or LASTWORD_COLLECTOR")
    }
}
