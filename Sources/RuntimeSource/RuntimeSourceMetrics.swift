// SPDX-License-Identifier: Apache-2.0
package import Metrics
import Synchronization

/// What the runtime source counts: for `/metrics` through swift-metrics, and as plain numbers for `status` and tests.
package final class RuntimeSourceMetrics: Sendable {
    package enum Tally: String, Sendable, CaseIterable {
        case eventsReceived = "lastword_runtime_events_total"
        /// Dropped at the queue's limit; a listing makes it good.
        case eventsDropped = "lastword_runtime_events_dropped_total"
        /// Ends of execs, which end no container.
        case execsIgnored = "lastword_runtime_execs_ignored_total"
        /// Events, records and listed containers that could not be understood, wholly or in part.
        case malformed = "lastword_runtime_malformed_total"
        /// Connections lost or not made.
        case connectionsLost = "lastword_runtime_connections_lost_total"
        case connectionsMade = "lastword_runtime_connections_total"
        case listings = "lastword_runtime_listings_total"
        case descriptions = "lastword_runtime_descriptions_total"
        case statuses = "lastword_runtime_statuses_total"
        /// Look-ups that the runtime has nothing for (any more).
        case lookupsUnknown = "lastword_runtime_lookups_unknown_total"
        /// Look-ups put back to be tried again; not a loss.
        case lookupsRetried = "lastword_runtime_lookups_retried_total"
        /// Connections for unary calls renewed before the HTTP/2 layer would have dropped them.
        case unaryRenewals = "lastword_runtime_unary_renewals_total"
    }

    private let counters: [Tally: Counter]
    private let topics: [String: Counter]
    private let otherTopic: Counter
    private let connected: Gauge
    private let depth: Gauge
    private let tallies = Mutex<[Tally: Int]>([:])

    /// - Parameter factory: where the metrics go; the process-wide one by default.
    package init(factory: any MetricsFactory = MetricsSystem.factory) {
        var counters: [Tally: Counter] = [:]
        for tally in Tally.allCases where tally != .eventsReceived {
            counters[tally] = Counter(label: tally.rawValue, factory: factory)
        }
        self.counters = counters
        var topics: [String: Counter] = [:]
        for topic in TaskEventTranslator.topics {
            topics[topic] = Counter(
                label: Tally.eventsReceived.rawValue, dimensions: [("topic", topic)], factory: factory)
        }
        self.topics = topics
        otherTopic = Counter(
            label: Tally.eventsReceived.rawValue, dimensions: [("topic", "other")], factory: factory)
        connected = Gauge(label: "lastword_runtime_connected", factory: factory)
        depth = Gauge(label: "lastword_runtime_queue_depth", factory: factory)
    }

    /// The count since the start of the process.
    package func value(_ tally: Tally) -> Int {
        tallies.withLock { $0[tally] ?? 0 }
    }

    func add(_ tally: Tally, _ count: Int = 1) {
        guard count > 0 else { return }
        tallies.withLock { $0[tally, default: 0] += count }
        counters[tally]?.increment(by: count)
    }

    /// One event off the wire. Topics that we do not know share a label: their names are the sender's words.
    func received(topic: String) {
        tallies.withLock { $0[.eventsReceived, default: 0] += 1 }
        (topics[topic] ?? otherTopic).increment()
    }

    func setConnected(_ value: Bool) {
        connected.record(value ? 1 : 0)
    }

    func setDepth(_ value: Int) {
        depth.record(value)
    }
}
