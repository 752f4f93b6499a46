// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Sessions that were asked for and of which no container was seen: only who has watched the runtime all the while may say
/// that none ever started. On a pod that is deleted at once the kubelet's last word may still be `ContainerCreating`.
extension SessionTracker {
    /// Whether containers may be coming and going unseen.
    private var isBlind: Bool { gaps[.runtime] != nil || gaps[.agent] != nil }

    /// The runtime is out of sight: whatever is being waited for may come and go now.
    mutating func lostSight(of source: SourceName) {
        guard source == .runtime else { return }
        for key in waiting.keys { waiting[key]?.facts.progress.wasUnwatched = true }
    }

    /// With each version of the pod. An error of the kubelet's, on a pod that is still there, says that it has not started
    /// by now; the first word of a new container, `ContainerCreating`, stands there until somebody writes another.
    func noteSight(of tracked: inout Tracked, isFailing: Bool) {
        if isBlind {
            tracked.facts.progress.wasUnwatched = true
        } else if isFailing, !tracked.facts.progress.gaveUp {
            tracked.facts.progress.wasUnwatched = nil
        }
    }

    /// The same error for all the time that is allowed, on a pod that is still there.
    func waitedInVain(_ tracked: inout Tracked) {
        tracked.facts.progress.gaveUp = true
        if !isBlind { tracked.facts.progress.wasUnwatched = nil }
    }
}
