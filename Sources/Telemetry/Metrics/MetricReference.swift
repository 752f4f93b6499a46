// SPDX-License-Identifier: Apache-2.0

/// The contents of `docs/metrics.md` and `docs/collector-metrics.md`.
package enum MetricReference {
    package static var markdown: String {
        page("agent", "MetricCatalogue", "at `http.listen` (`127.0.0.1:9464`)", MetricCatalogue.all)
    }

    package static var collectorMarkdown: String {
        page(
            "collector", "CollectorMetricCatalogue",
            "at `http.listen` (`127.0.0.1:9465`), and at `server.listen` for readers,", MetricCatalogue.collector)
    }

    private static func page(
        _ program: String, _ catalogue: String, _ place: String, _ metrics: [MetricDescription]
    ) -> String {
        var text = """
            # Metrics of the \(program)

            <!-- Made from Sources/Telemetry/Metrics/\(catalogue).swift; a test compares them with the code.
                 UPDATE_GOLDEN=1 swift test --filter MetricReferenceTests writes it anew. -->

            `GET /metrics` \(place) answers in Prometheus' text format. Names are in snake case with
            their unit, counters end in `_total`. Every loss is counted by reason; a retry is not a loss. No label holds an id; a
            metric has at most \(PrometheusRegistry.seriesLimit) combinations of label values, what comes beyond is added up under `other`.

            | name | type | labels | meaning |
            |---|---|---|---|

            """
        for metric in (metrics + ProcessMetrics.descriptions).sorted(by: { $0.name < $1.name }) {
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            text += "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |\n"
        }
        return text
    }
}
