// SPDX-License-Identifier: Apache-2.0
import SessionRecords

extension SessionTracker {
    mutating func runDeadlines(_ receipt: Receipt, _ actions: inout [Action]) {
        while let deadline = deadlines.popDue(receipt.boottime) {
            switch deadline {
            case .start(let id):
                guard let tracked = containers[id], tracked.facts.claims.exits.isEmpty,
                    tracked.facts.claims.starts.isEmpty
                else { continue }
                actions.append(.askStatus(id))
            case .seal(let id):
                guard containers[id]?.facts.progress.sealedAt == nil else { continue }
                captureIfDue(id, drained: true, atDeadline: true, receipt, &actions)
            case .classification(let id):
                guard let tracked = containers[id], scope(of: tracked) == .undecided else { continue }
                containers[id]?.facts.progress.gaveUp = true
                advance(id, receipt, &actions)
            case .waiting(let key):
                guard let since = waiting[key]?.facts.progress.waitingSince,
                    receipt.wall.nanoseconds(since: since) >= configuration.waitingDeadline
                else { continue }
                waiting[key]?.facts.progress.gaveUp = true
                advanceWaiting(key, receipt, &actions)
            case .settle(let id):
                guard let tracked = containers[id], isSettled(tracked), let session = tracked.committed else {
                    continue
                }
                containers.removeValue(forKey: id)
                pods.removeMember(
                    id, of: tracked.facts.claims.podUID, target: tracked.facts.claims.description?.targetContainerID)
                actions.append(.commit(.settle(session.id)))
            case .forgetPod(let uid):
                pods.forget(uid)
            }
        }
    }
}
