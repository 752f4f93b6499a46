// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// All sessions of one pod's name on one axis, each pod that had the name by itself.
package struct PodPage: Sendable {
    /// Sessions that are looked at, at most: the newest.
    package static let limit = 500

    package var namespace: String
    package var pod: String
    /// Newest first.
    package var sessions: [ReadRecord]
    package var nodes: NodeMarks
    package var live: LiveSource?

    package init(
        namespace: String, pod: String, sessions: [ReadRecord], nodes: NodeMarks, live: LiveSource?
    ) {
        self.namespace = namespace
        self.pod = pod
        self.sessions = sessions
        self.nodes = nodes
        self.live = live
    }

    package func html(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        var content: View = [
            "namespace": VisibleText.line(namespace), "podName": VisibleText.line(pod),
            "namespaceHref": PageLink.sessions([("namespace", namespace)]), "pod": view(frame.now),
        ]
        content["live"] = live?.view
        return renderer.page("pod", frame, title: "Pod \(pod)", place: .sessions, content)
    }

    package func fragment(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        renderer.fragment("lanes", ["pod": view(frame.now)])
    }

    private func view(_ now: Timestamp) -> View {
        let read = sessions.compactMap(\.session)
        // The newest pod first, as its newest session comes first.
        var order: [PodUID?] = []
        for session in read where !order.contains(session.podUID) { order.append(session.podUID) }
        let count = read.count == 1 ? "1 session" : "\(read.count) sessions"
        var summary = order.count > 1 ? "\(count) of \(order.count) pods that had this name" : count
        if sessions.count >= Self.limit { summary += ", the newest" }
        return [
            "summary": summary, "reloadHref": PageLink.pod(namespace: namespace, pod: pod),
            "pods": order.map { uid in one(uid, read.filter { $0.podUID == uid }, now) },
        ]
    }

    private func one(_ uid: PodUID?, _ sessions: [Session], _ now: Timestamp) -> View {
        let deleted = sessions.compactMap { $0.podFate?.deletedAt }.max()
        let ends = sessions.map { $0.finishedAt ?? ($0.state == .running ? now : $0.beganAt ?? now) }
        let from = sessions.compactMap(\.beganAt).min() ?? now
        let to = max(ends.max() ?? now, deleted ?? from)
        let axis = Axis(from: from, to: to)
        var view: View = [
            "from": PageTime.view(from), "to": PageTime.view(to),
            "span": HumanTime.duration(nanoseconds: to.nanoseconds(since: from)),
            "lanes": sessions.map { lane($0, axis, deleted, now) },
        ]
        view["uid"] = uid?.rawValue
        let fate = sessions.compactMap(\.podFate).last
        if let deleted {
            view["fate"] = VisibleText.line(
                "deleted \(HumanTime.wholeSeconds(deleted))" + (fate?.phase.map { ", last \($0)" } ?? ""))
        }
        return view
    }

    private func lane(_ session: Session, _ axis: Axis, _ deleted: Timestamp?, _ now: Timestamp) -> View {
        let outcome = Outcome(session)
        let began = session.beganAt
        let end = session.finishedAt ?? (session.state == .running ? now : began)
        var lane: View = [
            "href": PageLink.session(session.id), "container": VisibleText.line(session.container ?? "–"),
            "outcome": outcome.view, "onNode": nodes.view(session.node), "took": session.took(now: now) ?? "",
            "laneLabel": VisibleText.line(
                "\(session.container ?? "–"): \(outcome.text), from \(began?.description ?? "an unknown time")"
                    + (session.finishedAt.map { " to \($0)" } ?? "")),
        ]
        lane["began"] = began.map { PageTime.view($0) }
        if let began, let end {
            let x = axis.position(began)
            // The shortest session is still to be seen.
            lane["bar"] =
                ["barStyle": outcome.style, "x": min(x, 994), "width": max(6, axis.position(end) - x)] as View
        }
        if let deleted { lane["deletedX"] = min(998, axis.position(deleted)) }
        return lane
    }

    /// From 0 to 1000.
    private struct Axis {
        let from: Timestamp
        let to: Timestamp

        func position(_ time: Timestamp) -> Int {
            let span = to.nanoseconds(since: from)
            guard span > 0 else { return 0 }
            let share = Double(time.nanoseconds(since: from)) / Double(span)
            return Int((min(max(share, 0), 1) * 1000).rounded())
        }
    }
}
