// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// What the list of sessions was asked for, as it stands in the address.
package struct SessionFilters: Sendable {
    /// Names of filters in the order in which they are shown, with their labels.
    static let labels: [(name: String, label: String)] = [
        ("q", "Output has"), ("namespace", "Namespace"), ("pod", "Pod"), ("exitCode", "Exit code"), ("state", "State"),
        ("within", "Began within"), ("container", "Container"), ("target", "Target"), ("node", "Node"),
        ("cluster", "Cluster"), ("since", "Since"), ("until", "Until"), ("startedBefore", "Before"),
        ("reference", "Named"), ("running", "Running"), ("limit", "Page size"),
    ]
    /// Those that stand behind "More filters".
    private static let more: Set = ["container", "target", "node", "cluster", "since", "until", "reference"]

    /// Only what is set.
    package var values: [String: String]

    package init(values: [String: String]) {
        self.values = values.filter { !$0.value.isEmpty }
    }

    package var isEmpty: Bool { values.isEmpty }
    var hasMore: Bool { values.keys.contains { Self.more.contains($0) } }

    package func parameters(
        without name: String? = nil, and extra: [(name: String, value: String)] = []
    ) -> [(name: String, value: String)] {
        Self.labels.compactMap { filter in
            filter.name == name ? nil : values[filter.name].map { (filter.name, $0) }
        } + extra
    }

    var chips: [View] {
        Self.labels.compactMap { filter in
            values[filter.name].map { value in
                [
                    "chipName": filter.label, "chipValue": VisibleText.line(value),
                    "chipHref": PageLink.sessions(parameters(without: filter.name)),
                ]
            }
        }
    }
}

/// The list of sessions.
package struct SessionListPage: Sendable {
    /// What `within` can be, and how it is called.
    private static let spans = [
        ("", "any time"), ("1h", "last hour"), ("24h", "last 24 hours"), ("7d", "last 7 days"), ("30d", "last 30 days"),
    ]

    package var filters: SessionFilters
    /// Newest first.
    package var sessions: [ReadRecord]
    package var nodes: NodeMarks
    /// The address of the next page's beginning; nil on the last one.
    package var next: String?
    /// Whether this is not the first page.
    package var isLater: Bool
    /// Nil where the page does not change.
    package var live: LiveSource?

    package init(
        filters: SessionFilters, sessions: [ReadRecord], nodes: NodeMarks, next: String?, isLater: Bool,
        live: LiveSource?
    ) {
        self.filters = filters
        self.sessions = sessions
        self.nodes = nodes
        self.next = next
        self.isLater = isLater
        self.live = live
    }

    package func html(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        var content: View = [
            "list": list(frame), "states": states, "spans": spans, "hasMore": filters.hasMore,
            "hasFilters": !filters.isEmpty, "chips": filters.chips,
        ]
        for name in ["q", "namespace", "pod", "exitCode", "container", "target", "node", "cluster", "reference"] {
            content[name] = filters.values[name] ?? ""
        }
        for name in ["since", "until"] { content[name] = Self.local(filters.values[name] ?? "") }
        content["live"] = live?.view
        return renderer.page("sessions", frame, title: "Sessions", place: .sessions, content)
    }

    /// The part that changes.
    package func fragment(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        renderer.fragment("rows", ["list": list(frame)])
    }

    private func list(_ frame: PageFrame) -> View {
        let rows = sessions.map { row($0, frame.now) }
        var list: View = [
            "rows": rows, "isEmpty": rows.isEmpty, "summary": summary(rows.count),
            "reloadHref": isLater ? PageLink.sessions(filters.parameters()) : reloadHref,
            "reloadLabel": isLater ? "Back to the newest" : "Reload",
            "emptyHeading": filters.isEmpty ? "No session has been recorded yet" : "No session matches",
            "emptyText": filters.isEmpty
                ? "Sessions appear here as soon as an agent delivers one. kubectl debug makes one."
                : "Take a filter away, or look for other words: all words must stand in one output.",
        ]
        if !filters.isEmpty { list["clearHref"] = "/sessions" }
        if isLater { list["firstHref"] = PageLink.sessions(filters.parameters()) }
        if let next { list["nextHref"] = PageLink.sessions(filters.parameters(and: [("after", next)])) }
        return list
    }

    private var reloadHref: String { PageLink.sessions(filters.parameters()) }

    private func summary(_ count: Int) -> String {
        let sessions = count == 1 ? "1 session" : "\(count) sessions"
        switch (isLater, next) {
        case (false, nil): return sessions
        case (false, _): return "The newest \(sessions)"
        case (true, nil): return "The oldest \(sessions)"
        case (true, _): return "\(sessions), older than those before"
        }
    }

    private func row(_ record: ReadRecord, _ now: Timestamp) -> View {
        var row: View = ["href": PageLink.session(record.id)]
        guard let session = record.session else {
            row["podName"] = record.id.rawValue
            row["namespace"] = "a record that this version cannot read"
            for name in ["container", "image", "imageFull", "size", "took"] { row[name] = "" }
            return row
        }
        row["outcome"] = Outcome(session).view
        row["began"] = session.beganAt.map { PageTime.view($0, now: now) }
        row["took"] = session.took(now: now, isShort: true) ?? ""
        row["podName"] = VisibleText.line(session.pod ?? "–")
        row["namespace"] = VisibleText.line(session.namespace ?? "–")
        row["container"] = VisibleText.line(session.container ?? "–")
        row["attachedTo"] = session.targetContainer.map(VisibleText.line)
        row["image"] = VisibleText.line(Self.shortImage(session.image ?? "–"))
        row["imageFull"] = VisibleText.line(session.image ?? "")
        row["onNode"] = nodes.view(session.node)
        row["size"] = session.output.map { HumanTime.size(bytes: Int64($0.bytes)) + ($0.truncated ? "+" : "") } ?? "–"
        return row
    }

    /// Without the registry and its folders.
    static func shortImage(_ image: String) -> String {
        image.split(separator: "/").last.map(String.init) ?? image
    }

    private var states: [View] {
        let all = [("", "any")] + SessionState.allCases.map { ($0.rawValue, $0.rawValue) }
        return Self.options(all, filters.values["state"] ?? "")
    }

    private var spans: [View] { Self.options(Self.spans, filters.values["within"] ?? "") }

    private static func options(_ all: [(String, String)], _ chosen: String) -> [View] {
        // What a list cannot offer, an address still may have asked for.
        let known = all.contains { $0.0 == chosen } ? all : all + [(chosen, chosen)]
        return known.map { ["optionValue": $0.0, "optionLabel": $0.1, "isChosen": $0.0 == chosen] }
    }

    /// A time as a field for times takes it.
    private static func local(_ text: String) -> String {
        text.hasSuffix("Z") ? String(text.dropLast()) : text
    }
}
