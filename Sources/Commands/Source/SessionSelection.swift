// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Which sessions `list` and `export` are about; what is nil or empty is not asked.
package struct SessionSelection: Hashable, Sendable {
    package var namespace: String?
    package var pod: String?
    package var container: String?
    package var target: String?
    package var exitCode: Int?
    /// Sessions that began at or after this moment.
    package var since: Timestamp?
    /// Sessions that began at or before this moment.
    package var until: Timestamp?
    package var running = false
    /// Sessions that began before this moment (`--older-than`).
    package var startedBefore: Timestamp?
    package var node: String?
    /// Sessions whose output has these words; a collector alone has an index of them, and `matches` does not look.
    package var words: String?

    package init() {}

    package func matches(_ session: Session) -> Bool {
        if let namespace, session.namespace != namespace { return false }
        if let pod, session.pod != pod { return false }
        if let container, session.container != container { return false }
        if let target, session.targetContainer != target { return false }
        if let exitCode, session.exitCode != exitCode { return false }
        if let node, session.node != node { return false }
        if running, session.state != .running { return false }
        if let since {
            guard let begin = session.beginsAt, begin >= since else { return false }
        }
        if let until {
            guard let begin = session.beginsAt, begin <= until else { return false }
        }
        if let startedBefore {
            guard let begin = session.beginsAt, begin < startedBefore else { return false }
        }
        return true
    }
}

extension Session {
    /// Neither ended nor given up.
    package var isOpen: Bool { state == .running || state == .waiting }

    /// The moment that the session is sorted and filtered by: its start, or the nearest to it that is known.
    package var beginsAt: Timestamp? {
        startedAt ?? createdAt ?? requestedAt ?? observedAt ?? finishedAt
    }

    /// The moment of its ending, or the last one known of it.
    package var endsAt: Timestamp? {
        finishedAt ?? observedAt ?? sealedAt ?? beginsAt
    }
}
