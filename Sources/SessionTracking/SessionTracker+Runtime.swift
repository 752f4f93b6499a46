// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Observations of the runtime and of the effects.
extension SessionTracker {
    /// The entry for a container that a runtime fact speaks of; nil if it is known to be none of ours.
    private mutating func touch(_ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) -> Bool {
        if containers[id] != nil { return true }
        if known[id] != nil { return false }
        containers[id] = Tracked(facts: SessionFacts(claims: Claims(containerID: id)))
        actions.append(.describe(id))
        deadlines.add(.start(id), at: receipt.boottime + configuration.startDeadline)
        return true
    }

    mutating func take(_ description: ContainerDescription, _ receipt: Receipt, _ actions: inout [Action]) {
        let id = description.id
        if known[id] != nil { return }
        if description.isSandbox {
            if containers.removeValue(forKey: id) != nil { actions.append(.releasePin(id)) }
            known[id] = KnownContainer(podUID: description.podUID)
            return
        }
        if containers[id] == nil {
            containers[id] = Tracked(facts: SessionFacts(claims: Claims(containerID: id)))
            deadlines.add(.start(id), at: receipt.boottime + configuration.startDeadline)
        }
        containers[id]?.isDescribed = true
        containers[id]?.facts.claims.addDescription(description)
        index(id)
        nameTarget(of: id)
        nameTargeting(id, name: description.container)
        joinWaiting(id, &actions)
        // Only the pod's status spoke of its end so far: the runtime has it, and knows better.
        if let exits = containers[id]?.facts.claims.exits, !exits.isEmpty, !hasRuntimeEnding(id) {
            actions.append(.askStatus(id))
        }
        advance(id, receipt, &actions)
    }

    private func hasRuntimeEnding(_ id: ContainerID) -> Bool {
        guard let exits = containers[id]?.facts.claims.exits else { return false }
        return exits[.containerdEvent] != nil || exits[.criStatus] != nil
    }

    mutating func takeUnknown(
        _ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action], mark: (inout Claims) -> Void
    ) {
        guard containers[id] != nil else { return }
        containers[id]?.facts.claims.add(Evidence(witness: .criStatus, fact: "not-found"))
        if var claims = containers[id]?.facts.claims {
            mark(&claims)
            containers[id]?.facts.claims = claims
            // Two services of one runtime: what the one has forgotten, ask the other.
            if claims.recordUnknown, !claims.statusUnknown, claims.exits.isEmpty { actions.append(.askStatus(id)) }
        }
        advance(id, receipt, &actions)
    }

    mutating func takeCreate(
        _ id: ContainerID, pid: Int?, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.hasTask = true
        setPID(pid, of: id)
        containers[id]?.facts.claims.add(Evidence(witness: .containerdEvent, fact: "create", at: at))
        advance(id, receipt, &actions)
    }

    mutating func takeStart(
        _ id: ContainerID, pid: Int?, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard touch(id, receipt, &actions) else { return }
        setPID(pid, of: id)
        containers[id]?.facts.claims.addStart(at, by: .containerdEvent)
        containers[id]?.facts.claims.add(Evidence(witness: .containerdEvent, fact: "start", at: at))
        if containers[id]?.facts.progress.startReceipt == nil {
            containers[id]?.facts.progress.startReceipt = receipt
        }
        // The log may not have been there at `/tasks/create`: look again.
        if containers[id]?.facts.claims.pin == .absent { containers[id]?.pinRequested = false }
        containers[id]?.hasTask = true
        advance(id, receipt, &actions)
    }

    mutating func take(_ exit: TaskExit, of id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        let finishedAt = exit.exitedAt ?? exit.at
        noteTargetExit(id.rawValue, at: finishedAt, receipt, &actions)
        guard touch(id, receipt, &actions) else {
            known[id]?.exitedAt = finishedAt
            return
        }
        containers[id]?.hasTask = true
        containers[id]?.facts.claims.addExit(
            ExitClaim(exitCode: exit.exitCode, finishedAt: finishedAt), by: .containerdEvent,
            receivedAt: receipt.wall)
        if containers[id]?.facts.progress.exitReceipt == nil {
            containers[id]?.facts.progress.exitReceipt = receipt
        }
        deadlines.add(.seal(id), at: receipt.boottime + configuration.sealDeadline)
        deadlines.add(.classification(id), at: receipt.boottime + configuration.classificationDeadline)
        // 137 may be the OOM killer, 255 the runtime's own invention: only CRI can say.
        if exit.exitCode == 137 || exit.exitCode == 255, containers[id]?.statusAsked == false {
            containers[id]?.statusAsked = true
            actions.append(.askStatus(id))
        }
        advance(id, receipt, &actions)
    }

    mutating func takeDelete(_ id: ContainerID, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]) {
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.hasTask = true
        containers[id]?.facts.claims.taskDeleted(at)
        containers[id]?.facts.claims.add(Evidence(witness: .containerdEvent, fact: "delete", at: at))
        // After a reconnect `/tasks/delete` may overtake `/tasks/exit`, or come alone: CRI has the code.
        if containers[id]?.facts.claims.exits.isEmpty == true { actions.append(.askStatus(id)) }
        advance(id, receipt, &actions)
    }

    mutating func takeOOM(
        _ id: ContainerID, at: Timestamp, by witness: Witness, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.facts.claims.outOfMemory.insert(witness)
        // One kill is announced twice by containerd 1.6: the claim is a set, and the evidence has one line.
        if containers[id]?.facts.claims.evidence.contains(where: { $0.fact == "oom" && $0.witness == witness }) == false
        {
            containers[id]?.facts.claims.add(Evidence(witness: witness, fact: "oom"))
        }
        advance(id, receipt, &actions)
    }

    mutating func takeRemoval(_ id: ContainerID, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]) {
        if known.removeValue(forKey: id) != nil { return }
        guard let claims = containers[id]?.facts.claims else { return }
        containers[id]?.facts.claims.removed(at)
        if claims.exits.isEmpty {
            // Removed without an ending that was seen: the record is gone, and CRI may still say.
            containers[id]?.facts.claims.recordUnknown = true
            actions.append(.askStatus(id))
        }
        advance(id, receipt, &actions)
    }

    mutating func take(_ status: RuntimeStatus, _ receipt: Receipt, _ actions: inout [Action]) {
        let id = status.id
        guard containers[id] != nil else { return }
        if let at = status.createdAt { containers[id]?.facts.claims.addCreated(at, by: .criStatus) }
        if let at = status.startedAt {
            containers[id]?.hasTask = true
            containers[id]?.facts.claims.addStart(at, by: .criStatus)
            containers[id]?.facts.claims.add(Evidence(witness: .criStatus, fact: "start", at: at))
        }
        if status.state == .exited, let code = status.exitCode {
            containers[id]?.hasTask = true
            containers[id]?.facts.claims.addExit(
                ExitClaim(
                    exitCode: code, finishedAt: status.finishedAt, reason: status.reason, message: status.message),
                by: .criStatus, receivedAt: receipt.wall)
            deadlines.add(.classification(id), at: receipt.boottime + configuration.classificationDeadline)
        }
        if let path = status.logPath, containers[id]?.facts.claims.description != nil,
            containers[id]?.facts.claims.description?.logPath == nil
        {
            containers[id]?.facts.claims.description?.logPath = path
        }
        advance(id, receipt, &actions)
    }

    mutating func take(_ listing: RuntimeListing, _ receipt: Receipt, _ actions: inout [Action]) {
        for (id, state) in listing.containers where known[id] == nil {
            guard let tracked = containers[id] else {
                _ = touch(id, receipt, &actions)
                if state == .exited { actions.append(.askStatus(id)) }
                continue
            }
            if !tracked.isDescribed { actions.append(.describe(id)) }
            // Also of one whose end was seen and whose `/tasks/delete` was not: CRI shows it only once it is drained.
            let isUnsealed = state == .exited && tracked.facts.progress.sealedAt == nil
            if !hasRuntimeEnding(id) || isUnsealed { actions.append(.askStatus(id)) }
        }
        for id in known.keys where listing.containers[id] == nil && known[id]?.name != nil {
            known.removeValue(forKey: id)
        }
        for (id, tracked) in containers where listing.containers[id] == nil {
            if tracked.facts.claims.exits.isEmpty {
                containers[id]?.facts.claims.recordUnknown = true
                if !tracked.facts.claims.statusUnknown { actions.append(.askStatus(id)) }
            } else if tracked.facts.claims.removedAt == nil {
                containers[id]?.facts.claims.recordUnknown = true
            }
            advance(id, receipt, &actions)
        }
    }

    mutating func take(_ pin: LogPin, of id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        if known[id] != nil {
            if case .held = pin { actions.append(.releasePin(id)) }
            return
        }
        // A pin found at start without a row is a witness of a container that nobody has told us of.
        guard touch(id, receipt, &actions) else { return }
        if case .held = pin, let progress = containers[id]?.facts.progress, progress.sealedAt != nil,
            progress.sealedBy != .deadline, containers[id]?.captureRequested == false
        {
            // Too late, or left by an agent that was killed between the commit of the output and the pin's release.
            actions.append(.releasePin(id))
            return
        }
        containers[id]?.facts.claims.pin = pin
        switch pin {
        case .held: containers[id]?.pinRequested = true
        case .absent: break
        case .refused(let why):
            containers[id]?.facts.claims.add(Evidence(witness: .pin, fact: "refused", value: why))
        }
        advance(id, receipt, &actions)
    }

    mutating func take(_ tail: CapturedTail, of id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        guard containers[id] != nil else { return }
        containers[id]?.captureRequested = false
        containers[id]?.facts.claims.addOutput(tail.summary)
        let isChosen = containers[id]?.facts.claims.output == tail.summary
        seal(id, tail: isChosen ? tail : nil, receipt, &actions)
    }

    mutating func takeCheckpoint(
        _ tail: CapturedTail, of id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard containers[id] != nil, containers[id]?.facts.progress.sealedAt == nil else { return }
        containers[id]?.facts.claims.addOutput(tail.summary)
        guard containers[id]?.facts.claims.output == tail.summary else { return }
        commitIfChanged(id, tail: tail, receipt, &actions)
    }

    private mutating func setPID(_ pid: Int?, of id: ContainerID) {
        guard let pid, pid > 0 else { return }
        containers[id]?.facts.claims.addPID(pid)
    }
}

/// Targets of `--target`.
extension SessionTracker {
    /// A session's target ended: its shared PID namespace goes with it.
    private mutating func noteTargetExit(
        _ target: String, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        for id in pods.sessions(targeting: target) {
            containers[id]?.facts.claims.targetExited(at)
            advance(id, receipt, &actions)
        }
    }

    /// What is already known of this session's target: its name, and its end.
    private mutating func nameTarget(of id: ContainerID) {
        guard let text = containers[id]?.facts.claims.description?.targetContainerID, let target = ContainerID(text)
        else { return }
        pods.addTarget(text, of: id)
        let name = known[target]?.name ?? containers[target]?.facts.claims.containerName
        if containers[id]?.facts.claims.targetName == nil { containers[id]?.facts.claims.targetName = name }
        let exitedAt = known[target]?.exitedAt ?? containers[target]?.facts.claims.ending?.claim.finishedAt
        if let exitedAt, containers[id]?.facts.claims.targetExitedAt == nil {
            containers[id]?.facts.claims.targetExitedAt = exitedAt
        }
    }

    /// The target's own record came after the session's.
    mutating func nameTargeting(_ target: ContainerID, name: String?) {
        guard let name else { return }
        for id in pods.sessions(targeting: target.rawValue) where containers[id]?.facts.claims.targetName == nil {
            containers[id]?.facts.claims.targetName = name
        }
    }
}
