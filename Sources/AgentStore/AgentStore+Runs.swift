// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords
import SessionTracking

/// One life of the agent, as the store knows it.
package struct AgentRun: Sendable, Hashable {
    package let version: String
    package let bootID: String?
    package let startedAt: Timestamp
    /// When it ceased to watch; nil while it runs, and for ever where it was killed.
    package let stoppedAt: Timestamp?
    /// The last moment in which it is known to have been at work.
    package let lastCommitAt: Timestamp
    /// Until then nothing that the runtime said was missed: what was still queued behind it is as good as unseen.
    package let watchedUntil: Timestamp
}

extension AgentStore {
    /// The newest run in the store: before `agentStarted`, the one before this; nil in a new store. From its `watchedUntil`
    /// on nobody was watching.
    package func lastRun() throws -> AgentRun? {
        try reading("read the agent's last run") { db in try AgentRun.last(db) }
    }

    /// Appends `agent.started` and begins this run.
    ///
    /// - Parameter absence: the gap since the last run, which opens with it: were this run noted by itself and the agent
    ///   killed right behind that, the next one would take this moment for the last in which everything was watched.
    @discardableResult
    package func agentStarted(version: String, absence: Gap? = nil) throws -> CommittedEntry? {
        let (entry, row) = try transaction("record the agent's start", facts: absence == nil ? 1 : 2) { writer in
            let now = writer.at.nanoseconds
            try writer.db.run(
                "INSERT INTO agent_run (version, boot_id, started_at, last_commit_at) VALUES (?, ?, ?, ?)",
                [version, identity.bootID, now, now])
            // Runs are a note for the next start; the entries are what is kept.
            try writer.db.run("DELETE FROM agent_run WHERE id <= ? - 1000", [writer.db.lastInsertedRowID])
            let row = try writer.db.number("SELECT max(id) FROM agent_run")
            let entry = try writer.append(EntryDraft(.agentStarted, key: "agent", content: agent(version)))
            if let absence { try GapRow.write(absence, &writer) }
            return (entry, row)
        }
        run = row
        return entry
    }

    /// Goes on with the run that this store was opened in before: the same agent has opened it again.
    package func continueRun() throws {
        let last = try reading("read the agent's last run") { db in
            try db.number("SELECT coalesce(max(id), 0) FROM agent_run WHERE stopped_at IS NULL")
        }
        run = last == 0 ? nil : last
    }

    /// Appends `agent.stopped`; nil if this run was never told to have started.
    ///
    /// - Parameter watchedUntil: when the runtime was let out of sight, from where the next run's gap begins; nil: now.
    ///   What was still to be written then may have taken some seconds.
    @discardableResult
    package func agentStopped(watchedUntil: Timestamp? = nil) throws -> CommittedEntry? {
        guard let run else { return nil }
        return try transaction("record the agent's stop", facts: 1) { writer in
            let version = try writer.db.firstRow("SELECT version FROM agent_run WHERE id = ?", [run]) { $0.text(0) }
            let stoppedAt = min(watchedUntil ?? writer.at, writer.at)
            try writer.db.run("UPDATE agent_run SET stopped_at = ? WHERE id = ?", [stoppedAt.nanoseconds, run])
            return try writer.append(EntryDraft(.agentStopped, key: "agent", content: agent(version ?? "")))
        }
    }

    private func agent(_ version: String) -> JSONValue {
        var object = JSONObject([("version", .string(version)), ("node", .string(identity.node))])
        object["machineID"] = identity.machineID.map(JSONValue.string)
        object["bootID"] = identity.bootID.map(JSONValue.string)
        return .object(object)
    }
}

extension AgentRun {
    static func last(_ db: Database) throws -> AgentRun? {
        try db.firstRow(
            """
            SELECT version, boot_id, started_at, stopped_at, last_commit_at,
                (SELECT cursor FROM source_cursor WHERE name = '\(SourceName.runtime.rawValue)')
            FROM agent_run ORDER BY id DESC LIMIT 1
            """
        ) { row in
            let stoppedAt = row.optionalInteger(3).map(Timestamp.init(nanoseconds:))
            let lastCommitAt = Timestamp(nanoseconds: row.integer(4))
            let sight = row.optionalText(5).flatMap { Int64($0) }.map(Timestamp.init(nanoseconds:))
            return AgentRun(
                version: row.text(0), bootID: row.optionalText(1), startedAt: Timestamp(nanoseconds: row.integer(2)),
                stoppedAt: stoppedAt, lastCommitAt: lastCommitAt,
                watchedUntil: stoppedAt ?? min(lastCommitAt, sight ?? lastCommitAt))
        }
    }
}
