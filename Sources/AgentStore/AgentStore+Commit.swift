// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
import SessionRecords
package import SessionTracking

extension AgentStore {
    /// Makes the facts durable, in their order, all in one transaction: what was read up to a cursor and the cursor itself
    /// are kept or lost together.
    ///
    /// Gives the entries that tell them. A session revision, or a gap's opening or closing, that is in the store already
    /// changes nothing: its entry, where a session's has one, is given again and not made again.
    ///
    /// Throws `store.full`, `store.write`, `store.corrupt`, …: then nothing of it is in the store.
    package func commit(_ commits: [Commit]) throws -> [CommittedEntry] {
        guard !commits.isEmpty else { return [] }
        let newest = Self.newestRevisions(commits)
        let prepared = try commits.compactMap { try PreparedCommit($0, newest: newest) }
        return try transaction("commit \(commits.count) facts", facts: commits.count) { writer in
            for commit in prepared {
                switch commit {
                case .session(let session): try SessionRow.write(session, &writer)
                case .forget(let id): try SessionRow.forget(id, writer.db)
                case .settle(let id): try SessionRow.settle(id, writer.db)
                case .gap(let gap): try GapRow.write(gap, &writer)
                case .cursor(let source, let cursor):
                    try writer.db.run(
                        "INSERT OR REPLACE INTO source_cursor (name, cursor, at) VALUES (?, ?, ?)",
                        [source.rawValue, cursor, writer.at.nanoseconds])
                }
            }
            return writer.appended
        }
    }

    private static func newestRevisions(_ commits: [Commit]) -> [SessionID: Int] {
        var newest: [SessionID: Int] = [:]
        for case .session(let commit) in commits {
            newest[commit.session.id] = max(newest[commit.session.id] ?? 0, commit.session.revision)
        }
        return newest
    }
}

/// A commit with its costly encoding done, outside the transaction.
private enum PreparedCommit {
    case session(PreparedSession)
    case forget(SessionID)
    case settle(SessionID)
    case gap(Gap)
    case cursor(SourceName, String)

    /// - Parameter newest: the last revision of each session in the same transaction. It overwrites the row that an earlier
    ///   one makes: of that one only the entry and the output are left, or nothing, and then it is nil.
    init?(_ commit: Commit, newest: [SessionID: Int]) throws {
        switch commit {
        case .session(var session):
            if let last = newest[session.session.id], session.session.revision < last {
                if session.entry == nil, session.output == nil { return nil }
                session.facts = nil
            }
            self = .session(try PreparedSession(session))
        case .forget(let id): self = .forget(id)
        case .settle(let id): self = .settle(id)
        case .gap(let gap): self = .gap(gap)
        case .cursor(let source, let cursor): self = .cursor(source, cursor)
        }
    }
}
