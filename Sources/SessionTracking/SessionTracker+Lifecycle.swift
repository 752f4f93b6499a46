// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// From a changed account to actions.
extension SessionTracker {
    func scope(of tracked: Tracked) -> SessionScope {
        let scope = tracked.facts.claims.scope(configuration)
        let progress = tracked.facts.progress
        switch scope {
        // What was told cannot be untold: it stays, under its right name.
        case .outOfScope where progress.startTold || progress.endTold: return .session(.regular, .confirmed, .podSpec)
        case .undecided where progress.gaveUp: return .session(nil, .unresolved, nil)
        default: return scope
        }
    }

    /// Looks at one container after anything about it may have changed.
    mutating func advance(_ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        guard let tracked = containers[id] else { return }
        let scope = scope(of: tracked)
        if scope == .outOfScope {
            drop(id, tracked, &actions)
            return
        }
        if tracked.facts.claims.isLost, case .undecided = scope { containers[id]?.facts.progress.gaveUp = true }
        pinIfDue(id, &actions)
        captureIfDue(id, drained: isDrained(id), receipt, &actions)
        commitIfChanged(id, tail: nil, receipt, &actions)
        settleIfDone(id, receipt)
    }

    /// It is none of ours: the pin goes, and so does a row of which nothing was told.
    private mutating func drop(_ id: ContainerID, _ tracked: Tracked, _ actions: inout [Action]) {
        containers.removeValue(forKey: id)
        let claims = tracked.facts.claims
        pods.removeMember(id, of: claims.podUID, target: claims.description?.targetContainerID)
        if claims.removedAt == nil {
            known[id] = KnownContainer(
                podUID: claims.podUID, name: claims.containerName, exitedAt: claims.ending?.claim.finishedAt)
        }
        nameTargeting(id, name: claims.containerName)
        if tracked.pinRequested { actions.append(.releasePin(id)) }
        if let committed = tracked.committed { actions.append(.commit(.forget(committed.id))) }
    }

    private mutating func pinIfDue(_ id: ContainerID, _ actions: inout [Action]) {
        guard let tracked = containers[id], captures(tracked), tracked.hasTask, !tracked.pinRequested,
            tracked.facts.progress.sealedAt == nil, let path = tracked.facts.claims.description?.logPath
        else { return }
        containers[id]?.pinRequested = true
        actions.append(.pin(id, logPath: path))
    }

    private func captures(_ tracked: Tracked) -> Bool {
        let claims = tracked.facts.claims
        return configuration.capturesOutput(in: claims.description?.namespace ?? claims.pod?.facts.namespace)
    }

    /// Whether the runtime itself says that no more output can come.
    private func isDrained(_ id: ContainerID) -> Bool {
        guard let claims = containers[id]?.facts.claims else { return false }
        return claims.taskDeletedAt != nil || claims.exits[.criStatus] != nil || claims.removedAt != nil
            || claims.recordUnknown
    }

    /// Asks for the output once the ending is known and the output complete, or when `drained` is forced by the deadline.
    mutating func captureIfDue(
        _ id: ContainerID, drained: Bool, atDeadline: Bool = false, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard let tracked = containers[id], drained else { return }
        let claims = tracked.facts.claims
        guard claims.ending != nil || claims.isLost else { return }
        // Where the log is stands in the container's record. On a busy node that may come after the end: wait for it.
        let isFindable = claims.description != nil || claims.recordUnknown || claims.isPinned
        guard isFindable || atDeadline else { return }
        let complete = isDrained(id) && isFindable
        if tracked.facts.progress.sealedAt != nil {
            // Sealed by the deadline; the runtime now says that the rest is there.
            guard complete, !tracked.capturedDrained, tracked.facts.progress.sealedBy == .deadline else { return }
        }
        guard !tracked.captureRequested else {
            containers[id]?.captureAgain = complete && !tracked.capturedDrained
            return
        }
        containers[id]?.captureRequested = true
        containers[id]?.capturedDrained = complete
        guard captures(tracked) else {
            seal(id, tail: nil, receipt, &actions)
            return
        }
        actions.append(.capture(id, logPath: claims.description?.logPath))
    }

    /// The output is in: the session's end can be told.
    mutating func seal(_ id: ContainerID, tail: CapturedTail?, _ receipt: Receipt, _ actions: inout [Action]) {
        guard let tracked = containers[id] else { return }
        containers[id]?.captureRequested = false
        if tracked.facts.progress.sealedAt == nil || tracked.capturedDrained {
            containers[id]?.facts.progress.sealedAt = tracked.facts.progress.sealedAt ?? receipt.wall
            containers[id]?.facts.progress.sealedBy =
                !tracked.capturedDrained
                ? .deadline : tracked.facts.claims.taskDeletedAt != nil ? .taskDelete : .recovery
        }
        commitIfChanged(id, tail: tail, receipt, &actions)
        if containers[id]?.captureAgain == true {
            containers[id]?.captureAgain = false
            captureIfDue(id, drained: true, receipt, &actions)
            return
        }
        // Sealed by the deadline alone, a background child may still be writing: the pin stays.
        if containers[id]?.capturedDrained == true, tracked.pinRequested {
            containers[id]?.pinRequested = false
            containers[id]?.facts.claims.pin = nil
            actions.append(.releasePin(id))
        }
        settleIfDone(id, receipt)
    }

    // MARK: Telling

    mutating func commitIfChanged(
        _ id: ContainerID, tail: CapturedTail?, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard let tracked = containers[id],
            let commit = commit(tracked, scope: scope(of: tracked), tail: tail, receipt)
        else { return }
        containers[id]?.facts = commit.facts ?? tracked.facts
        containers[id]?.committed = commit.session
        actions.append(.commit(.session(commit)))
    }

    mutating func advanceWaiting(_ key: WaitingKey, _ receipt: Receipt, _ actions: inout [Action]) {
        guard var tracked = waiting[key] else { return }
        let scope = tracked.facts.claims.scope(configuration)
        guard case .session = scope else {
            waiting.removeValue(forKey: key)
            if let committed = tracked.committed { actions.append(.commit(.forget(committed.id))) }
            return
        }
        if tracked.facts.progress.gaveUp, tracked.facts.progress.sealedAt == nil {
            tracked.facts.progress.sealedAt = receipt.wall
        }
        if let commit = commit(tracked, scope: scope, tail: nil, receipt) {
            tracked.facts = commit.facts ?? tracked.facts
            tracked.committed = commit.session
            actions.append(.commit(.session(commit)))
        }
        waiting[key] = tracked
        if tracked.facts.progress.endTold, tracked.facts.claims.pod?.goneSeenAt != nil, let session = tracked.committed
        {
            waiting.removeValue(forKey: key)
            actions.append(.commit(.settle(session.id)))
        }
    }

    /// The commit that the account calls for, or nil if nothing worth telling changed.
    private func commit(
        _ tracked: Tracked, scope: SessionScope, tail: CapturedTail?, _ receipt: Receipt
    ) -> SessionCommit? {
        var facts = tracked.facts
        guard
            var session = facts.claims.derive(
                progress: facts.progress, scope: scope, origin: configuration.origin)
        else { return nil }
        // A container that was made and not started yet is told of nobody: it starts, or it is asked for.
        if session.state == .waiting, session.containerID != nil { return nil }
        if let committed = tracked.committed, committed.worth == session.worth, tail == nil { return nil }
        let entry = entry(for: session, before: tracked.committed, facts.progress, scope: scope)
        switch entry {
        case .sessionStarted: facts.progress.startTold = true
        case .sessionEnded:
            facts.progress.startTold = true
            facts.progress.endTold = true
        default: break
        }
        facts.progress.revision += 1
        session.revision = facts.progress.revision
        return SessionCommit(session: session, facts: facts, entry: entry, output: tail)
    }

    private func entry(
        for session: Session, before: Session?, _ progress: SessionFacts.Progress, scope: SessionScope
    ) -> EntryType? {
        if case .undecided = scope { return nil }
        switch session.state {
        case .waiting: return nil
        case .running:
            guard progress.startTold else { return .sessionStarted }
            return before?.classification != session.classification || before?.mode != session.mode
                ? .sessionAmended : nil
        case .ended, .unknown, .neverStarted:
            guard session.sealedAt != nil else { return nil }
            return progress.endTold ? .sessionAmended : .sessionEnded
        }
    }

    // MARK: The end of following it

    /// Everything is told, the container is gone from the runtime and its pod from the API: a little later it is settled.
    private mutating func settleIfDone(_ id: ContainerID, _ receipt: Receipt) {
        guard let tracked = containers[id], !tracked.settleScheduled, isSettled(tracked) else { return }
        containers[id]?.settleScheduled = true
        deadlines.add(.settle(id), at: receipt.boottime + 30_000_000_000)
    }

    func isSettled(_ tracked: Tracked) -> Bool {
        let claims = tracked.facts.claims
        guard tracked.facts.progress.endTold, !tracked.captureRequested, claims.removedAt != nil || claims.recordUnknown
        else { return false }
        return !configuration.hasPodSource || claims.pod?.goneSeenAt != nil || claims.pod == nil
    }
}

extension Session {
    /// What has to differ for a new revision to be worth it. A living pod's conditions and restarts come and go; they are
    /// told at the sealing and at the deletion (`design.md` §5, afterwards).
    fileprivate var worth: Session {
        var copy = self
        copy.revision = 0
        if copy.podFate?.deletedAt == nil { copy.podFate = nil }
        copy.podFate?.conditions = []
        copy.podFate?.restarts = nil
        return copy
    }
}

extension Claims {
    fileprivate var isPinned: Bool {
        if case .held? = pin { true } else { false }
    }
}
