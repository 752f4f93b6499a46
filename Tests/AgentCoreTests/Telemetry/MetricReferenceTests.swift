// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Telemetry

@Suite("Metrics: reference")
struct MetricReferenceTests {
    @Test("docs/metrics.md is what the catalogue says")
    func document() throws {
        let expected = MetricReference.markdown
        #expect(try RepositoryFiles.golden("docs/metrics.md", expected: expected) == expected)
    }

    @Test("docs/collector-metrics.md is what the collector's catalogue says")
    func collectorDocument() throws {
        let expected = MetricReference.collectorMarkdown
        #expect(try RepositoryFiles.golden("docs/collector-metrics.md", expected: expected) == expected)
    }

    @Test("every metric in the code is in the catalogue, and every one of the catalogue is in the code")
    func catalogueMatchesCode() throws {
        var inCode: [String: String] = [:]
        let names = #/"(lastword_[a-z0-9_]+)"/#
        for (path, text) in try RepositoryFiles.sources("Sources") where !path.hasSuffix("MetricCatalogue.swift") {
            for match in text.matches(of: names) { inCode[String(match.1)] = path }
        }
        let catalogue = Set((MetricCatalogue.all + MetricCatalogue.collector).map(\.name))
        #expect(Set(inCode.keys).subtracting(catalogue).sorted() == [], "add them to MetricCatalogue: \(inCode)")
        #expect(catalogue.subtracting(inCode.keys).sorted() == [], "nothing in the code counts these")
    }

    @Test("names are in snake case, counters end in total, durations in seconds, and nobody is named twice")
    func names() {
        for program in [MetricCatalogue.all, MetricCatalogue.collector] {
            let names = (program + ProcessMetrics.descriptions).map(\.name)
            #expect(Set(names).count == names.count)
        }
        for metric in MetricCatalogue.all + MetricCatalogue.collector + ProcessMetrics.descriptions {
            #expect(metric.name.wholeMatch(of: #/[a-z][a-z0-9_]*[a-z0-9]/#) != nil)
            #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"), "\(metric.name)")
            if metric.kind == .histogram {
                #expect(metric.name.hasSuffix("_seconds") || metric.name.hasSuffix("_bytes"))
            }
            #expect(metric.help.hasSuffix(".") && !metric.help.contains("|"))
            #expect(metric.buckets == metric.buckets.sorted())
            #expect(!metric.labels.contains { $0.hasSuffix("id") || $0.hasSuffix("uid") })
        }
    }
}
