// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// What the journal says: a second witness while we watch, the last one of what came and went while we did not.
extension SessionTracker {
    mutating func take(_ statement: JournalStatement, _ receipt: Receipt, _ actions: inout [Action]) {
        let id = statement.container
        if case .exited(_, let finishedAt) = statement.event { known[id]?.exited(finishedAt ?? statement.at) }
        guard touch(id, receipt, &actions) else { return }
        switch statement.event {
        case .started:
            containers[id]?.facts.claims.addStart(statement.at, by: .journal)
            containers[id]?.facts.claims.add(Evidence(witness: .journal, fact: "start", at: statement.at))
        case .exited(let code, let finishedAt):
            containers[id]?.facts.claims.addExit(
                ExitClaim(exitCode: code, finishedAt: finishedAt), by: .journal, receivedAt: receipt.wall)
        case .outOfMemory: containers[id]?.facts.claims.addOutOfMemory(by: .journal)
        case .removed: containers[id]?.facts.claims.removed(statement.at)
        case .attachClosed(let stream):
            containers[id]?.facts.claims.add(
                Evidence(witness: .journal, fact: "attach-closed", at: statement.at, value: stream))
        }
        advance(id, receipt, &actions)
    }
}

extension Gap {
    /// An interval that is over and stays open: nothing can say what was in it.
    static func missed(_ source: SourceName, from: Timestamp, to: Timestamp, reason: String, dropped: Int?) -> Gap {
        var gap = Gap(source: source.rawValue, openedAt: from, reason: reason)
        gap.closedAt = max(from, to)
        gap.dropped = dropped
        return gap
    }
}
