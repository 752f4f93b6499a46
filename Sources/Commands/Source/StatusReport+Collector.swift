// SPDX-License-Identifier: Apache-2.0
import CollectorClient
import SessionRecords

extension StatusReport {
    /// How many of the newest sessions are looked through for losses and for debug pods left behind.
    private static let searchedSessions = 2000

    /// What the reader may not see (403) is left out: gaps are of whole nodes.
    init(_ client: CollectorClient) async throws {
        self.init(source: client.address)
        let status = try await client.status()
        var facts = Collector()
        facts.version = status.version
        facts.nodes = status.nodes
        facts.ledgers = status.ledgers
        facts.entries = status.entries
        facts.outputs = status.outputs
        facts.lastReceivedAt = status.lastReceivedAt
        facts.openAlarms = status.openAlarms
        facts.holds = status.holds
        collector = facts
        storeBytes = status.store?.usedBytes
        setAside = status.store?.setAside ?? []
        for count in try await client.statistics().states {
            if let state = count.value.flatMap({ SessionState(rawValue: $0) }) { sessions[state] = count.sessions }
        }
        do {
            let gaps = try await client.gaps(node: nil).map { NodeGap($0.gap, node: $0.node, ledger: $0.ledger) }
            openGaps = gaps.filter { $0.gap.closedAt == nil }.sorted { $0.gap.openedAt > $1.gap.openedAt }
            gapCounts = GapCounts.of(gaps.map(\.gap))
        } catch let error as LastwordError where error.code == "collector.forbidden" {
            // The reader is limited to namespaces.
        }
        var losses = LossCounts()
        var pods = DebugPods()
        var after: String?
        var searched = 0
        repeat {
            let page = try await client.sessions([], limit: CollectorClient.largestPage, after: after)
            for session in page.sessions {
                pods.add(session)
                losses.add(session)
            }
            searched += page.sessions.count
            after = page.sessions.isEmpty ? nil : page.next
        } while after != nil && searched < Self.searchedSessions
        podsLeftBehind = pods.leftBehind
        self.losses = losses.sorted
    }
}
