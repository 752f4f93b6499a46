// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Observations of the pod source.
extension SessionTracker {
    mutating func take(_ facts: PodFacts, _ receipt: Receipt, _ actions: inout [Action]) {
        var bounded = facts
        bounded.labels = facts.labels.filter { configuration.allowedLabels.contains($0.key) }
        let pod = pods.update(bounded, seenAt: receipt.wall)
        for container in facts.containers {
            for id in container.containerIDs {
                followByStatus(id, container, of: facts, &actions)
                takeStatus(of: container, for: id, receipt)
            }
        }
        for id in pods.members(of: pod.facts.uid) {
            joinPod(id, pod)
            joinWaiting(id, &actions)
            advance(id, receipt, &actions)
        }
        // By the newest version: a late one may still show a container as missing that has come since.
        for container in pod.facts.containers where container.debugMode != nil && container.containerIDs.isEmpty {
            wait(for: container, of: pod, receipt, &actions)
        }
    }

    /// The pod knows a container that the runtime has not told us of, or not any more.
    private mutating func followByStatus(
        _ id: ContainerID, _ container: PodContainer, of facts: PodFacts, _ actions: inout [Action]
    ) {
        guard containers[id] == nil else {
            // The runtime may have forgotten it before it could be asked for its name.
            containers[id]?.facts.claims.stated(podUID: facts.uid, name: container.name)
            index(id)
            return
        }
        guard container.debugMode != nil || configuration.scope == .all, known[id]?.isSettled != true,
            configuration.covers(namespace: facts.namespace)
        else { return }
        known.removeValue(forKey: id)
        let claims = Claims(containerID: id, podUID: facts.uid, name: container.name)
        containers[id] = Tracked(facts: SessionFacts(claims: claims))
        index(id)
        actions.append(.describe(id))
    }

    /// Merges the pod into the container's account.
    private mutating func joinPod(_ id: ContainerID, _ pod: PodMemory.Pod) {
        guard let name = containers[id].map({ $0.facts.claims.containerName }) else { return }
        containers[id]?.facts.claims.addPod(PodClaim(pod, containerName: name))
        for item in name.flatMap({ pod.waited[$0] }) ?? [] { containers[id]?.facts.claims.add(item) }
    }

    /// Called whenever a container's pod or target may have become known: keeps the indexes, and joins what is known of
    /// the pod.
    mutating func index(_ id: ContainerID) {
        guard let claims = containers[id]?.facts.claims else { return }
        if let target = claims.description?.targetContainerID {
            containers[id]?.targets.insert(target)
            pods.addTarget(target, of: id)
        }
        for uid in [claims.podUID, claims.description?.podUID].compactMap({ $0 }) {
            containers[id]?.memberOf.insert(uid)
            pods.addMember(id, of: uid)
        }
        if let uid = claims.podUID, let pod = pods[uid] { joinPod(id, pod) }
    }

    private mutating func takeStatus(of container: PodContainer, for id: ContainerID, _ receipt: Receipt) {
        guard containers[id] != nil, let status = container.status else { return }
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
        if !endings.isEmpty { doubtEnding(of: id, receipt) }
        if case .running(let startedAt?) = status.state, status.containerID == id {
            containers[id]?.facts.claims.addStart(startedAt, by: .podStatus)
        }
    }

    /// A start failure sends no event, and the kubelet or the journal may be the first to speak of it: the runtime knows
    /// better.
    mutating func doubtEnding(of id: ContainerID, _ receipt: Receipt) {
        guard let tracked = containers[id], !tracked.endingDoubted, !hasRuntimeEnding(tracked) else { return }
        containers[id]?.endingDoubted = true
        deadlines.add(.start(id), at: receipt.boottime + configuration.startDeadline)
    }

    // MARK: Sessions without a container

    private mutating func wait(
        for container: PodContainer, of pod: PodMemory.Pod, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        let key = WaitingKey(podUID: pod.facts.uid, container: container.name)
        guard
            !pods.members(of: pod.facts.uid).contains(where: {
                containers[$0]?.facts.claims.containerName == container.name
            }),
            !pod.settledNames.contains(container.name), configuration.covers(namespace: pod.facts.namespace)
        else { return }
        var tracked =
            waiting[key]
            ?? Tracked(facts: SessionFacts(claims: Claims(podUID: pod.facts.uid, containerName: container.name)))
        tracked.facts.claims.addPod(PodClaim(pod, containerName: container.name))
        for item in pod.waited[container.name] ?? [] { tracked.facts.claims.add(item) }
        if case .waiting(let reason?, _) = container.status?.state, let kind = WaitingError.kind(of: reason),
            tracked.facts.progress.waitingReason != kind
        {
            tracked.facts.progress.waitingReason = kind
            tracked.facts.progress.waitingSince = receipt.wall
            tracked.waitingDue = receipt.boottime + configuration.waitingDeadline
            deadlines.add(.waiting(key), at: receipt.boottime + configuration.waitingDeadline)
        }
        var isFailing = false
        if case .waiting(let reason?, _) = container.status?.state {
            isFailing = pod.goneSeenAt == nil && WaitingError.kind(of: reason) != nil
        }
        noteSight(of: &tracked, isFailing: isFailing)
        waiting[key] = tracked
        // The kubelet invents an ending for it (137, `ContainerStatusUnknown`) when the pod is deleted.
        var isInvented = false
        if case .terminated = container.status?.state { isInvented = true }
        if !tracked.isOver, isInvented || pod.isOver { scheduleGivingUp(key, receipt) }
        advanceWaiting(key, receipt, &actions)
    }

    /// The container came after all.
    mutating func joinWaiting(_ id: ContainerID, _ actions: inout [Action]) {
        guard let claims = containers[id]?.facts.claims, let key = WaitingKey(claims),
            let waited = waiting.removeValue(forKey: key)
        else { return }
        for item in waited.facts.claims.evidence { containers[id]?.facts.claims.add(item) }
        if let claim = waited.facts.claims.pod { containers[id]?.facts.claims.addPod(claim) }
        pods.settleName(key.container, of: key.podUID)
        guard let old = waited.committed else { return }
        guard waited.facts.progress.endTold else {
            containers[id]?.waitingRow = old.id
            return
        }
        var facts = waited.facts
        facts.progress.successor = SessionID(container: id)
        facts.progress.revision += 1
        let amended = facts.claims.derive(
            progress: facts.progress, scope: facts.claims.scope(configuration, told: true),
            origin: configuration.origin)
        actions.append(
            .commit(.session(SessionCommit(session: amended, facts: nil, entry: .sessionAmended, output: nil))))
    }

    // MARK: Deletion

    mutating func takePodDeletion(_ uid: PodUID, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]) {
        if pods.markGone(uid, at: at) {
            deadlines.add(.forgetPod(uid), at: receipt.boottime + configuration.podMemory)
        }
        for id in pods.members(of: uid) {
            if let pod = pods[uid] { joinPod(id, pod) }
            containers[id]?.facts.claims.podGone(at)
            advance(id, receipt, &actions)
        }
        for key in waiting.keys.filter({ $0.podUID == uid }).sorted() { giveUp(key, at: at, receipt, &actions) }
    }

    private mutating func giveUp(
        _ key: WaitingKey, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        waiting[key]?.facts.claims.podGone(at)
        if waiting[key]?.isOver == false { scheduleGivingUp(key, receipt) }
        advanceWaiting(key, receipt, &actions)
    }

    mutating func takePodListing(_ uids: Set<PodUID>, _ receipt: Receipt, _ actions: inout [Action]) {
        podsListedAt = receipt.wall
        for uid in pods.pods.keys.sorted() where pods[uid]?.goneSeenAt == nil && !uids.contains(uid) {
            takePodDeletion(uid, at: receipt.wall, receipt, &actions)
        }
        for key in waiting.keys.filter({ !uids.contains($0.podUID) }).sorted() {
            giveUp(key, at: receipt.wall, receipt, &actions)
        }
        // Containers whose pod went before this run saw it.
        for id in containers.keys.sorted() {
            guard let claims = containers[id]?.facts.claims, let uid = claims.podUID, !uids.contains(uid),
                !pods.contains(uid)
            else { continue }
            if claims.pod != nil { containers[id]?.facts.claims.podGone(receipt.wall) }
            // Its pod is not in the API: nobody will say any more what it was. A list may be a little older than the
            // container's creation, hence only what ended before this list.
            if let ended = claims.exitObservedAt, ended < receipt.wall {
                containers[id]?.facts.progress.gaveUp = true
                containers[id]?.facts.progress.podAbsent = true
            } else if claims.isLost {
                containers[id]?.facts.progress.podAbsent = true
            }
            advance(id, receipt, &actions)
        }
    }
}

/// Why the kubelet says that a container waits.
enum WaitingError {
    /// The kind of error, nil for a wait that is none. A failing pull shows two words in turn.
    static func kind(of reason: String) -> String? {
        switch reason {
        case "", "ContainerCreating", "PodInitializing": nil
        case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable": "image-pull"
        default: Bounds.name(reason)
        }
    }
}

extension PodMemory.Pod {
    /// Nothing of it will start any more.
    fileprivate var isOver: Bool {
        goneSeenAt != nil || facts.phase == "Succeeded" || facts.phase == "Failed"
    }
}
