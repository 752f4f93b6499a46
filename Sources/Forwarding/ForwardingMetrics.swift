// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Delivery
import Metrics

/// What the forwarder counts (`docs/metrics.md`).
struct ForwardingMetrics: Sendable {
    private let up = Gauge(label: "lastword_forward_up")
    private let backlog = Gauge(label: "lastword_forward_backlog")
    private let backlogAge = Gauge(label: "lastword_forward_backlog_age_seconds")
    private let refused = Gauge(label: "lastword_forward_refused")
    private let sentBytes = Counter(label: "lastword_forward_bytes_total")
    private let requestTime = Metrics.Timer(label: "lastword_forward_request_seconds")

    func state(up isUp: Bool) {
        up.record(isUp ? 1 : 0)
    }

    func sent(bytes: Int, took time: Duration, outcome: DeliveryOutcome) {
        sentBytes.increment(by: bytes)
        let (seconds, attoseconds) = time.components
        requestTime.recordNanoseconds(min(seconds, 1_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000)
        let word =
            switch outcome {
            case .accepted(let rejected, _): rejected == 0 ? "accepted" : "partly-accepted"
            case .refused(let status, _, _):
                DeliveryFault.of(status: status) == .entry ? "entry-fault" : "endpoint-fault"
            case .noAnswer: "no-answer"
            case .notSent: "not-sent"
            }
        Counter(label: "lastword_forward_requests_total", dimensions: [("outcome", word)]).increment()
    }

    func settled(_ settlement: DeliveryMachine.Settlement, delivered: Int) {
        count(delivered, "delivered")
        count(settlement.cleared.count, "taken-again")
        for part in [DeliveryMachine.Part.output, .entry, .unknown] {
            count(settlement.refusals.count { $0.part == part }, "refused-\(part.rawValue)")
        }
    }

    private func count(_ count: Int, _ outcome: String) {
        guard count > 0 else { return }
        Counter(label: "lastword_forward_entries_total", dimensions: [("outcome", outcome)]).increment(by: count)
    }

    func measured(_ measure: DeliveryBacklog, ageSeconds: Int64) {
        backlog.record(measure.entries)
        backlogAge.record(ageSeconds)
        refused.record(measure.refusedEntries + measure.refusedOutputs)
    }
}
