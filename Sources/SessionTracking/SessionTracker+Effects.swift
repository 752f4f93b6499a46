// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Pins, captures, and their answers.
extension SessionTracker {
    mutating func take(_ pin: LogPin, of id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        if known[id] != nil {
            if case .held = pin { actions.append(.releasePin(id)) }
            return
        }
        // A pin found at start without a row is a witness of a container that nobody has told us of.
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.pin = pin
        switch pin {
        case .held:
            containers[id]?.pinRequested = true
            releaseIfDrained(id, &actions)
        case .absent: break
        case .refused(let why):
            containers[id]?.facts.claims.add(Evidence(witness: .pin, fact: "refused", value: why))
        }
        advance(id, receipt, &actions)
    }

    mutating func pinIfDue(_ id: ContainerID, _ actions: inout [Action]) {
        guard let tracked = containers[id], captures(tracked), tracked.hasTask,
            !tracked.facts.progress.drained, let path = tracked.facts.claims.logPath
        else { return }
        if tracked.pinRequested {
            // The log was not there at `/tasks/create`: look again, once, after `/tasks/start`.
            guard tracked.pin == .absent, !tracked.pinRetried, tracked.facts.claims.starts[.containerdEvent] != nil
            else { return }
            containers[id]?.pinRetried = true
            containers[id]?.pin = nil
        }
        containers[id]?.pinRequested = true
        actions.append(.pin(id, logPath: path))
    }

    /// Whether the runtime itself says that no more output can come. CRI's word comes after `/tasks/delete`; where the
    /// exit was seen live, that event is waited for, and CRI counts once the deadline has passed.
    private func isDrained(_ tracked: Tracked, atDeadline: Bool) -> Bool {
        let claims = tracked.facts.claims
        if claims.taskDeletedAt != nil || claims.isGone { return true }
        guard claims.exits[.criStatus] != nil else { return false }
        return claims.exits[.containerdEvent] == nil || atDeadline || tracked.facts.progress.sealedAt != nil
    }

    /// Asks for the output once the ending is known and the output complete, or at the deadline.
    mutating func captureIfDue(
        _ id: ContainerID, atDeadline: Bool = false, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard let tracked = containers[id] else { return }
        let claims = tracked.facts.claims
        guard claims.ending != nil || isLost(tracked), !tracked.facts.progress.drained else { return }
        // Where the log is stands in the container's record. On a busy node its answer may come after the end, and even
        // after the removal was told: wait for it.
        let isFindable = tracked.isDescribed || claims.recordUnknown || isLost(tracked) || tracked.isPinned
        guard isFindable || atDeadline else { return }
        let drained = isFindable && isDrained(tracked, atDeadline: atDeadline)
        guard drained || (atDeadline && tracked.facts.progress.sealedAt == nil) else { return }
        guard !tracked.captureRequested else {
            // It may have read before the last words were written.
            if drained, !tracked.captureIsDrained { containers[id]?.captureAgain = true }
            return
        }
        containers[id]?.captureRequested = true
        containers[id]?.captureIsDrained = drained
        if captures(tracked) {
            actions.append(.capture(id, logPath: claims.logPath ?? usualLogPath(claims)))
        } else {
            seal(id, receipt, &actions)
        }
    }

    /// Where the kubelet has every container's log, for one whose record is gone. The file may
    /// have outlived it; the walk to it refuses what is no plain path.
    private func usualLogPath(_ claims: Claims) -> String? {
        guard let directory = configuration.podLogsDirectory, claims.isGone,
            let namespace = claims.description?.namespace ?? claims.pod?.facts.namespace,
            let pod = claims.description?.pod ?? claims.pod?.facts.name,
            let uid = claims.description?.podUID ?? claims.pod?.facts.runtimeUID ?? claims.podUID,
            let name = claims.containerName, let attempt = claims.attempt
        else { return nil }
        let parts = ["\(namespace)_\(pod)_\(uid)", name, "\(attempt).log"]
        return parts.contains { $0.contains("/") } ? nil : ([directory] + parts).joined(separator: "/")
    }

    mutating func takeCheckpoint(
        _ tail: CapturedTail, of id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        keep(tail, of: id)
        advance(id, receipt, &actions)
    }

    /// The better of the tails read so far is the session's output, to be written with its next commit.
    private mutating func keep(_ tail: CapturedTail, of id: ContainerID) {
        guard let tracked = containers[id] else { return }
        containers[id]?.facts.claims.addOutput(tail.summary)
        if containers[id]?.facts.claims.output == tail.summary, tracked.committed?.output != tail.summary {
            containers[id]?.pendingTail = tail
        }
    }

    /// Whether output is kept of this container.
    private func captures(_ tracked: Tracked) -> Bool {
        let claims = tracked.facts.claims
        return configuration.capturesOutput(in: claims.description?.namespace ?? claims.pod?.facts.namespace)
    }

    mutating func take(_ tail: CapturedTail, of id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        guard let tracked = containers[id] else { return }
        keep(tail, of: id)
        if tracked.captureRequested {
            seal(id, receipt, &actions)
        } else {
            advance(id, receipt, &actions)
        }
    }

    /// The output is in: the session's end can be told.
    private mutating func seal(_ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        guard let tracked = containers[id] else { return }
        containers[id]?.captureRequested = false
        if tracked.captureAgain {
            containers[id]?.captureAgain = false
            captureIfDue(id, receipt, &actions)
            return
        }
        if tracked.facts.progress.sealedAt == nil { containers[id]?.facts.progress.sealedAt = receipt.wall }
        if tracked.captureIsDrained { containers[id]?.facts.progress.drained = true }
        advance(id, receipt, &actions)
        releaseIfDrained(id, &actions)
    }

    /// Sealed by the deadline alone, a background child may still be writing: then the pin stays.
    private mutating func releaseIfDrained(_ id: ContainerID, _ actions: inout [Action]) {
        guard let tracked = containers[id], tracked.facts.progress.drained, !tracked.captureRequested else { return }
        releasePin(id, &actions)
    }

    mutating func releasePin(_ id: ContainerID, _ actions: inout [Action]) {
        guard containers[id]?.pinRequested == true else { return }
        containers[id]?.pinRequested = false
        containers[id]?.pin = nil
        actions.append(.releasePin(id))
    }
}
