// SPDX-License-Identifier: Apache-2.0
package import CollectorStore
import FoundationEssentials
package import SessionRecords

/// A record, decoded.
package struct ReadRecord: Sendable {
    package let id: SessionID
    /// Nil for a record that this version cannot read.
    package let session: Session?

    package init(_ stored: StoredRecord) {
        id = stored.id
        session = Self.decode(stored.json)
    }

    static func decode(_ json: String) -> Session? {
        // What does not decode was written by a later version: the page says so in its place.
        try? JSONDecoder().decode(Session.self, from: Data(json.utf8))
    }
}

extension Session {
    /// How long it took, or has taken so far.
    func took(now: Timestamp, isShort: Bool = false) -> String? {
        if let durationNanoseconds { return HumanTime.duration(nanoseconds: durationNanoseconds) }
        guard state == .running, let startedAt, startedAt <= now else { return nil }
        return HumanTime.age(nanoseconds: now.nanoseconds(since: startedAt)) + (isShort ? "…" : " so far")
    }
}

/// What a page says of a node, wherever it stands.
package struct NodeMarks: Sendable {
    /// Nodes that deliver with a token for any node.
    package var weak: Set<String>
    /// Whether the reader may follow a link to a node.
    package var areLinked: Bool

    package init(weak: Set<String>, areLinked: Bool) {
        self.weak = weak
        self.areLinked = areLinked
    }

    func view(_ node: String) -> View {
        var view: View = ["nodeName": VisibleText.line(node), "isWeak": weak.contains(node)]
        if areLinked { view["nodeHref"] = PageLink.node(node) }
        return view
    }
}
