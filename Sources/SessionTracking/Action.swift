// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// What the tracker wants done. Whoever does it reports back with an `Observation`; nothing here is waited for.
package enum Action: Hashable, Sendable {
    /// Read the container's record; answered by `container` or `containerUnknown`.
    case describe(ContainerID)
    /// Ask CRI; answered by `containerStatus` or `containerStatusUnknown`.
    case askStatus(ContainerID)
    /// Keep the log alive; answered by `logPinned`.
    case pin(ContainerID, logPath: String)
    case releasePin(ContainerID)
    /// Read the tail, from the pin or else from the path; answered by `outputCaptured`.
    case capture(ContainerID, logPath: String?)
    /// Make durable, in this order, each in one transaction with its entry.
    case commit(Commit)
}

/// One fact to be made durable: a session's new revision, or something about the agent's own sight.
package enum Commit: Hashable, Sendable {
    /// Some 2 KB by themselves, and handed on in arrays: hence beside the enum.
    indirect case session(SessionCommit)
    /// A provisional session turned out to be none of ours, before anything was told of it.
    case forget(SessionID)
    /// Nothing more can come for it: the row stays, what was kept for going on with it goes.
    case settle(SessionID)
    case gap(Gap)
    /// Where a source stands once everything before this is durable.
    case cursor(SourceName, String)
}

package struct SessionCommit: Hashable, Sendable {
    package var session: Session
    /// What the tracker needs to go on with this session after a restart; nil once nothing more can come.
    package var facts: SessionFacts?
    /// Nil where the row changes and nothing is told yet (`design.md` §4, session lifecycle).
    package var entry: EntryType?
    /// Set in the commit that brings the output.
    package var output: CapturedTail?

    package init(session: Session, facts: SessionFacts?, entry: EntryType?, output: CapturedTail?) {
        self.session = session
        self.facts = facts
        self.entry = entry
        self.output = output
    }
}
