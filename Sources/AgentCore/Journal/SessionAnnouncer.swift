// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Logging
import Metrics
import SessionRecords
import SessionTracking
import Synchronization
import SystemJournal
import Telemetry

/// Writes an entry into the journal for each session that was told to have ended, right after the commit. Amendments have
/// none: the journal is where an end is noticed, the ledger where it is looked up.
///
/// Nothing waits for it and nothing depends on it; what journald did not take is counted and gone.
final class SessionAnnouncer: Sendable {
    private let sender: JournalSender
    private let logger: Logger
    /// The last outcome, so that a journal that is away is said once.
    private let last = Mutex(JournalSender.Outcome.sent)

    init(socketPath: String, logger: Logger) {
        sender = JournalSender(socketPath: socketPath)
        self.logger = logger
    }

    /// - Parameters:
    ///   - commits: what was committed.
    ///   - entries: what the store made of it.
    func announce(_ commits: [Commit], _ entries: [CommittedEntry], ledger: String) {
        let ended = entries.filter { $0.type == .sessionEnded }
        guard !ended.isEmpty else { return }
        var sessions: [SessionID: Session] = [:]
        for case .session(let commit) in commits where commit.entry == .sessionEnded {
            sessions[commit.session.id] = commit.session
        }
        for entry in ended {
            guard let session = entry.session.flatMap({ sessions[$0] }), session.revision == entry.revision else {
                continue
            }
            count(sender.send(SessionAnnouncement.fields(session, entry, ledger: ledger)))
        }
    }

    private func count(_ outcome: JournalSender.Outcome) {
        let (label, words) =
            switch outcome {
            case .sent: ("sent", nil as String?)
            case .noJournal: ("no-journal", "nobody listens at \(sender.socketPath)")
            case .busy: ("busy", "journald does not keep up")
            case .failed(let why): ("failed", why)
            }
        Counter(label: "lastword_journal_entries_total", dimensions: [("outcome", label)]).increment()
        let isNews = last.withLock { last in
            defer { last = outcome }
            return last != outcome
        }
        guard isNews, let words else { return }
        logger.notice("an ended session has no entry in the journal", metadata: [LogKey.reason: "\(words)"])
    }
}
