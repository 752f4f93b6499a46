// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Sessions that were asked for and of which no container was seen: only who has watched the runtime all the while may say
/// that none ever started. On a pod that is deleted at once the kubelet's last word may still be `ContainerCreating`.
extension SessionTracker {
    /// Whether containers may be coming and going unseen.
    var isBlind: Bool { !gaps.isEmpty && (gaps[.runtime] != nil || gaps[.agent] != nil) }

    /// After each observation: whatever is being waited for may come and go while the runtime is out of sight. Once it is
    /// watched again, what it still knows is on its way to us.
    mutating func watchOverWaiting(wasBlind: Bool, _ receipt: Receipt) {
        if isBlind {
            guard !wasBlind else { return }
            for key in waiting.keys { waiting[key]?.facts.progress.wasUnwatched = true }
        } else if wasBlind {
            for key in waiting.keys.sorted() where waiting[key]?.isOver == true { scheduleGivingUp(key, receipt) }
        }
    }

    /// With each version of the pod. An error of the kubelet's, on a pod that is still there, says that it has not started
    /// by now; the first word of a new container, `ContainerCreating`, stands there until somebody writes another.
    func noteSight(of tracked: inout Tracked, isFailing: Bool) {
        if isBlind {
            tracked.facts.progress.wasUnwatched = true
        } else if isFailing, !tracked.isOver {
            tracked.facts.progress.wasUnwatched = nil
        }
    }

    /// Its pod is over. The runtime's news of a container may come after the API's of its pod: it is given time.
    mutating func scheduleGivingUp(_ key: WaitingKey, _ receipt: Receipt) {
        guard waiting[key]?.facts.progress.gaveUp == false else { return }
        waiting[key]?.isOver = true
        // While it is out of sight no time is enough: `watchOverWaiting`.
        guard !isBlind else { return }
        waiting[key]?.waitingDue = receipt.boottime + configuration.startDeadline
        deadlines.add(.waiting(key), at: receipt.boottime + configuration.startDeadline)
    }

    /// Nobody waits for it any more: its pod is over, or the same error has lasted for all the time that is allowed.
    mutating func giveUpWaiting(_ key: WaitingKey, _ receipt: Receipt, _ actions: inout [Action]) {
        guard var tracked = waiting[key], let due = tracked.waitingDue, due <= receipt.boottime else { return }
        if tracked.isOver {
            // Until it is watched again.
            guard !isBlind else { return }
            // One of those that came and went too quickly to be asked for their names may have been it.
            if containers.values.contains(where: { $0.facts.claims.isGone && $0.facts.claims.podUID == nil }) {
                tracked.facts.progress.wasUnwatched = true
            }
        } else if !isBlind {
            tracked.facts.progress.wasUnwatched = nil
        }
        tracked.facts.progress.gaveUp = true
        waiting[key] = tracked
        advanceWaiting(key, receipt, &actions)
    }

    /// What is left of a time that began in an earlier run: restarts must not put it off for ever.
    func remaining(of duration: Int64, since moment: Timestamp?, _ receipt: Receipt) -> Int64 {
        guard let moment else { return duration }
        return max(0, min(duration, duration - receipt.wall.nanoseconds(since: moment)))
    }
}
