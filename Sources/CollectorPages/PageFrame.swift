// SPDX-License-Identifier: Apache-2.0
package import CollectorStore
package import SessionRecords

/// What every page says around its content: who reads, where they are, when it was made.
package struct PageFrame: Sendable {
    package enum Place: String, Sendable {
        case sessions, nodes, statistics, elsewhere
    }

    /// Who reads, as the audit names it; nil where no login is asked for.
    package var reader: String?
    /// What the reader may see; nil for somebody who is not signed in.
    package var scope: ReadScope?
    /// Whether there is a session of the pages to end.
    package var canSignOut: Bool
    package var now: Timestamp
    package var version: String

    package init(reader: String?, scope: ReadScope?, canSignOut: Bool, now: Timestamp, version: String) {
        self.reader = reader
        self.scope = scope
        self.canSignOut = canSignOut
        self.now = now
        self.version = version
    }

    var isUnlimited: Bool { scope?.isUnlimited ?? false }

    /// - Parameter place: which of the main links is where the page belongs.
    func view(title: String, place: Place) -> View {
        func link(_ target: Place, _ label: String) -> View {
            ["navHref": "/" + target.rawValue, "navLabel": label, "isHere": target == place]
        }
        var links: [View] = []
        if scope != nil { links.append(link(.sessions, "Sessions")) }
        if isUnlimited { links.append(link(.nodes, "Nodes")) }
        if scope != nil { links.append(link(.statistics, "Statistics")) }
        var view: View = [
            "pageTitle": VisibleText.line(title), "styleURL": Assets.style.url, "scriptURL": Assets.script.url,
            "iconURL": Assets.icon.url, "navigation": links, "version": version, "canSignOut": canSignOut,
            "madeAt": PageTime.view(now),
        ]
        if let reader { view["reader"] = VisibleText.line(reader) }
        if case .namespaces(let names)? = scope {
            view["limits"] = names.sorted().map(VisibleText.line).joined(separator: ", ")
        }
        return view
    }
}

/// Where a page asks for its changes: a fragment's address, and the mark of what it shows.
package struct LiveSource: Sendable {
    package var url: String
    package var mark: String

    package init(url: String, mark: String) {
        self.url = url
        self.mark = mark
    }

    var view: View { ["liveURL": url, "liveMark": mark] }
}
