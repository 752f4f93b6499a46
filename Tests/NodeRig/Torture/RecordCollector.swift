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
    /// Rows that are of no container, or of the same name in the same pod as another one.
    private(set) var strangeRows: [String] = []

    init(store: String) throws {
        reader = try StoreReader(directory: store)
    }

    /// Whether every one of them that has a row is told to its end.
    func areSealed(_ truths: [SessionTruth]) throws -> Bool {
        try truths.allSatisfy { truth in
            guard let session = try reader.session(SessionID(container: truth.container)) else { return true }
            return session.sealedAt != nil && session.state != .running
        }
    }

    mutating func collect(_ truths: [SessionTruth]) throws {
        let wanted = Set(truths.map(\.container))
        var names: Set<String> = []
        var cursor: SessionCursor?
        repeat {
            let page = try reader.page(limit: 500, before: cursor)
            cursor = page.next
            for session in page.sessions {
                guard let id = session.containerID, wanted.contains(id) else {
                    strangeRows.append("a row of no session: \(session.json.compact)")
                    continue
                }
                if !names.insert("\(session.podUID?.rawValue ?? "-")/\(session.container ?? id.rawValue)").inserted {
                    strangeRows.append("a second row of \(session.path): \(session.json.compact)")
                }
                records[id] = RecordedSession(session: session, output: try reader.output(session.id)?.bytes)
            }
        } while cursor != nil
        try collectEntries()
    }

    private mutating func collectEntries() throws {
        var containers: [SessionID: ContainerID] = [:]
        for id in records.keys { containers[SessionID(container: id)] = id }
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
