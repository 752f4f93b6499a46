// SPDX-License-Identifier: Apache-2.0
import AgentStore
import SessionRecords

extension StatusReport {
    /// How many of the newest sessions are looked through for debug pods left behind: reading a million records for it
    /// would take half a minute.
    private static let searchedSessions = 5000

    init(_ reader: StoreReader) throws {
        self.init(source: reader.directory)
        let status = try reader.status()
        let holder = StoreHolder(directory: reader.directory)
        agentRunning = holder.isHeld
        agentPID = holder.pid
        agentVersion = status.lastRun?.version
        agentStartedAt = status.lastRun?.startedAt
        agentStoppedAt = status.lastRun?.stoppedAt
        agentActiveAt = status.lastRun?.lastCommitAt
        storeBytes = status.bytes
        setAside = status.setAside
        ledger = status.ledger
        if status.entries > 0 {
            firstNumber = status.anchor.number + 1
            head = NotedHead(number: status.head.number, hash: status.head.hash)
        }
        sessions = status.unended.mapValues(Int64.init)
        sessions[.ended] = max(0, Int64(status.sessions) - sessions.values.reduce(0, +))
        openGaps = status.openGaps.sorted { $0.openedAt > $1.openedAt }
        let delivered = status.head.number - status.backlog
        deliveries = [
            Delivery(
                destination: "Collector", deliveredThrough: delivered > status.anchor.number ? delivered : nil,
                waiting: status.backlog, waitingSince: status.backlogSince, refused: Int64(status.refused))
        ]
        var pods = DebugPods()
        var cursor: SessionCursor?
        var searched = 0
        repeat {
            let page = try reader.page(limit: 500, before: cursor)
            node = node ?? page.sessions.first?.node
            for session in page.sessions { pods.add(session) }
            searched += page.sessions.count
            cursor = page.next
        } while cursor != nil && searched < Self.searchedSessions
        podsLeftBehind = pods.leftBehind
    }
}

/// Finds the debug pods of which nothing runs any more and whose deletion nobody saw.
struct DebugPods {
    private var newest: [String: Session] = [:]
    private var gone: Set<String> = []
    private var order: [String] = []

    /// In the order of the list: the newest session of a pod first.
    mutating func add(_ session: Session) {
        guard session.mode == .copy || session.mode == .node else { return }
        let pod = session.podUID?.rawValue ?? session.path
        if newest[pod] == nil {
            newest[pod] = session
            order.append(pod)
        }
        if session.isOpen || session.cause == .podDeleted || session.podFate?.deletedAt != nil { gone.insert(pod) }
    }

    var leftBehind: [Session] {
        order.filter { !gone.contains($0) }.compactMap { newest[$0] }
    }
}
