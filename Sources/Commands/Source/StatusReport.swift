// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// How things stand: what `status` shows. What a source cannot know is nil.
package struct StatusReport: Hashable, Sendable {
    /// Who takes entries off the node, and how far it has come.
    package struct Delivery: Hashable, Sendable {
        package var destination: String
        package var deliveredThrough: Int64?
        package var waiting: Int64?
        package var waitingSince: Timestamp?
        package var refused: Int64?
        /// Outputs that were refused, of entries that were not.
        package var refusedOutputs: Int64?
        package var state: State?
        /// Since when it is in that state.
        package var stateSince: Timestamp?
        /// Why nothing moves.
        package var trouble: String?
        /// When entries were last taken. A receiver's word that it has them is all that there is to know of their further way.
        package var acceptedAt: Timestamp?

        package enum State: String, Sendable, CaseIterable {
            /// Nothing is to be delivered: entries stay on the node.
            case off
            case delivering
            /// Nothing moves until the receiver's trouble is over.
            case waiting
        }

        package init(
            destination: String, deliveredThrough: Int64?, waiting: Int64?, waitingSince: Timestamp?, refused: Int64?
        ) {
            self.destination = destination
            self.deliveredThrough = deliveredThrough
            self.waiting = waiting
            self.waitingSince = waitingSince
            self.refused = refused
        }
    }

    /// Gaps of one source and one reason.
    package struct GapCount: Hashable, Sendable {
        package var source: String
        package var reason: String
        package var times: Int64 = 0
        package var open: Int64 = 0
        /// Over, and closed by nothing.
        package var missed: Int64 = 0
        package var dropped: Int64 = 0

        package init(source: String, reason: String) {
            self.source = source
            self.reason = reason
        }
    }

    /// What is missing in sessions' records for good, and why.
    package struct Loss: Hashable, Sendable {
        /// `output`: none could be kept; `ending`: nobody knows it, or somebody made it up.
        package var what: String
        package var reason: String
        package var sessions: Int64

        package init(what: String, reason: String, sessions: Int64) {
            self.what = what
            self.reason = reason
            self.sessions = sessions
        }
    }

    /// What a collector tells of itself; parts that the reader may not see are nil.
    package struct Collector: Hashable, Sendable {
        package var version: String?
        package var nodes: Int64?
        package var ledgers: Int64?
        package var entries: Int64?
        package var outputs: Int64?
        package var lastReceivedAt: Timestamp?
        package var openAlarms: Int64?
        package var holds: Int64?

        package init() {}
    }

    /// Path of the store, or address of the collector.
    package var source: String
    package var node: String?
    /// Whether an agent holds the store's lock; nil if that could not be found out.
    package var agentRunning: Bool?
    package var agentPID: Int32?
    package var agentVersion: String?
    package var agentStartedAt: Timestamp?
    package var agentStoppedAt: Timestamp?
    /// The last moment in which it is known to have been at work.
    package var agentActiveAt: Timestamp?
    /// Nil for a node's store.
    package var collector: Collector?
    package var storeBytes: Int64?
    /// Names of damaged stores that were set aside.
    package var setAside: [String] = []
    package var ledger: String?
    package var firstNumber: Int64?
    package var head: NotedHead?
    package var sessions: [SessionState: Int64] = [:]
    package var openGaps: [NodeGap] = []
    /// The most frequent first, among the newest gaps.
    package var gapCounts: [GapCount] = []
    /// The most frequent first, among the newest sessions.
    package var losses: [Loss] = []
    package var deliveries: [Delivery] = []
    /// The last session of each debug pod (`copy`, `node`) whose sessions have all ended and whose deletion nobody saw:
    /// `kubectl debug` leaves those pods behind. Newest first, among the newest sessions.
    package var podsLeftBehind: [Session] = []

    package init(source: String) {
        self.source = source
    }
}
