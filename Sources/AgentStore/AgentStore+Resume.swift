// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import GRDB
import SQLiteStore
package import SessionRecords
package import SessionTracking

extension AgentStore {
    /// The sessions that can still change, as they were committed last, in the order in which they were first seen.
    ///
    /// The facts are nil where they were written by a version whose facts this one cannot read: the session then goes on
    /// from its record.
    package func openSessions() throws -> [(Session, SessionFacts?)] {
        try reading("read the open sessions") { db in
            var sessions: [(Session, SessionFacts?)] = []
            let decoder = JSONDecoder()
            try db.forEachRow(
                "SELECT record, facts FROM session_record WHERE facts IS NOT NULL ORDER BY session"
            ) { row in
                let session = try row.withBytes(0) { try SessionRecordCoding.session(Data($0)) }
                let facts = try? row.withBytes(1) { try decoder.decode(SessionFacts.self, from: Data($0)) }
                sessions.append((session, facts))
                return true
            }
            return sessions
        }
    }

    /// Containers whose sessions nothing more can come for, of which something was told since `moment`: late news of them
    /// must not begin them anew. At most the last 5000 entries are looked at.
    package func settledContainers(since moment: Timestamp) throws -> [ContainerID] {
        try reading("read the sessions that were settled last") { db in
            var containers: [ContainerID] = []
            try db.forEachRow(
                """
                SELECT DISTINCT s.container_id
                FROM (SELECT session, at FROM ledger ORDER BY number DESC LIMIT 5000) AS l
                JOIN session AS s ON s.seq = l.session
                JOIN session_record AS r ON r.session = s.seq
                WHERE l.at >= ? AND r.facts IS NULL AND s.container_id IS NOT NULL
                """, [moment.nanoseconds]
            ) { row in
                if let id = ContainerID(row.text(0)) { containers.append(id) }
                return true
            }
            return containers
        }
    }

    /// Which of these containers have a session that was told and that nothing more can come for: news of them is old.
    package func settled(among containers: Set<ContainerID>) throws -> Set<ContainerID> {
        guard !containers.isEmpty else { return [] }
        return try reading("look up settled sessions") { db in
            try containers.filter { container in
                try db.firstRow(
                    """
                    SELECT 1 FROM session s JOIN session_record r ON r.session = s.seq
                    WHERE s.id = ? AND s.last_entry IS NOT NULL AND r.facts IS NULL
                    """, [SessionID(container: container).rawValue]
                ) { _ in true } ?? false
            }
        }
    }

    /// The gaps that an earlier run opened and nobody has closed.
    package func openGaps() throws -> [Gap] {
        try reading("read the open gaps") { db in try GapRow.open(db) }
    }

    /// Where a source stood, as the last commit that brought its cursor said.
    package func cursor(of source: SourceName) throws -> String? {
        try reading("read the cursor of \(source)") { db in
            try db.firstRow("SELECT cursor FROM source_cursor WHERE name = ?", [source.rawValue]) { $0.text(0) }
        }
    }
}

/// Reads the stored JSON of a record.
enum SessionRecordCoding {
    /// Throws `store.corrupt`, naming what could not be read.
    static func session(_ record: Data) throws -> Session {
        do {
            return try JSONDecoder().decode(Session.self, from: record)
        } catch {
            throw LastwordError(
                code: "store.corrupt", message: "cannot read a session's record",
                remedy: "run lastword verify, which names what was altered", cause: error)
        }
    }
}
