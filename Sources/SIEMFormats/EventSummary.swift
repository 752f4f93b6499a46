// SPDX-License-Identifier: Apache-2.0
import SessionRecords

extension SecurityEvent {
    /// One line for people. It may hold an attacker's words: each format makes it safe for its place.
    package var summary: String {
        switch subject {
        case .session(let session?): Self.summary(of: session, type)
        case .session(nil): "\(type) on \(node ?? "-"): the record is of a later version"
        case .gap(let gap): Self.summary(of: gap, on: node ?? "-")
        case .alarm(let alarm): "alarm \(alarm.kind) on \(node ?? "-")\(Self.state(of: alarm)): \(alarm.text)"
        case .audit(let audit):
            "\(audit.action) by \(audit.actor)" + (audit.session.map { " on session \($0)" } ?? "")
                + (audit.reason.map { ": \($0)" } ?? "")
        case .other: "\(type) on \(node ?? "-")"
        case .stub(let reason): "\(type) on \(node ?? "-"): only number and hashes came (\(reason))"
        }
    }

    private static func state(of alarm: AlarmFacts) -> String {
        alarm.closedAt == nil || alarm.closedAt == alarm.openedAt ? "" : " is over"
    }

    private static func summary(of session: Session, _ type: String) -> String {
        let place = "\(session.path) on \(session.node)"
        let image = session.image.map { ", image \($0)" } ?? ""
        switch type {
        case "session.started": return "debug session started: \(place)\(image)"
        case "session.amended": return "debug session amended: \(place), revision \(session.revision)" + end(session)
        default: return "debug session ended: \(place)" + end(session) + image
        }
    }

    private static func end(_ session: Session) -> String {
        var text = ""
        if let code = session.exitCode { text += ", exit code \(code)" }
        if session.state != .ended { text += ", \(session.state.rawValue)" }
        if let duration = session.durationNanoseconds {
            text += " after \(Session.seconds(fromNanoseconds: duration)) s"
        }
        if let reason = session.reason { text += " (\(reason))" }
        return text
    }

    private static func summary(of gap: Gap, on node: String) -> String {
        guard let closedAt = gap.closedAt else { return "gap of \(gap.source) on \(node): \(gap.reason)" }
        let closing = gap.closedBy.map { "closed by \($0)" } ?? "nothing can say any more what was in it"
        return "gap of \(gap.source) on \(node) is over: \(gap.openedAt) to \(closedAt), \(gap.reason); \(closing)"
    }
}
