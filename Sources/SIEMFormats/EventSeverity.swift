// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// How grave an event is: the numbers of RFC 5424, table 2.
package enum EventSeverity: Int, Sendable, Hashable {
    case error = 3
    case warning = 4
    case notice = 5
    case informational = 6
}

extension SecurityEvent {
    /// What a person must look into is an error; what may hide something a warning; a failure, or a person's act, a notice.
    package var severity: EventSeverity {
        switch subject {
        case .session(let session?): Self.severity(of: session, type)
        case .session(nil), .stub: .warning
        case .gap(let gap): gap.closedAt == nil ? .warning : gap.kind == .missed ? .error : .notice
        case .alarm(let alarm): Self.severity(of: alarm)
        case .audit(let audit): audit.action == "retention" ? .informational : .notice
        case .other: .informational
        }
    }

    private static func severity(of session: Session, _ type: String) -> EventSeverity {
        guard type != "session.started" else { return .informational }
        if session.state == .unknown || session.state == .neverStarted || session.ending == .inferred {
            return .warning
        }
        if session.oomKilled == true { return .warning }
        return session.exitCode == 0 ? .informational : .notice
    }

    private static func severity(of alarm: AlarmFacts) -> EventSeverity {
        guard alarm.closedAt == nil else { return .notice }
        switch alarm.kind {
        case "fork", "broken-link", "session-conflict", "two-ledgers": return .error
        default: return .warning
        }
    }
}
