// SPDX-License-Identifier: Apache-2.0
package import CollectorStore
import SessionRecords

/// One session: how it ended, what it printed, and who says so.
package struct SessionPage: Sendable {
    package var stored: StoredSession
    package var output: StoredOutput?
    /// Which part of the transcript, from 1; nil: the last.
    package var part: Int?
    package var nodes: NodeMarks
    package var live: LiveSource?

    private let record: Session?

    package init(stored: StoredSession, output: StoredOutput?, part: Int?, nodes: NodeMarks, live: LiveSource?) {
        self.stored = stored
        record = ReadRecord(stored.record).session
        self.output = output
        self.part = part
        self.nodes = nodes
        self.live = live
    }

    package func html(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        var content: View = ["session": view(frame)]
        content["live"] = live?.view
        let title = record?.path ?? stored.record.id.rawValue
        return renderer.page("session", frame, title: title, place: .sessions, content)
    }

    package func fragment(_ renderer: PageRenderer, _ frame: PageFrame) -> String {
        renderer.fragment("body", ["session": view(frame)])
    }

    private func view(_ frame: PageFrame) -> View {
        // A record that this version cannot read still has an id and a node.
        let session = record ?? Session(id: stored.record.id, node: stored.node)
        let outcome = Outcome(session)
        let evidence = EvidenceView(session)
        var view: View = [
            "namespace": VisibleText.line(session.namespace ?? "–"), "podName": VisibleText.line(session.pod ?? "–"),
            "container": VisibleText.line(session.container ?? session.id.rawValue), "outcome": outcome.view,
            "explanation": explanation(session, outcome),
            "namespaceHref": PageLink.sessions([("namespace", session.namespace ?? "")]),
            "notices": notices(session),
            "strip": strip(session, frame.now), "moments": SessionMoments(session, received: stored.receivedAt).views,
            "groups": SessionFacts(session, stored, isUnlimited: frame.isUnlimited).groups,
            "hasEvidence": !session.evidence.isEmpty, "evidence": evidence.rows,
            "disagreements": evidence.disagreements,
        ]
        if let namespace = session.namespace, let pod = session.pod {
            view["podHref"] = PageLink.pod(namespace: namespace, pod: pod)
        }
        if let words = Self.words(session) { view["command"] = VisibleText.line(words) }
        view["output"] =
            TranscriptView(
                session: session.id, summary: session.output, state: session.state, output: output, part: part
            ).view
        // Another ledger may tell of another namespace, and ledgers are a node's.
        let others = frame.isUnlimited ? stored.others.map(other) : []
        view["hasOthers"] = !others.isEmpty
        view["others"] = others
        return view
    }

    private static func words(_ session: Session) -> String? {
        let words = (session.command ?? []) + (session.args ?? [])
        return words.isEmpty ? nil : ShellWords.text(words)
    }

    private func explanation(_ session: Session, _ outcome: Outcome) -> String {
        var text = outcome.meaning
        switch session.ending {
        case .observed?: text += " The agent saw it end."
        case .recovered?: text += " The agent asked for its end afterwards."
        case .inferred?: text += " No witness saw its end: it is concluded."
        case nil: break
        }
        switch session.cause {
        case .podDeleted?: text += " Its pod was deleted."
        case .podEvicted?: text += " Its pod was evicted."
        case .targetRestarted?: text += " Its target restarted."
        case .nodeReboot?: text += " Its node rebooted."
        case .startFailed?: text += " It could not be started."
        case nil: break
        }
        return text
    }

    private func notices(_ session: Session) -> [View] {
        func notice(_ style: String, _ title: String, _ text: String, link: (String, String)? = nil) -> View {
            var view: View = ["noticeStyle": style, "noticeTitle": title, "noticeText": VisibleText.line(text)]
            view["noticeHref"] = link?.0
            view["noticeLink"] = link?.1
            return view
        }
        var notices: [View] = []
        if record == nil {
            notices.append(
                notice("bad", "This record cannot be read.", "A newer agent wrote it: update the collector."))
        }
        if nodes.weak.contains(stored.node) {
            notices.append(
                notice(
                    "warn", "Weaker evidence.",
                    "The node delivers with a token for any node: whoever has that token can write in its name."))
        }
        if let hold = stored.hold {
            notices.append(
                notice("info", "Held.", "By \(hold.actor) since \(HumanTime.wholeSeconds(hold.at)): \(hold.reason)"))
        }
        if session.clockStepped == true {
            notices.append(
                notice("warn", "The clock was stepped.", "The duration is by the node's uptime, the times are not."))
        }
        if let message = session.message { notices.append(notice("info", "Message.", message)) }
        if let note = session.output?.note { notices.append(notice("warn", "Output.", note)) }
        if let successor = session.successor {
            let link = (PageLink.session(successor), "its session")
            notices.append(notice("info", "A container came after all:", "", link: link))
        }
        return notices
    }

    private func strip(_ session: Session, _ now: Timestamp) -> [View] {
        var strip: [View] = []
        if let began = session.beganAt {
            strip.append([
                "stripName": "Began", "stripTime": PageTime.view(began), "stripNote": PageTime.age(began, now: now),
            ])
        }
        if let took = session.took(now: now) { strip.append(["stripName": "Took", "stripText": took]) }
        strip.append(["stripName": "Node", "stripNode": nodes.view(session.node)])
        if let target = session.targetContainer {
            strip.append(["stripName": "Attached to", "stripText": VisibleText.line(target)])
        }
        if let image = session.image { strip.append(["stripName": "Image", "stripText": VisibleText.line(image)]) }
        if let client = session.requestedBy {
            strip.append(["stripName": "Asked for by", "stripText": VisibleText.line(client)])
        }
        return strip
    }

    private func other(_ version: SessionVersion) -> View {
        let told = ReadRecord.decode(version.json)
        let says = told.map { session in
            let ending = session.ending.map { ", \($0.rawValue)" } ?? ""
            let bytes = session.output.map { ", \(HumanTime.size(bytes: Int64($0.bytes))) of output" } ?? ""
            let end = session.finishedAt.map { ", finished \($0)" } ?? ""
            return Outcome(session).text + ending + end + bytes + ", revision \(version.revision)"
        }
        return [
            "onNode": nodes.view(version.node), "ledger": VisibleText.line(version.ledger), "number": version.number,
            "received": PageTime.view(version.receivedAt),
            "says": VisibleText.line(says ?? "a record that this version cannot read"),
        ]
    }
}
