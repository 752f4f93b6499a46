// SPDX-License-Identifier: Apache-2.0
package import CollectorStore
import SessionRecords

/// What nodes have delivered, and what is wrong with it.
package struct NodeListPage: Sendable {
    package var nodes: [NodeOverview]
    package var live: LiveSource?

    package init(nodes: [NodeOverview], live: LiveSource?) {
        self.nodes = nodes
        self.live = live
    }

    package func html(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        var content: View = ["list": list(frame.now)]
        content["live"] = live?.view
        return renderer.page("nodes", frame, title: "Nodes", place: .nodes, content)
    }

    package func fragment(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        renderer.fragment("nodeRows", ["list": list(frame.now)])
    }

    private func list(_ now: Timestamp) -> View {
        // What needs somebody comes first.
        let sorted = nodes.sorted { (($0.isTroubled ? 0 : 1), $0.node) < (($1.isTroubled ? 0 : 1), $1.node) }
        let troubled = nodes.count { $0.isTroubled }
        let count = nodes.count == 1 ? "1 node" : "\(nodes.count) nodes"
        return [
            "rows": sorted.map { row($0, now) }, "isEmpty": nodes.isEmpty,
            "summary": nodes.isEmpty
                ? "" : count + (troubled == 0 ? ", all chains whole" : ", \(troubled) with alarms"),
        ]
    }

    private func row(_ node: NodeOverview, _ now: Timestamp) -> View {
        var row = node.view
        row["nodeHref"] = PageLink.node(node.node)
        row["cluster"] = node.cluster.map(VisibleText.line)
        row["received"] = PageTime.view(node.lastReceivedAt)
        row["receivedAge"] = PageTime.age(node.lastReceivedAt, now: now)
        row["newest"] = node.lastEntryAt.map { PageTime.view($0) }
        row["lag"] = node.lag ?? "–"
        row["entries"] = node.entries
        row["missing"] = node.missing
        row["hasMissing"] = node.missing > 0
        row["gaps"] = node.openGaps
        row["hasGaps"] = node.openGaps > 0
        row["clock"] = node.clock ?? "–"
        row["clockOff"] = node.alarms.contains { $0.kind == .clockOffset }
        row["identity"] = node.identity
        return row
    }
}

extension NodeOverview {
    var isTroubled: Bool { !alarms.isEmpty }
    var isWeak: Bool { identity == Self.anyNodeToken }

    /// Numbers from the first to the newest of all its ledgers. Numbers are an agent's word, however large.
    var entries: Int64 {
        Self.sum(ledgers.map { $0.headNumber.subtractingReportingOverflow($0.first - 1).partialValue })
    }

    /// Numbers that have not come.
    var missing: Int64 { Self.sum(ledgers.flatMap(\.holes).map { Int64($0.count) }) }

    private static func sum(_ values: [Int64]) -> Int64 {
        values.reduce(0) { $0.addingClamped($1) }
    }

    var clock: String? { clockOffsetNanoseconds.map(PageTime.offset) }

    /// From the newest entry's time to its arrival.
    var lag: String? {
        lastEntryAt.map { entry in
            // A clock that is ahead is the business of another column.
            HumanTime.duration(nanoseconds: max(0, lastReceivedAt.nanoseconds(since: entry)))
        }
    }

    var view: View {
        let kinds = Set(alarms.map(\.kind.rawValue)).sorted()
        var view: View = ["nodeName": VisibleText.line(node), "isWeak": isWeak]
        view["chainStyle"] = isTroubled ? "fail" : "ok"
        view["chainSign"] = isTroubled ? "✕" : "✓"
        view["chainText"] = isTroubled ? kinds.joined(separator: ", ") : "whole"
        view["chainMeaning"] =
            isTroubled
            ? "Open alarms: " + kinds.joined(separator: ", ")
            : "Nothing is missing, changed or forked in what the node delivered"
        return view
    }
}

/// One node.
package struct NodePage: Sendable {
    /// Gaps and alarms that are listed, at most: the newest.
    package static let limit = 200

    package var node: NodeOverview
    /// Newest first.
    package var alarms: [Alarm]
    /// Oldest first.
    package var gaps: [StoredGap]

    package init(node: NodeOverview, alarms: [Alarm], gaps: [StoredGap]) {
        self.node = node
        self.alarms = alarms
        self.gaps = gaps
    }

    package func html(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        var content = node.view
        content["strip"] = strip(frame.now)
        content["sessionsHref"] = PageLink.sessions([("node", node.node)])
        content["hasAlarms"] = !alarms.isEmpty
        content["alarms"] = alarms.map(Self.view)
        content["hasGaps"] = !gaps.isEmpty
        content["gapSummary"] =
            "\(node.openGaps) open" + (gaps.count >= Self.limit ? "; the newest \(gaps.count) are listed" : "")
        content["gaps"] = gaps.reversed().map(Self.view)
        content["ledgers"] = node.ledgers.map(Self.view)
        return renderer.page("nodePage", frame, title: "Node \(node.node)", place: .nodes, content)
    }

    private func strip(_ now: Timestamp) -> [View] {
        var strip: [View] = [
            [
                "stripName": "Last delivery", "stripTime": PageTime.view(node.lastReceivedAt),
                "stripNote": PageTime.age(node.lastReceivedAt, now: now),
            ],
            ["stripName": "First delivery", "stripTime": PageTime.view(node.firstReceivedAt)],
            ["stripName": "Login", "stripText": node.identity],
        ]
        if let newest = node.lastEntryAt, let lag = node.lag {
            strip.append([
                "stripName": "Newest entry", "stripTime": PageTime.view(newest), "stripNote": "lag \(lag)",
            ])
        }
        if let clock = node.clock { strip.append(["stripName": "Clock offset", "stripText": clock]) }
        if let cluster = node.cluster {
            strip.append(["stripName": "Cluster", "stripText": VisibleText.line(cluster)])
        }
        return strip
    }

    private static func view(_ alarm: Alarm) -> View {
        let isOpen = alarm.closedAt == nil
        let isNotice = alarm.kind == .newLedger
        return [
            "alarmStyle": isOpen ? "fail" : isNotice ? "none" : "ok", "alarmSign": isOpen ? "✕" : isNotice ? "·" : "✓",
            "alarmState": isOpen ? "open" : isNotice ? "notice" : "closed", "kind": alarm.kind.rawValue,
            "opened": PageTime.view(alarm.openedAt), "last": PageTime.view(alarm.lastAt), "times": alarm.count,
            "text": VisibleText.line(alarm.text),
        ]
    }

    private static func view(_ stored: StoredGap) -> View {
        let gap = stored.gap
        let (style, sign, state): (String, String, String) =
            switch (gap.closedAt, gap.closedBy) {
            case (nil, _): ("fail", "✕", "open")
            case (_?, let by?): ("ok", "✓", by)
            case (_?, nil): ("fail", "✕", "nothing: missed")
            }
        var view: View = [
            "gapStyle": style, "gapSign": sign, "gapState": VisibleText.line(state),
            "source": VisibleText.line(gap.source), "from": PageTime.view(gap.openedAt),
            "lasted": gap.closedAt.map { HumanTime.duration(nanoseconds: $0.nanoseconds(since: gap.openedAt)) } ?? "–",
            "dropped": gap.dropped.map(String.init) ?? "–", "reason": VisibleText.line(gap.reason),
        ]
        view["to"] = gap.closedAt.map { PageTime.view($0) }
        return view
    }

    private static func view(_ ledger: LedgerOverview) -> View {
        let holes = ledger.holes.prefix(20).map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)"
        }
        let hash = ledger.headHash.description
        return [
            "ledger": VisibleText.line(ledger.ledger), "first": ledger.first, "head": ledger.headNumber, "hash": hash,
            "shortHash": String(hash.prefix(12)), "received": PageTime.view(ledger.lastReceivedAt),
            "holes": holes.isEmpty ? "none" : holes.joined(separator: ", ") + (ledger.holes.count > 20 ? ", …" : ""),
            "stubs": ledger.stubs,
        ]
    }
}
