// SPDX-License-Identifier: Apache-2.0
import AgentStore
import FoundationEssentials
import SessionRecords

/// Reads all that the agent's store has, by the reader that `lastword` uses.
struct RecordCollector {
    private struct Told: Decodable {
        let session: Session
    }

    let reader: StoreReader
    private(set) var records: [ContainerID: RecordedSession] = [:]
    /// Rows of containers that are none of the driver's.
    private(set) var bystanders: [Session] = []
    /// Rows of nothing that the driver knows, or of the same name in the same pod as another one.
    private(set) var strangeRows: [Session] = []

    init(store: String) throws {
        reader = try StoreReader(directory: store)
    }

    /// Whether every one of them that has a row is told to its end, none is waited for, and no gap is open: while the
    /// journal is being read there is more to come.
    func isSettled(_ truths: [SessionTruth]) throws -> Bool {
        var waiting = SessionFilter()
        waiting.states = [.waiting]
        guard try reader.status().openGaps.isEmpty, try reader.page(waiting, limit: 1).sessions.isEmpty else {
            return false
        }
        return try truths.allSatisfy { truth in
            guard let session = try reader.session(SessionID(container: truth.container)) else { return true }
            return session.sealedAt != nil && session.state != .running
        }
    }

    mutating func collect(_ truths: [SessionTruth]) throws {
        let wanted = Set(truths.map(\.container))
        var byName: [String: ContainerID] = [:]
        for truth in truths { byName["\(truth.podUID)/\(truth.name)"] = truth.container }
        var nameless: [(id: ContainerID, session: Session)] = []
        var named: Set<String> = []
        var cursor: SessionCursor?
        repeat {
            let page = try reader.page(limit: 500, before: cursor)
            cursor = page.next
            for session in page.sessions {
                let name = "\(session.podUID?.rawValue ?? "-")/\(session.container ?? "-")"
                guard let id = session.containerID else {
                    if let id = byName[name] { nameless.append((id, session)) } else { strangeRows.append(session) }
                    continue
                }
                if session.container != nil, !named.insert(name).inserted {
                    strangeRows.append(session)
                } else if wanted.contains(id) {
                    records[id] = RecordedSession(session: session, output: try reader.output(session.id)?.bytes)
                } else {
                    bystanders.append(session)
                }
            }
        } while cursor != nil
        // What it was nobody has said yet: kept, and told of when the time for that is over.
        for id in wanted where records[id] == nil {
            if let session = try reader.session(SessionID(container: id)) {
                records[id] = RecordedSession(session: session, output: try reader.output(session.id)?.bytes)
            }
        }
        // A session of whose container nobody knew: by its pod's name for it. Beside a row of the container that says
        // nothing of its name it is the same session's other half.
        for (id, session) in nameless where records[id] == nil {
            records[id] = RecordedSession(session: session, output: nil)
        }
        for (id, session) in nameless where session.state != .unknown && records[id]?.session.id != session.id {
            strangeRows.append(session)
        }
        try collectEntries()
    }

    private mutating func collectEntries() throws {
        var containers: [SessionID: ContainerID] = [:]
        for (id, record) in records { containers[record.session.id] = id }
        var number: Int64 = 1
        while true {
            let entries = try reader.entries(from: number, limit: 500)
            guard let last = entries.last else { return }
            number = last.number + 1
            for entry in entries {
                guard let session = entry.session, let id = containers[session] else { continue }
                if entry.type == EntryType.sessionStarted.rawValue { records[id]?.started += 1 }
                if entry.type == EntryType.sessionEnded.rawValue { records[id]?.ended += 1 }
                let told = try JSONDecoder().decode(Told.self, from: Data(entry.bytes)).session
                if let code = told.exitCode, !told.isMadeUpEnding { records[id]?.toldCodes.insert(code) }
            }
        }
    }
}
