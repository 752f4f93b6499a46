// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// What kind of event it is in the schema's own words (`event.kind`, `event.category`, `event.type`).
struct ECSMeaning {
    var kind = "event"
    var categories = ["host"]
    var types = ["info"]
    /// `success`, `failure`, `unknown`; nil where nothing was to succeed.
    var outcome: String?
    let dataset: String

    init(_ event: SecurityEvent) {
        switch event.subject {
        case .session(let session):
            dataset = "session"
            categories = ["process", "session"]
            types = event.type == "session.started" ? ["start"] : event.type == "session.ended" ? ["end"] : ["info"]
            if event.type != "session.started" { outcome = Self.outcome(of: session) }
        case .stub where event.type.hasPrefix("session."):
            dataset = "session"
            categories = ["process", "session"]
            outcome = "unknown"
        case .gap: dataset = "gap"
        case .alarm:
            dataset = "alarm"
            kind = "alert"
        case .audit(let audit):
            dataset = "audit"
            categories = audit.action.hasPrefix("token.") ? ["iam"] : ["configuration"]
            types = Self.types(of: audit.action)
        case .other, .stub: dataset = "ledger"
        }
    }

    private static func outcome(of session: Session?) -> String {
        guard let session, session.state == .ended, !session.isMadeUpEnding, let code = session.exitCode else {
            return session?.state == .neverStarted ? "failure" : "unknown"
        }
        return code == 0 ? "success" : "failure"
    }

    private static func types(of action: String) -> [String] {
        switch action {
        case "token.create": ["creation"]
        case "token.revoke", "session.erase", "retention": ["deletion"]
        default: ["change"]
        }
    }
}
