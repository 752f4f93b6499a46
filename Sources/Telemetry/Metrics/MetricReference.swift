// SPDX-License-Identifier: Apache-2.0

/// The contents of `docs/metrics.md`.
package enum MetricReference {
    package static var markdown: String {
        var text = """
            # Metrics of the agent

            <!-- Made from Sources/Telemetry/Metrics/MetricCatalogue.swift; a test compares them with the code.
                 UPDATE_GOLDEN=1 swift test --filter MetricReferenceTests writes it anew. -->

            `GET /metrics` at `http.listen` (`127.0.0.1:9464`) answers in Prometheus' text format. Names are in snake case with
            their unit, counters end in `_total`. Every loss is counted by reason; a retry is not a loss. No label holds an id; a
            metric has at most \(PrometheusRegistry.seriesLimit) combinations of label values, what comes beyond is added up under `other`.

            | name | type | labels | meaning |
            |---|---|---|---|

            """
        for metric in (MetricCatalogue.all + ProcessMetrics.descriptions).sorted(by: { $0.name < $1.name }) {
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            text += "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |\n"
        }
        return text
    }
}
