// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Metrics
import SessionRecords

/// One output's numbers.
struct OutputMetrics {
    private let name: String
    private let up: Meter
    private let lines: Meter
    private let age: Meter
    private let sent: Counter
    private let skipped: Counter

    init(_ name: String) {
        self.name = name
        let output = [("output", name)]
        up = Meter(label: "lastword_collector_output_up", dimensions: output)
        lines = Meter(label: "lastword_collector_output_backlog_lines", dimensions: output)
        age = Meter(label: "lastword_collector_output_backlog_age_seconds", dimensions: output)
        sent = Counter(label: "lastword_collector_output_events_total", dimensions: output)
        skipped = Counter(label: "lastword_collector_output_skipped_total", dimensions: output)
        up.set(0)
    }

    func note(isUp: Bool) { up.set(isUp ? 1 : 0) }
    func note(sent count: Int) { sent.increment(by: count) }
    func note(skipped count: Int) { skipped.increment(by: count) }

    func note(failure reason: String) {
        Counter(
            label: "lastword_collector_output_failures_total", dimensions: [("output", name), ("reason", reason)]
        ).increment()
    }

    func note(_ backlog: FeedBacklog, at now: Timestamp) {
        lines.set(backlog.lines)
        age.set(backlog.oldest.map { Double(max(0, now.nanoseconds(since: $0))) / 1_000_000_000 } ?? 0)
    }
}
