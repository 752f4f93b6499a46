// SPDX-License-Identifier: Apache-2.0
package import CoreMetrics
import Synchronization

/// Keeps the metrics of the process and writes them for Prometheus.
///
/// Bounded: at most `familyLimit` names and `seriesLimit` combinations of label values a name. What comes beyond the
/// latter is added up in one series whose labels all say `other`; what comes beyond the former is counted nowhere but
/// in `lastword_metrics_refused_total`. Nothing is ever removed, so a counter never seems to go back.
package final class PrometheusRegistry: MetricsFactory {
    package static let familyLimit = 500
    package static let seriesLimit = 100
    private static let labelBytes = 128

    enum Cell {
        case counter(CounterCell)
        case gauge(GaugeCell)
        case histogram(HistogramCell)
    }

    struct Family {
        var kind: MetricDescription.Kind
        var help: String?
        var series: [Labels: Cell] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
    }

    private let descriptions: [String: MetricDescription]
    private let state = Mutex(State())
    private let refused = CounterCell()

    /// Counters without labels among the descriptions stand at 0 from the start, so that their first rise is seen.
    package init(describedBy descriptions: [MetricDescription]) {
        self.descriptions = Dictionary(descriptions.map { ($0.name, $0) }) { first, _ in first }
        for description in descriptions where description.kind == .counter && description.labels.isEmpty {
            _ = makeCounter(label: description.name, dimensions: [])
        }
    }

    /// The text exposition format, version 0.0.4, sorted by name and labels.
    /// https://prometheus.io/docs/instrumenting/exposition_formats/
    package func exposition() -> String {
        var families = state.withLock { $0.families }
        let name = "lastword_metrics_refused_total"
        families[name] = Family(
            kind: .counter, help: descriptions[name]?.help, series: [Labels([]): .counter(refused)])
        return families.sorted { $0.key < $1.key }.map { PrometheusText.render($0.value, name: $0.key) }.joined()
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate ? histogram(PrometheusText.name(label), dimensions) : gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let name = PrometheusText.name(label)
        return histogram(name.hasSuffix("_seconds") ? name : name + "_seconds", dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    // MARK: Cells

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterCell {
        let name = PrometheusText.name(label)
        let full = name.hasSuffix("_total") ? name : name + "_total"
        let cell = self.cell(full, .counter, dimensions) { .counter(CounterCell()) }
        guard case .counter(let counter) = cell else { return CounterCell() }
        return counter
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeCell {
        let cell = self.cell(PrometheusText.name(label), .gauge, dimensions) { .gauge(GaugeCell()) }
        guard case .gauge(let gauge) = cell else { return GaugeCell() }
        return gauge
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramCell {
        let bounds = descriptions[name]?.buckets ?? MetricDescription.seconds
        let cell = self.cell(name, .histogram, dimensions) { .histogram(HistogramCell(bounds: bounds)) }
        guard case .histogram(let histogram) = cell else { return HistogramCell(bounds: bounds) }
        return histogram
    }

    /// The cell of a series, made if need be. Nil where there is no room or the name is of another kind: the caller
    /// then gets a cell that nobody reads.
    private func cell(
        _ name: String, _ kind: MetricDescription.Kind, _ dimensions: [(String, String)], make: () -> Cell
    ) -> Cell? {
        let labels = Labels(
            dimensions.map { (PrometheusText.name($0.0), PrometheusText.clip($0.1, to: Self.labelBytes)) })
        let found: Cell? = state.withLock { state in
            guard var family = state.families[name] ?? newFamily(kind, name, count: state.families.count),
                family.kind == kind
            else { return nil }
            let key = family.series[labels] != nil || family.series.count < Self.seriesLimit ? labels : labels.other
            let cell = family.series[key] ?? make()
            family.series[key] = cell
            state.families[name] = family
            return cell
        }
        if found == nil { refused.increment(by: Int64(1)) }
        return found
    }

    private func newFamily(_ kind: MetricDescription.Kind, _ name: String, count: Int) -> Family? {
        count < Self.familyLimit ? Family(kind: kind, help: descriptions[name]?.help) : nil
    }
}

extension PrometheusRegistry {
    /// The labels of one series, sorted by name, no name twice.
    struct Labels: Hashable {
        struct Label: Hashable {
            var name: String
            var value: String
        }

        let labels: [Label]

        init(_ pairs: [(String, String)]) {
            labels = Dictionary(pairs) { first, _ in first }.map { Label(name: $0.key, value: $0.value) }
                .sorted { $0.name < $1.name }
        }

        /// The series that stands for all that had no room.
        var other: Labels {
            Labels(labels.map { ($0.name, "other") })
        }
    }
}
