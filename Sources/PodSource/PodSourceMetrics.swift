// SPDX-License-Identifier: Apache-2.0
import Metrics

/// The pod source's metrics; no pod names, no IDs.
struct PodSourceMetrics: Sendable {
    private let up = Gauge(label: "lastword_pods_up")
    private let cached = Gauge(label: "lastword_pods_known")
    private let dropped = Counter(label: "lastword_pods_dropped_total")

    /// Events and poll results that were understood, by kind: `added`, `modified`, `deleted`, `bookmark`, `listed`.
    func event(_ kind: String, count: Int = 1) {
        Counter(label: "lastword_pods_events_total", dimensions: [("kind", kind)]).increment(by: count)
    }

    /// Full lists, by cause: `start`, `expired`, `overflow`, `lost`.
    func relist(_ reason: String) {
        Counter(label: "lastword_pods_relists_total", dimensions: [("reason", reason)]).increment()
    }

    func failure(_ reason: String) {
        Counter(label: "lastword_pods_errors_total", dimensions: [("reason", reason)]).increment()
    }

    /// Objects that were not taken: `oversize`, `malformed`, `cache-full`.
    func skipped(_ reason: String) {
        Counter(label: "lastword_pods_skipped_total", dimensions: [("reason", reason)]).increment()
    }

    func lost(_ count: Int) {
        dropped.increment(by: count)
    }

    func state(up isUp: Bool, known: Int) {
        up.record(isUp ? 1 : 0)
        cached.record(known)
    }
}
