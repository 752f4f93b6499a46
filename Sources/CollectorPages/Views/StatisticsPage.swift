// SPDX-License-Identifier: Apache-2.0
package import CollectorStore
package import SessionRecords

/// How far back the statistics go.
package enum StatisticsSpan: String, Sendable, CaseIterable {
    case day = "24h"
    case week = "7d"
    case month = "30d"
    case quarter = "90d"

    package var seconds: Int64 {
        switch self {
        case .day: 86_400
        case .week: 7 * 86_400
        case .month: 30 * 86_400
        case .quarter: 90 * 86_400
        }
    }

    /// How long one slice of the drawing is: whole hours or days, so that its borders are.
    package var sliceSeconds: Int64 {
        switch self {
        case .day: 1800
        case .week: 4 * 3600
        case .month: 12 * 3600
        case .quarter: 86_400
        }
    }

    var label: String {
        switch self {
        case .day: "24 hours"
        case .week: "7 days"
        case .month: "30 days"
        case .quarter: "90 days"
        }
    }

    var slice: String {
        switch self {
        case .day: "half an hour"
        case .week: "4 hours"
        case .month: "12 hours"
        case .quarter: "a day"
        }
    }
}

/// Counts of sessions, drawn.
package struct StatisticsPage: Sendable {
    private static let listed = 12

    package var span: StatisticsSpan
    package var since: Timestamp
    package var counts: Statistics
    package var histogram: SessionHistogram

    package init(span: StatisticsSpan, since: Timestamp, counts: Statistics, histogram: SessionHistogram) {
        self.span = span
        self.since = since
        self.counts = counts
        self.histogram = histogram
    }

    package func html(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        let drawing = HistogramDrawing(histogram)
        let groups = [
            group("By exit code", "Exit code", counts.exitCodes, "exitCode", absent: "none known", style: codeStyle),
            group("By namespace", "Namespace", counts.namespaces, "namespace", absent: "not known"),
            group("By image", "Image", counts.images, nil, absent: "not known"),
            group("By state", "State", counts.states, "state", absent: "not known"),
        ]
        let content: View = [
            "spans": StatisticsSpan.allCases.map { choice -> View in
                [
                    "spanHref": "/statistics?span=\(choice.rawValue)", "spanLabel": choice.label,
                    "isChosen": choice == span,
                ]
            },
            "tiles": tiles, "isEmpty": counts.sessions == 0, "isCut": histogram.isCut,
            "cutLimit": CollectorStore.histogramLimit, "sliceNote": "One bar is \(span.slice).", "most": drawing.most,
            "chartLabel": "\(counts.sessions) sessions of the last \(span.label), by when they began",
            "bars": drawing.bars, "ticks": drawing.ticks, "slices": drawing.table, "groups": groups,
        ]
        return renderer.page("statistics", frame, title: "Statistics", place: .statistics, content)
    }

    private var tiles: [View] {
        func count(_ counts: [Statistics.Count], _ isWanted: (String?) -> Bool) -> Int {
            counts.filter { isWanted($0.value) }.map(\.sessions).reduce(0, +)
        }
        func share(_ part: Int) -> String {
            counts.sessions == 0 ? "" : "\((part * 100 + counts.sessions / 2) / counts.sessions) %"
        }
        let succeeded = count(counts.exitCodes) { $0 == "0" }
        let failed = count(counts.exitCodes) { $0 != nil && $0 != "0" }
        let running = count(counts.states) { $0 == SessionState.running.rawValue }
        let unknown = count(counts.states) { $0 == SessionState.unknown.rawValue }
        return [
            ["tileName": "Sessions", "tileValue": counts.sessions],
            ["tileName": "Exit 0", "tileValue": succeeded, "tileNote": share(succeeded)],
            ["tileName": "Other exit codes", "tileValue": failed, "tileNote": share(failed)],
            ["tileName": "Running", "tileValue": running], ["tileName": "Unknown end", "tileValue": unknown],
        ]
    }

    private func codeStyle(_ value: String?) -> String {
        switch value {
        case nil: "other"
        case "0"?: "ok"
        default: "fail"
        }
    }

    private func group(
        _ title: String, _ column: String, _ values: [Statistics.Count], _ filter: String?, absent: String,
        style: (String?) -> String = { _ in "plain" }
    ) -> View {
        let most = max(1, values.map(\.sessions).max() ?? 1)
        let shown = values.prefix(Self.listed)
        var group: View = [
            "groupTitle": title, "columnTitle": column,
            "values": shown.map { count -> View in
                var view: View = [
                    "valueText": VisibleText.line(count.value ?? absent), "count": count.sessions,
                    "barStyle": style(count.value), "barWidth": max(1, count.sessions * 100 / most),
                ]
                if let filter, let value = count.value {
                    view["valueHref"] = PageLink.sessions([(filter, value), ("since", HumanTime.wholeSeconds(since))])
                }
                return view
            },
        ]
        let rest = values.dropFirst(Self.listed)
        if !rest.isEmpty {
            group["restNote"] = "And \(rest.count) more, with \(rest.map(\.sessions).reduce(0, +)) sessions."
        }
        return group
    }
}

/// The bars of sessions over time, in a drawing that is 1000 wide and 160 high.
struct HistogramDrawing {
    let bars: [View]
    let ticks: [String]
    let table: [View]
    let most: Int

    init(_ histogram: SessionHistogram) {
        let slices = histogram.slices
        let most = max(1, slices.map(\.total).max() ?? 1)
        let step = 1000.0 / Double(max(1, slices.count))
        self.most = most
        bars = slices.enumerated().filter { $0.element.total > 0 }.map { index, slice in
            var top = 160.0
            let parts = [("ok", slice.succeeded), ("fail", slice.failed), ("other", slice.other)].compactMap {
                style, count -> View? in
                guard count > 0 else { return nil }
                let height = 156.0 * Double(count) / Double(most)
                top -= height
                return [
                    "partStyle": style, "x": Self.number(Double(index) * step + step * 0.1), "y": Self.number(top),
                    "width": Self.number(step * 0.8), "height": Self.number(height),
                ]
            }
            return [
                "parts": parts, "hitX": Self.number(Double(index) * step), "hitWidth": Self.number(step),
                "barLabel":
                    "\(HumanTime.wholeSeconds(slice.begin)): \(slice.succeeded) exit 0, \(slice.failed) other codes, \(slice.other) running or unknown",
            ]
        }
        ticks =
            [0, slices.count / 3, slices.count * 2 / 3].compactMap { index in
                slices.indices.contains(index) ? HumanTime.wholeSeconds(slices[index].begin) : nil
            }.map { String($0.prefix(10)) + " " + $0.dropFirst(11).prefix(5) } + ["now"]
        table = slices.filter { $0.total > 0 }.reversed().map { slice in
            [
                "begin": PageTime.view(slice.begin), "succeeded": slice.succeeded, "failed": slice.failed,
                "other": slice.other,
            ]
        }
    }

    /// With at most two decimals.
    private static func number(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
        return rest == 0 ? "\(whole)" : "\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension SessionHistogram.Slice {
    var total: Int { succeeded + failed + other }
}
