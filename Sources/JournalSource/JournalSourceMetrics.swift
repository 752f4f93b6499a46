// SPDX-License-Identifier: Apache-2.0
import Metrics

/// The journal source's metrics; no names of containers, no ids.
struct JournalSourceMetrics: Sendable {
    private let up = Gauge(label: "lastword_journal_up")
    private let lookBacks = Counter(label: "lastword_journal_look_backs_total")

    /// Lines that were read, by what they say: see `JournalTranslator.Reading.kind`.
    func lines(_ counts: [String: Int]) {
        for (kind, count) in counts {
            Counter(label: "lastword_journal_lines_total", dimensions: [("kind", kind)]).increment(by: count)
        }
    }

    /// Intervals that nobody can read any more: `dropped` by journald, `vacuumed`, `cursor` unreadable.
    func missed(_ reason: String) {
        Counter(label: "lastword_journal_missed_total", dimensions: [("reason", reason)]).increment()
    }

    /// Failures of the reader, by the error's code.
    func failure(_ code: String) {
        Counter(label: "lastword_journal_errors_total", dimensions: [("reason", code)]).increment()
    }

    func lookedBack() {
        lookBacks.increment()
    }

    func state(up isUp: Bool) {
        up.record(isUp ? 1 : 0)
    }
}
