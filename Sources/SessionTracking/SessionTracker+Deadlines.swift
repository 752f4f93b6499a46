// SPDX-License-Identifier: Apache-2.0
import SessionRecords

extension SessionTracker {
    mutating func runDeadlines(_ receipt: Receipt, _ actions: inout [Action]) {
        while let deadline = deadlines.popDue(receipt.boottime) {
            switch deadline {
            case .start(let id):
                guard let tracked = containers[id], !hasRuntimeEnding(tracked) else { continue }
                let claims = tracked.facts.claims
                // Either nothing was heard of it yet, or its end from the pod's status alone.
                guard !claims.exits.isEmpty || claims.starts.isEmpty else { continue }
                // Gone, and the journal says how: there is nobody left to ask.
                if claims.isGone, claims.exits[.journal] != nil { continue }
                actions.append(.askStatus(id))
            case .seal(let id):
                containers[id]?.exitExpected = false
                askIfDoubtful(id, atDeadline: true, &actions)
                captureIfDue(id, atDeadline: true, receipt, &actions)
                advance(id, receipt, &actions)
            case .classification(let id):
                guard let tracked = containers[id], scope(of: tracked) == .undecided else { continue }
                containers[id]?.facts.progress.gaveUp = true
                advance(id, receipt, &actions)
            case .waiting(let key): giveUpWaiting(key, receipt, &actions)
            case .settle(let id): settle(id, receipt, &actions)
            case .journal: stopAwaitingJournal(receipt, &actions)
            case .cursor:
                journal.isCursorDue = false
                commitCursor(receipt, &actions)
            case .forgetPod(let uid): pods.forget(uid)
            case .forgetContainer(let id):
                guard known[id]?.isLeaving == true else { continue }
                known.removeValue(forKey: id)
                known.giveBackRoom()
            }
        }
    }
}
