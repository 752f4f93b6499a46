// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Testing

@testable import Telemetry

@Suite("Prometheus registry")
struct PrometheusRegistryTests {
    @Test("counters, gauges and histograms are written in the text format")
    func exposition() {
        let registry = PrometheusRegistry(describedBy: [
            MetricDescription("events_total", .counter, labels: ["topic"], "Events,\nby \\ topic."),
            MetricDescription("silent_total", .counter, "Nothing yet."),
            MetricDescription("commit_seconds", .histogram, buckets: [0.001, 0.01], "Commits."),
        ])
        registry.makeCounter(label: "events_total", dimensions: [("topic", "/tasks/exit")]).increment(by: 3)
        registry.makeCounter(label: "events", dimensions: [("topic", "/tasks/exit")]).increment(by: 4)
        registry.makeCounter(label: "events_total", dimensions: [("topic", "a\"b\\c\nd")]).increment(by: 1)
        registry.makeMeter(label: "pins", dimensions: []).set(1.5)
        let timer = registry.makeTimer(label: "commit", dimensions: [("op", "x")])
        for nanoseconds: Int64 in [500_000, 1_000_000, 2_000_000, 20_000_000] { timer.recordNanoseconds(nanoseconds) }
        #expect(
            registry.exposition() == """
                # HELP commit_seconds Commits.
                # TYPE commit_seconds histogram
                commit_seconds_bucket{op="x",le="0.001"} 2
                commit_seconds_bucket{op="x",le="0.01"} 3
                commit_seconds_bucket{op="x",le="+Inf"} 4
                commit_seconds_sum{op="x"} 0.0235
                commit_seconds_count{op="x"} 4
                # HELP events_total Events,\\nby \\\\ topic.
                # TYPE events_total counter
                events_total{topic="/tasks/exit"} 7
                events_total{topic="a\\"b\\\\c\\nd"} 1
                # TYPE lastword_metrics_refused_total counter
                lastword_metrics_refused_total 0
                # TYPE pins gauge
                pins 1.5
                # HELP silent_total Nothing yet.
                # TYPE silent_total counter
                silent_total 0

                """)
    }

    @Test("gauges go both ways, counters only up")
    func directions() {
        let registry = PrometheusRegistry(describedBy: [])
        let gauge = registry.makeMeter(label: "g", dimensions: [])
        gauge.set(Int64(5))
        gauge.increment(by: 2)
        gauge.decrement(by: 10)
        let counter = registry.makeCounter(label: "c", dimensions: [])
        counter.increment(by: 5)
        counter.increment(by: -3)
        let fraction = registry.makeFloatingPointCounter(label: "f", dimensions: [])
        fraction.increment(by: 0.5)
        fraction.increment(by: .nan)
        fraction.increment(by: .infinity)
        let text = registry.exposition()
        #expect(text.contains("\ng -3\n") && text.contains("c_total 5\n") && text.contains("f_total 0.5\n"))
    }

    @Test("a name has a bounded number of series, and what is beyond is added up, not lost")
    func cardinality() {
        let registry = PrometheusRegistry(describedBy: [])
        for index in 0..<10_000 {
            registry.makeCounter(label: "c_total", dimensions: [("id", "\(index)")]).increment(by: 1)
        }
        let lines = registry.exposition().split(separator: "\n").filter { $0.hasPrefix("c_total{") }
        #expect(lines.count == PrometheusRegistry.seriesLimit + 1)
        #expect(lines.contains("c_total{id=\"other\"} \(10_000 - PrometheusRegistry.seriesLimit)"))
    }

    @Test("the number of names is bounded, and refusals are counted")
    func names() {
        let registry = PrometheusRegistry(describedBy: [])
        for index in 0..<(PrometheusRegistry.familyLimit + 7) {
            registry.makeMeter(label: "g\(index)", dimensions: []).set(Int64(1))
        }
        // Another kind under a name that is taken.
        registry.makeCounter(label: "g0", dimensions: []).increment(by: 1)
        registry.makeTimer(label: "g1", dimensions: []).recordNanoseconds(1)
        let text = registry.exposition()
        #expect(text.contains("lastword_metrics_refused_total 9\n"))
        #expect(text.split(separator: "\n").count { $0.hasPrefix("# TYPE g") } == PrometheusRegistry.familyLimit)
    }

    @Test("names and labels from anywhere are made into the format's words")
    func hostileNames() {
        let registry = PrometheusRegistry(describedBy: [])
        registry.makeMeter(label: "9 bad\nname{}", dimensions: [("a-b", "x"), ("a-b", "y"), ("ü", "z")]).set(Int64(1))
        registry.makeMeter(label: "long", dimensions: [("v", String(repeating: "ü", count: 5000))]).set(Int64(1))
        let text = registry.exposition()
        #expect(text.contains("\n_9_bad_name__{__=\"z\",a_b=\"x\"} 1\n"))
        #expect(text.contains("long{v=\"" + String(repeating: "ü", count: 64) + "\"} 1\n"))
    }

    @Test("increments from many tasks all count")
    func concurrency() async {
        let registry = PrometheusRegistry(describedBy: [])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for index in 0..<1000 {
                        registry.makeCounter(label: "c_total", dimensions: [("l", "\(index % 3)")]).increment(by: 1)
                    }
                }
            }
        }
        #expect(registry.exposition().contains("c_total{l=\"0\"} \(8 * 334)\n"))
    }

    @Test("the process' own numbers are there")
    func process() {
        let text = ProcessMetrics().exposition()
        for description in ProcessMetrics.descriptions {
            let line = text.split(separator: "\n").first { $0.hasPrefix(description.name + " ") }
            #expect(Double(line?.split(separator: " ").last ?? "").map { $0 > 0 } == true, "\(description.name)")
        }
    }
}
