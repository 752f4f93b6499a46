// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// From a changed account to actions.
extension SessionTracker {
    func scope(of tracked: Tracked) -> SessionScope {
        let progress = tracked.facts.progress
        let told = progress.startTold || progress.endTold
        let scope = tracked.facts.claims.scope(configuration, told: told)
        guard scope == .undecided, progress.gaveUp else { return scope }
        let claims = tracked.facts.claims
        // A pin that an earlier run left behind is a witness: it held nothing that it knew to be none of ours.
        let isForgettable =
            claims.isForgettable || !tracked.isPinned && (wasJudged(claims) || claims.isNameAlone)
        return isForgettable && !told ? .outOfScope : .session(nil, .unresolved, nil)
    }

    /// Looks at one container after anything about it may have changed.
    mutating func advance(_ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        guard let tracked = containers[id] else { return }
        var scope = scope(of: tracked)
        let claims = tracked.facts.claims
        if scope == .undecided, isLost(tracked) || isUnknowable(claims), !awaitsJournal(tracked) {
            containers[id]?.facts.progress.gaveUp = true
            scope = containers[id].map { self.scope(of: $0) } ?? scope
        }
        if scope == .outOfScope {
            drop(id, receipt, &actions)
            return
        }
        if scope == .undecided, !tracked.facts.claims.exits.isEmpty, !tracked.classificationScheduled {
            containers[id]?.classificationScheduled = true
            let left = remaining(
                of: configuration.classificationDeadline, since: tracked.facts.claims.exitObservedAt, receipt)
            deadlines.add(.classification(id), at: receipt.boottime + left)
        }
        if claims.isLost, tracked.exitExpected { scheduleSeal(id, receipt) }
        pinIfDue(id, &actions)
        captureIfDue(id, receipt, &actions)
        commitIfChanged(id, &actions)
        settleIfDone(id, receipt, &actions)
    }

    /// It ended, the runtime's record was gone before it could be read, and there is no pod source that might still say
    /// what it was: waiting brings nothing.
    private func isUnknowable(_ claims: Claims) -> Bool {
        !configuration.hasPodSource && claims.recordUnknown && claims.description == nil && !claims.exits.isEmpty
    }

    /// It is none of ours: the pin goes, and so does a row of which nothing was told.
    private mutating func drop(_ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        releasePin(id, &actions)
        guard let tracked = stopFollowing(id) else { return }
        let claims = tracked.facts.claims
        known[id] = KnownContainer(
            name: claims.containerName, exitedAt: claims.exitedAt)
        // A listing has no sandboxes, so it cannot say when one is gone.
        if claims.isGone || claims.description?.isSandbox == true { leave(id, receipt) }
        for row in [tracked.waitingRow, tracked.committed?.id].compactMap({ $0 }) {
            actions.append(.commit(.forget(row)))
        }
        nameTargeting(id, name: claims.containerName, receipt, &actions)
    }

    private mutating func stopFollowing(_ id: ContainerID) -> Tracked? {
        guard let tracked = containers.removeValue(forKey: id) else { return nil }
        if tracked.settleScheduled { settling -= 1 }
        pods.removeMember(id, of: tracked.memberOf, targets: tracked.targets)
        return tracked
    }

    // MARK: Telling

    private mutating func commitIfChanged(_ id: ContainerID, _ actions: inout [Action]) {
        guard let tracked = containers[id], let commit = commit(tracked, scope: scope(of: tracked)) else { return }
        containers[id]?.facts = commit.facts ?? tracked.facts
        containers[id]?.committed = commit.session
        containers[id]?.pendingTail = nil
        actions.append(.commit(.session(commit)))
        forgetWaiting(id, &actions)
    }

    /// The row of the wait goes once what it held stands in the container's own row.
    private mutating func forgetWaiting(_ id: ContainerID, _ actions: inout [Action]) {
        guard let row = containers[id]?.waitingRow else { return }
        containers[id]?.waitingRow = nil
        actions.append(.commit(.forget(row)))
    }

    mutating func advanceWaiting(_ key: WaitingKey, _ receipt: Receipt, _ actions: inout [Action]) {
        guard var tracked = waiting[key] else { return }
        let scope = tracked.facts.claims.scope(configuration, told: tracked.facts.progress.endTold)
        guard case .session = scope else {
            waiting.removeValue(forKey: key)
            if let committed = tracked.committed { actions.append(.commit(.forget(committed.id))) }
            return
        }
        if tracked.facts.progress.gaveUp, tracked.facts.progress.sealedAt == nil {
            tracked.facts.progress.sealedAt = receipt.wall
        }
        if let commit = commit(tracked, scope: scope) {
            tracked.facts = commit.facts ?? tracked.facts
            tracked.committed = commit.session
            actions.append(.commit(.session(commit)))
        }
        waiting[key] = tracked
        if tracked.facts.progress.endTold, tracked.facts.claims.pod?.goneSeenAt != nil, let session = tracked.committed
        {
            waiting.removeValue(forKey: key)
            pods.settleName(key.container, of: key.podUID)
            actions.append(.commit(.settle(session.id)))
        }
    }

    /// The commit that the account calls for, or nil if nothing worth telling changed.
    private func commit(_ tracked: Tracked, scope: SessionScope) -> SessionCommit? {
        var facts = tracked.facts
        var session = facts.claims.derive(progress: facts.progress, scope: scope, origin: configuration.origin)
        // A container that was made and not started yet is told of nobody: it starts, or it is asked for.
        if session.state == .waiting, session.containerID != nil { return nil }
        // Most containers of a node are none of ours: until the record is read only an ending is worth a row.
        if session.state == .running, scope == .undecided, !tracked.isDescribed { return nil }
        let entry = entry(for: session, tracked, scope: scope)
        // What is due to be told is told, also where only the wait for somebody's word has ended.
        let isNews = entry == .sessionStarted || entry == .sessionEnded
        if !isNews, let committed = tracked.committed, committed.worth == session.worth { return nil }
        switch entry {
        case .sessionStarted: facts.progress.startTold = true
        case .sessionEnded:
            facts.progress.startTold = true
            facts.progress.endTold = true
        default: break
        }
        facts.progress.revision += 1
        facts.progress.bootID = configuration.bootID
        session.revision = facts.progress.revision
        return SessionCommit(session: session, facts: facts, entry: entry, output: tracked.pendingTail)
    }

    private func entry(for session: Session, _ tracked: Tracked, scope: SessionScope) -> EntryType? {
        if case .undecided = scope { return nil }
        let progress = tracked.facts.progress
        switch session.state {
        case .waiting: return nil
        case .running:
            guard progress.startTold else { return isStartOld(tracked) ? nil : .sessionStarted }
            let before = tracked.committed
            return before?.classification != session.classification || before?.mode != session.mode
                ? .sessionAmended : nil
        case .ended, .unknown, .neverStarted:
            guard session.sealedAt != nil else { return nil }
            guard progress.endTold else { return awaitsJournal(tracked) ? nil : .sessionEnded }
            // The output that is being read again brings the amendment, for both.
            return tracked.captureRequested ? nil : .sessionAmended
        }
    }

    /// The journal alone says that it started, and it is gone: the end is what is to be told.
    private func isStartOld(_ tracked: Tracked) -> Bool {
        let claims = tracked.facts.claims
        return claims.isGone && claims.starts.keys.allSatisfy { $0 == .journal }
    }

    // MARK: The end of following it

    /// Everything is told, the container is gone from the runtime and its pod from the API: a little later it is settled.
    private mutating func settleIfDone(_ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        guard let tracked = containers[id], !tracked.settleScheduled, isToldAndGone(tracked), isPodDone(tracked)
        else { return }
        containers[id]?.settleScheduled = true
        settling += 1
        if settling > configuration.settlesWaiting {
            settle(id, receipt, &actions)
            return
        }
        let claims = tracked.facts.claims
        let done = [tracked.facts.progress.sealedAt, claims.removedAt, claims.pod?.goneSeenAt].compactMap { $0 }.max()
        deadlines.add(
            .settle(id), at: receipt.boottime + remaining(of: configuration.settleDelay, since: done, receipt))
    }

    private func isToldAndGone(_ tracked: Tracked) -> Bool {
        tracked.facts.progress.endTold && !tracked.captureRequested && tracked.facts.claims.isGone
    }

    /// Whether the pod source has nothing more to say: its pod is gone, or it never had one. A pod that is not known while
    /// the API server is away may still turn up and say what the container was.
    private func isPodDone(_ tracked: Tracked) -> Bool {
        guard configuration.hasPodSource, let uid = tracked.facts.claims.podUID else { return true }
        guard tracked.facts.claims.pod != nil else { return tracked.facts.progress.podAbsent }
        if tracked.facts.claims.pod?.goneSeenAt != nil { return true }
        // A pod that starts its debug container again and again for months (a copy's restart policy): of its runs the
        // last ones are followed to the pod's own end.
        guard let id = tracked.facts.claims.containerID, let pod = pods[uid] else { return false }
        return !pod.facts.containers.contains { $0.containerIDs.contains(id) }
            && pods.members(of: pod.facts.uid).count > configuration.runsFollowed
    }

    mutating func settle(_ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        guard containers[id]?.settleScheduled == true else { return }
        containers[id]?.settleScheduled = false
        settling -= 1
        guard let tracked = containers[id], isToldAndGone(tracked), isPodDone(tracked),
            let session = tracked.committed
        else { return }
        releasePin(id, &actions)
        _ = stopFollowing(id)
        known[id] = KnownContainer(
            name: tracked.facts.claims.containerName,
            exitedAt: tracked.facts.claims.exitedAt, isSettled: true)
        leave(id, receipt)
        actions.append(.commit(.settle(session.id)))
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
        // Stands in the record as a part of the output.
        if copy.output == nil { copy.sealedBy = nil }
        // A line of the journal that says what is known already comes with the next revision; one that contradicts is news.
        copy.evidence.removeAll { $0.witness == .journal && !contradicts($0) }
        return copy
    }

    private func contradicts(_ item: Evidence) -> Bool {
        item.fact == "exit" && item.value != exitCode.map(String.init)
    }
}
