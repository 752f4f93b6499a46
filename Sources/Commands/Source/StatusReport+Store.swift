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
        openGaps = status.openGaps.sorted { $0.openedAt > $1.openedAt }.map { NodeGap($0) }
        let delivered = status.head.number - status.backlog
        var delivery = Delivery(
            destination: status.delivery?.destination ?? "Collector",
            deliveredThrough: delivered > status.anchor.number ? delivered : nil,
            waiting: status.backlog, waitingSince: status.backlogSince, refused: Int64(status.refused))
        delivery.refusedOutputs = Int64(status.refusedOutputs)
        delivery.state = status.delivery.map { $0.trouble == nil ? .delivering : .waiting } ?? .off
        delivery.stateSince = status.delivery?.since
        delivery.trouble = status.delivery?.trouble
        delivery.acceptedAt = status.delivery?.acceptedAt
        deliveries = [delivery]
        gapCounts = GapCounts.of(try reader.gaps())
        var losses = LossCounts()
        var pods = DebugPods()
        var cursor: SessionCursor?
        var searched = 0
        repeat {
            let page = try reader.page(limit: 500, before: cursor)
            node = node ?? page.sessions.first?.node
            for session in page.sessions {
                pods.add(session)
                losses.add(session)
            }
            searched += page.sessions.count
            cursor = page.next
        } while cursor != nil && searched < Self.searchedSessions
        podsLeftBehind = pods.leftBehind
        self.losses = losses.sorted
    }
}

/// Adds gaps up by source and reason.
enum GapCounts {
    private struct Key: Hashable {
        let source: String
        let reason: String
    }

    static func of(_ gaps: [Gap]) -> [StatusReport.GapCount] {
        var counts: [Key: StatusReport.GapCount] = [:]
        for gap in gaps {
            let key = Key(source: gap.source, reason: gap.reason)
            var count = counts[key] ?? StatusReport.GapCount(source: gap.source, reason: gap.reason)
            count.times += 1
            if gap.closedAt == nil { count.open += 1 }
            if gap.kind == .missed { count.missed += 1 }
            count.dropped = count.dropped.addingClamped(Int64(max(0, gap.dropped ?? 0)))
            counts[key] = count
        }
        return counts.values.sorted { ($1.times, $0.source, $0.reason) < ($0.times, $1.source, $1.reason) }
    }
}

/// Adds up what is missing in sessions' records.
struct LossCounts {
    private struct Key: Hashable {
        let what: String
        let reason: String
    }

    private var counts: [Key: Int64] = [:]

    mutating func add(_ session: Session) {
        guard session.sealedAt != nil else { return }
        if let output = session.output, output.pinnedBy == .none {
            counts[Key(what: "output", reason: output.note ?? "not said"), default: 0] += 1
        }
        if session.state == .unknown {
            counts[Key(what: "ending", reason: "nobody knows it"), default: 0] += 1
        } else if session.ending == .inferred {
            counts[Key(what: "ending", reason: "made up: \(session.reason ?? "not said")"), default: 0] += 1
        }
    }

    var sorted: [StatusReport.Loss] {
        counts.map { StatusReport.Loss(what: $0.key.what, reason: $0.key.reason, sessions: $0.value) }
            .sorted { ($1.sessions, $0.what, $0.reason) < ($0.sessions, $1.what, $1.reason) }
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
