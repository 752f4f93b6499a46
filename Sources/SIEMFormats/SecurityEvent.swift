// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// One thing that a SIEM is told, whatever the format. Values only.
package struct SecurityEvent: Sendable, Hashable {
    package enum Subject: Sendable, Hashable {
        /// Nil with a record that only a later version can read: its bytes travel all the same.
        case session(Session?)
        case gap(Gap)
        case alarm(AlarmFacts)
        case audit(AuditFacts)
        /// An entry of another type: its type and bytes say it all.
        case other
        /// Of the entry only number and hashes came; why, in words.
        case stub(String)
    }

    /// The same however often it is sent: ledger and number, or what names an alarm or an audit line for good.
    package var id: String
    /// In the collector's feed; grows with every event.
    package var number: Int64
    /// `session.ended`, `gap`, `alarm.opened`, `audit`, ….
    package var type: String
    /// When what it tells of happened; else when it was noted.
    package var at: Timestamp
    /// When the collector received it.
    package var receivedAt: Timestamp
    package var node: String?
    package var cluster: String?
    /// Nil where it is no entry.
    package var ledger: String?
    package var entryNumber: Int64?
    /// Above 0: another entry of the same number stands in the chain.
    package var fork = 0
    /// Of the entry, in the chain.
    package var hash: Digest?
    package var subject: Subject
    /// One JSON object: the session as the agent wrote it, or the gap, alarm or audit line.
    package var record: String?
    /// What it printed, only where this was asked for.
    package var output: OutputText?

    package init(
        id: String, number: Int64, type: String, at: Timestamp, receivedAt: Timestamp, subject: Subject
    ) {
        self.id = id
        self.number = number
        self.type = type
        self.at = at
        self.receivedAt = receivedAt
        self.subject = subject
    }

    /// How long behind its end its pod was deleted, in seconds; nil where it was not, or not behind.
    var podDeletedAfter: Int64? {
        guard let session, let end = session.finishedAt, let deleted = session.podFate?.deletedAt, deleted >= end else {
            return nil
        }
        return deleted.nanoseconds(since: end) / 1_000_000_000
    }

    /// How old a session was, in seconds, when the collector heard that it runs.
    var runningFor: Int64? {
        guard let session, session.state == .running, let start = session.startedAt, receivedAt >= start else {
            return nil
        }
        return receivedAt.nanoseconds(since: start) / 1_000_000_000
    }

    package var session: Session? {
        if case .session(let session) = subject { return session }
        return nil
    }
}

/// The end of an output, as text: what is not UTF-8 has become U+FFFD.
package struct OutputText: Sendable, Hashable {
    package let text: String
    /// Bytes of the kept output that stand before it.
    package let skipped: Int

    /// - Parameters:
    ///   - bytes: the output's end; where it begins in the middle of a character, that one is left out.
    ///   - kept: how many bytes the store has.
    package init(end bytes: [UInt8], of kept: Int) {
        let isCut = bytes.count < kept
        let start = isCut ? bytes.prefix(3).prefix { $0 & 0xC0 == 0x80 }.count : 0
        text = String(decoding: bytes[start...], as: UTF8.self)
        skipped = max(0, kept - (bytes.count - start))
    }
}

/// An alarm of the collector's, about a ledger or a node.
package struct AlarmFacts: Sendable, Hashable {
    package let kind: String
    package let text: String
    package let openedAt: Timestamp
    package let closedAt: Timestamp?
    /// How often it was raised while it was open.
    package let count: Int

    package init(kind: String, text: String, openedAt: Timestamp, closedAt: Timestamp?, count: Int) {
        self.kind = kind
        self.text = text
        self.openedAt = openedAt
        self.closedAt = closedAt
        self.count = count
    }
}

/// What a person or upkeep did to the collector's store.
package struct AuditFacts: Sendable, Hashable {
    package let actor: String
    package let action: String
    package let session: SessionID?
    package let reason: String?
    /// One JSON object.
    package let detail: String?

    package init(actor: String, action: String, session: SessionID?, reason: String?, detail: String?) {
        self.actor = actor
        self.action = action
        self.session = session
        self.reason = reason
        self.detail = detail
    }
}
