// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords
import SystemJournal

/// The journal entry for one ended session: readable for people, its facts as fields, and the ledger's number and hash,
/// which are a head kept outside the store. No output, no command: whoever may read the journal may not read those.
enum SessionAnnouncement {
    /// Notice: normal, and worth knowing.
    private static let priority = "5"

    static func fields(_ session: Session, _ entry: CommittedEntry, ledger: String) -> [JournalField] {
        let facts: [(String, String?)] = [
            ("MESSAGE", message(session)),
            ("MESSAGE_ID", JournalVocabulary.messageID),
            ("PRIORITY", priority),
            ("SYSLOG_IDENTIFIER", JournalVocabulary.identifier),
            (JournalVocabulary.ledgerID, ledger),
            (JournalVocabulary.entryNumber, "\(entry.number)"),
            (JournalVocabulary.entryHash, entry.hash.description),
            ("LASTWORD_SESSION_ID", session.id.rawValue),
            ("LASTWORD_STATE", session.state.rawValue),
            ("LASTWORD_MODE", session.mode?.rawValue),
            ("LASTWORD_CLASSIFICATION", session.classification.rawValue),
            ("LASTWORD_CLUSTER", session.cluster),
            ("LASTWORD_NODE", session.node),
            ("LASTWORD_NAMESPACE", session.namespace),
            ("LASTWORD_POD", session.pod),
            ("LASTWORD_POD_UID", session.podUID?.rawValue),
            ("LASTWORD_CONTAINER", session.container),
            ("LASTWORD_TARGET", session.targetContainer),
            ("LASTWORD_IMAGE", session.image),
            ("LASTWORD_STARTED_AT", session.startedAt?.description),
            ("LASTWORD_FINISHED_AT", session.finishedAt?.description),
            ("LASTWORD_EXIT_CODE", session.exitCode.map(String.init)),
            ("LASTWORD_REASON", session.reason),
            ("LASTWORD_CAUSE", session.cause?.rawValue),
            ("LASTWORD_ENDING", session.ending?.rawValue),
            ("LASTWORD_OUTPUT_BYTES", session.output.map { "\($0.bytes)" }),
            ("LASTWORD_OUTPUT_SHA256", session.output?.sha256.description),
            ("CONTAINER_ID_FULL", session.containerID?.rawValue),
        ]
        return facts.compactMap { name, value in value.flatMap { JournalField(name, $0) } }
    }

    /// One line, whatever the names are.
    static func message(_ session: Session) -> String {
        let line = "debug session \(session.path) \(ending(session))"
        return String(String.UnicodeScalarView(line.unicodeScalars.map { isPrintable($0) ? $0 : "\u{FFFD}" }))
    }

    private static func ending(_ session: Session) -> String {
        switch session.state {
        case .neverStarted: return "never started" + (session.reason.map { ": \($0)" } ?? "")
        case .unknown: return "is gone, and nobody knows how it ended"
        case .waiting, .running, .ended: break
        }
        let code = session.exitCode.map { "exit code \($0)" } ?? "no exit code"
        let how = session.ending.flatMap { $0 == .observed ? nil : ", \($0.rawValue)" } ?? ""
        return "ended: \(code)\(how)"
    }

    /// Nothing that ends a line, steers a terminal or turns the direction of text.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
