// SPDX-License-Identifier: Apache-2.0
import Metrics
import SessionRecords
import SessionTracking

/// What the session loop counts (`docs/metrics.md`).
struct SessionMetrics: Sendable {
    private let observations = Counter(label: "lastword_observations_total")

    func record(batch: Int) {
        observations.increment(by: batch)
    }

    func record(_ commit: Commit) {
        switch commit {
        case .session(let change): record(change)
        case .gap(let gap):
            // The closing of one that was counted when it opened.
            guard gap.closedBy == nil else { return }
            Counter(
                label: "lastword_gaps_total", dimensions: [("source", gap.source), ("reason", gap.kind.rawValue)]
            ).increment()
        case .forget, .settle, .cursor: break
        }
    }

    private func record(_ change: SessionCommit) {
        guard let entry = change.entry else { return }
        Counter(label: "lastword_entries_total", dimensions: [("type", entry.rawValue)]).increment()
        guard entry == .sessionEnded else { return }
        let session = change.session
        Counter(
            label: "lastword_sessions_total",
            dimensions: [
                ("state", session.state.rawValue), ("ending", session.ending?.rawValue ?? "none"),
                ("classification", session.classification.rawValue),
            ]
        ).increment()
        if session.output?.pinnedBy == PinnedBy.none { lost(1, reason: "output-gone") }
    }

    func record(_ pin: LogPin) {
        let outcome =
            switch pin {
            case .held(let by): by.rawValue
            case .absent: "absent"
            case .refused: "refused"
            }
        Counter(label: "lastword_pin_attempts_total", dimensions: [("outcome", outcome)]).increment()
    }

    /// Every loss is counted by its reason.
    func lost(_ count: Int, reason: String) {
        Counter(label: "lastword_losses_total", dimensions: [("reason", reason)]).increment(by: count)
    }
}
