// SPDX-License-Identifier: Apache-2.0

/// Every metric of the agent. A test holds it against the code and `docs/metrics.md`.
package enum MetricCatalogue {
    package static let all: [MetricDescription] = [
        MetricDescription(
            "lastword_part_ready", .gauge, labels: ["part"], "1 while the part of the agent is in order, else 0."),
        MetricDescription(
            "lastword_metrics_refused_total", .counter,
            "Metrics that were not kept, because there were too many names or a name had two kinds."),
    ]
}
