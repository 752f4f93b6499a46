// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Observations of the pod source.
extension SessionTracker {
    mutating func take(_ facts: PodFacts, _ receipt: Receipt, _ actions: inout [Action]) {
        var bounded = facts
        bounded.labels = facts.labels.filter { configuration.allowedLabels.contains($0.key) }
        let pod = pods.update(bounded, seenAt: receipt.wall)
        for container in facts.containers {
            for id in container.containerIDs where containers[id] == nil && container.debugMode != nil {
                // The pod knows a debug container that the runtime has not told us of (any more).
                known.removeValue(forKey: id)
                var claims = Claims(containerID: id)
                claims.podUID = facts.uid
                claims.containerName = container.name
                containers[id] = Tracked(facts: SessionFacts(claims: claims))
                index(id)
                actions.append(.describe(id))
            }
            for id in container.containerIDs where containers[id] != nil {
                takeStatus(of: container, for: id, receipt)
            }
        }
        for id in pods.members(of: pod) {
            joinPod(id, pod)
            joinWaiting(id, &actions)
            advance(id, receipt, &actions)
        }
        for container in facts.containers where container.debugMode != nil && container.containerIDs.isEmpty {
            wait(for: container, of: pod, receipt, &actions)
        }
    }

    /// Merges the pod into the container's account.
    private mutating func joinPod(_ id: ContainerID, _ pod: PodMemory.Pod) {
        guard var claims = containers[id]?.facts.claims else { return }
        var facts = pod.facts
        let container = facts.containers.first { $0.name == claims.containerName }
        facts.containers = []
        let claim = PodClaim(
            facts: facts, container: container, deletionSeenAt: pod.deletionSeenAt, goneSeenAt: pod.goneSeenAt)
        if claims.pod == nil { claims.pod = claim } else { claims.pod?.merge(claim) }
        containers[id]?.facts.claims = claims
    }

    /// Called whenever a container's pod UID may have become known: keeps the index, and joins what is known of the pod.
    mutating func index(_ id: ContainerID) {
        guard let claims = containers[id]?.facts.claims, let uid = claims.podUID else { return }
        pods.addMember(id, of: uid)
        if let target = claims.description?.targetContainerID { pods.addTarget(target, of: id) }
        if let pod = pods[uid] { joinPod(id, pod) }
    }

    private mutating func takeStatus(of container: PodContainer, for id: ContainerID, _ receipt: Receipt) {
        guard let status = container.status else { return }
        var endings: [PodTermination] = []
        if case .terminated(let termination) = status.state,
            termination.containerID == id || (termination.containerID == nil && status.containerID == id)
        {
            endings.append(termination)
        }
        if let last = status.lastTermination,
            last.containerID == id || (last.containerID == nil && status.containerID == id)
        {
            endings.append(last)
        }
        for ending in endings {
            containers[id]?.facts.claims.addExit(
                ExitClaim(
                    exitCode: ending.exitCode, finishedAt: ending.finishedAt, reason: ending.reason,
                    message: ending.message), by: .podStatus, receivedAt: receipt.wall)
            if let at = ending.startedAt { containers[id]?.facts.claims.addStart(at, by: .podStatus) }
        }
        if case .running(let startedAt?) = status.state, status.containerID == id {
            containers[id]?.facts.claims.addStart(startedAt, by: .podStatus)
        }
    }

    // MARK: Sessions without a container

    private mutating func wait(
        for container: PodContainer, of pod: PodMemory.Pod, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        let key = WaitingKey(podUID: pod.facts.uid, container: container.name)
        guard !pods.members(of: pod).contains(where: { containers[$0]?.facts.claims.containerName == container.name }),
            configuration.covers(namespace: pod.facts.namespace)
        else { return }
        var tracked =
            waiting[key]
            ?? Tracked(facts: SessionFacts(claims: Claims(podUID: pod.facts.uid, containerName: container.name)))
        var facts = pod.facts
        facts.containers = []
        let claim = PodClaim(
            facts: facts, container: container, deletionSeenAt: pod.deletionSeenAt, goneSeenAt: pod.goneSeenAt)
        if tracked.facts.claims.pod == nil {
            tracked.facts.claims.pod = claim
        } else {
            tracked.facts.claims.pod?.merge(claim)
        }
        var reason: String?
        if case .waiting(let why, let message) = container.status?.state {
            reason = why
            if let why {
                tracked.facts.claims.add(
                    Evidence(witness: .podStatus, fact: "waiting", value: message.map { "\(why): \($0)" } ?? why))
            }
        }
        if let reason, tracked.facts.progress.waitingReason != reason {
            tracked.facts.progress.waitingReason = reason
            tracked.facts.progress.waitingSince = receipt.wall
            deadlines.add(.waiting(key), at: receipt.boottime + configuration.waitingDeadline)
        }
        // The kubelet invents an ending for it (137, `ContainerStatusUnknown`) when the pod is deleted.
        if case .terminated = container.status?.state { tracked.facts.progress.gaveUp = true }
        if pod.isOver { tracked.facts.progress.gaveUp = true }
        waiting[key] = tracked
        advanceWaiting(key, receipt, &actions)
    }

    /// The container came after all.
    mutating func joinWaiting(_ id: ContainerID, _ actions: inout [Action]) {
        guard let claims = containers[id]?.facts.claims, let key = WaitingKey(claims),
            let waited = waiting.removeValue(forKey: key)
        else { return }
        for item in waited.facts.claims.evidence { containers[id]?.facts.claims.add(item) }
        if let claim = waited.facts.claims.pod {
            if containers[id]?.facts.claims.pod == nil {
                containers[id]?.facts.claims.pod = claim
            } else {
                containers[id]?.facts.claims.pod?.merge(claim)
            }
        }
        guard let old = waited.committed else { return }
        guard waited.facts.progress.endTold else {
            actions.append(.commit(.forget(old.id)))
            return
        }
        var facts = waited.facts
        facts.progress.successor = SessionID(container: id)
        facts.progress.revision += 1
        guard
            let amended = facts.claims.derive(
                progress: facts.progress, scope: facts.claims.scope(configuration), origin: configuration.origin)
        else { return }
        actions.append(
            .commit(.session(SessionCommit(session: amended, facts: nil, entry: .sessionAmended, output: nil))))
    }

    // MARK: Deletion

    mutating func takePodDeletion(_ uid: PodUID, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]) {
        guard let pod = pods.markGone(uid, at: at) else { return }
        deadlines.add(.forgetPod(uid), at: receipt.boottime + configuration.podMemory)
        for id in pods.members(of: pod) {
            joinPod(id, pod)
            advance(id, receipt, &actions)
        }
        for key in waiting.keys.filter({ $0.podUID == uid }) {
            waiting[key]?.facts.claims.pod?.goneSeenAt = at
            waiting[key]?.facts.progress.gaveUp = true
            advanceWaiting(key, receipt, &actions)
        }
    }

    mutating func takePodListing(_ uids: Set<PodUID>, _ receipt: Receipt, _ actions: inout [Action]) {
        for (uid, pod) in pods.pods where pod.goneSeenAt == nil && !uids.contains(uid) {
            takePodDeletion(uid, at: receipt.wall, receipt, &actions)
        }
        for key in waiting.keys.filter({ !uids.contains($0.podUID) }) {
            waiting[key]?.facts.progress.gaveUp = true
            advanceWaiting(key, receipt, &actions)
        }
        // A session resumed from the store whose pod went while the agent was away.
        for (id, tracked) in containers {
            guard let uid = tracked.facts.claims.podUID, !uids.contains(uid), !pods.contains(uid) else { continue }
            if tracked.facts.claims.pod != nil, tracked.facts.claims.pod?.goneSeenAt == nil {
                containers[id]?.facts.claims.pod?.goneSeenAt = receipt.wall
            }
            // Its pod is not in the API: nobody will say any more what it was. A list may be a little older than the
            // container's creation, hence only what ended before this list.
            if let ended = tracked.facts.claims.exitObservedAt, ended < receipt.wall {
                containers[id]?.facts.progress.gaveUp = true
            }
            advance(id, receipt, &actions)
        }
    }
}

extension PodMemory.Pod {
    /// Nothing of it will start any more.
    fileprivate var isOver: Bool {
        goneSeenAt != nil || facts.phase == "Succeeded" || facts.phase == "Failed"
    }
}

extension PodContainer {
    /// The containers that the status speaks of: the current one and the one before it.
    fileprivate var containerIDs: [ContainerID] {
        guard let status else { return [] }
        var ids: [ContainerID] = []
        if let id = status.containerID { ids.append(id) }
        if case .terminated(let termination) = status.state, let id = termination.containerID, !ids.contains(id) {
            ids.append(id)
        }
        if let id = status.lastTermination?.containerID, !ids.contains(id) { ids.append(id) }
        return ids
    }
}
