// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Observations of the runtime.
extension SessionTracker {
    /// Makes sure that the container is followed; false if it is known to be none of ours, or over and told.
    mutating func touch(_ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) -> Bool {
        if containers[id] != nil { return true }
        if known[id] != nil { return false }
        follow(id, receipt)
        actions.append(.describe(id))
        return true
    }

    private mutating func follow(_ id: ContainerID, _ receipt: Receipt) {
        containers[id] = Tracked(facts: SessionFacts(claims: Claims(containerID: id)))
        deadlines.add(.start(id), at: receipt.boottime + configuration.startDeadline)
    }

    mutating func take(_ description: ContainerDescription, _ receipt: Receipt, _ actions: inout [Action]) {
        let id = description.id
        if known[id] != nil { return }
        guard description.witness != .journal else {
            takeName(description, receipt, &actions)
            return
        }
        if containers[id] == nil { follow(id, receipt) }
        containers[id]?.isDescribed = true
        containers[id]?.facts.claims.addDescription(description)
        index(id)
        nameTarget(of: id)
        nameTargeting(id, name: description.container, receipt, &actions)
        joinWaiting(id, &actions)
        advance(id, receipt, &actions)
        if let tracked = containers[id], isStatusDue(tracked) { actions.append(.askStatus(id)) }
    }

    /// Now that it turned out to be worth it: how it goes with a container that was found in a listing, or of whose end
    /// only the pod's status spoke so far.
    private func isStatusDue(_ tracked: Tracked) -> Bool {
        if hasRuntimeEnding(tracked) { return false }
        if !tracked.facts.claims.exits.isEmpty { return true }
        switch tracked.listedAs {
        case nil: return false
        case .exited: return true
        case .created, .running, .unknown: return scope(of: tracked) != .undecided
        }
    }

    func hasRuntimeEnding(_ tracked: Tracked) -> Bool {
        let exits = tracked.facts.claims.accounts
        return exits[.containerdEvent] != nil || exits[.criStatus] != nil
    }

    mutating func takeUnknown(
        _ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action], _ note: (inout Claims) -> Void
    ) {
        guard var claims = containers[id]?.facts.claims else { return }
        note(&claims)
        containers[id]?.facts.claims = claims
        // Two services of one runtime: what the one has forgotten, ask the other.
        if let claims = containers[id]?.facts.claims, claims.isGone, !claims.statusUnknown, claims.exits.isEmpty {
            actions.append(.askStatus(id))
        }
        advance(id, receipt, &actions)
    }

    private mutating func expectExit(of id: ContainerID) {
        guard let tracked = containers[id], !hasRuntimeEnding(tracked), !tracked.sealScheduled else { return }
        containers[id]?.exitExpected = true
    }

    /// Whether nobody can say how it ended, and no event that would is under way.
    func isLost(_ tracked: Tracked) -> Bool {
        tracked.facts.claims.isLost && !tracked.exitExpected
    }

    mutating func takeCreate(
        _ id: ContainerID, pid: Int?, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.hasTask = true
        expectExit(of: id)
        setPID(pid, of: id)
        containers[id]?.facts.claims.add(Evidence(witness: .containerdEvent, fact: "create", at: at))
        advance(id, receipt, &actions)
    }

    mutating func takeStart(
        _ id: ContainerID, pid: Int?, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.hasTask = true
        expectExit(of: id)
        setPID(pid, of: id)
        containers[id]?.facts.claims.addStart(at, by: .containerdEvent)
        containers[id]?.facts.claims.add(Evidence(witness: .containerdEvent, fact: "start", at: at))
        containers[id]?.facts.progress.receive(\.startReceipt, receipt)
        advance(id, receipt, &actions)
    }

    mutating func take(_ exit: TaskExit, of id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        let finishedAt = exit.exitedAt ?? exit.at
        noteTargetExit(id, at: finishedAt, receipt, &actions)
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.hasTask = true
        containers[id]?.facts.claims.addExit(
            ExitClaim(exitCode: exit.exitCode, finishedAt: finishedAt), by: .containerdEvent,
            receivedAt: receipt.wall)
        containers[id]?.facts.progress.receive(\.exitReceipt, receipt)
        scheduleSeal(id, receipt)
        askIfDoubtful(id, &actions)
        advance(id, receipt, &actions)
    }

    mutating func takeDelete(_ id: ContainerID, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]) {
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.hasTask = true
        containers[id]?.facts.claims.taskDeleted(at)
        containers[id]?.facts.claims.add(Evidence(witness: .containerdEvent, fact: "delete", at: at))
        // After a reconnect `/tasks/delete` may overtake `/tasks/exit`, or come alone: CRI has the code.
        if containers[id]?.facts.claims.exits.isEmpty == true { actions.append(.askStatus(id)) }
        askIfDoubtful(id, &actions)
        advance(id, receipt, &actions)
    }

    /// 137 may be the OOM killer, 255 the runtime's own invention: only CRI can say, and not before `/tasks/delete`; until
    /// then it may still call the container running (`reference/containerd.md` §3).
    mutating func askIfDoubtful(_ id: ContainerID, atDeadline: Bool = false, _ actions: inout [Action]) {
        guard let tracked = containers[id], let code = tracked.facts.claims.exits[.containerdEvent]?.exitCode,
            code == 137 || code == 255, tracked.facts.claims.exits[.criStatus] == nil, !tracked.facts.claims.isGone,
            atDeadline || (tracked.facts.claims.taskDeletedAt != nil && !tracked.statusAsked)
        else { return }
        containers[id]?.statusAsked = true
        actions.append(.askStatus(id))
    }

    mutating func takeOOM(_ id: ContainerID, by witness: Witness, _ receipt: Receipt, _ actions: inout [Action]) {
        guard touch(id, receipt, &actions) else { return }
        containers[id]?.facts.claims.addOutOfMemory(by: witness)
        advance(id, receipt, &actions)
    }

    mutating func takeRemoval(_ id: ContainerID, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]) {
        if known[id] != nil { leave(id, receipt) }
        guard containers[id] != nil else { return }
        containers[id]?.facts.claims.removed(at)
        // Removed without an ending that was seen: CRI may still say.
        if containers[id]?.facts.claims.exits.isEmpty == true { actions.append(.askStatus(id)) }
        advance(id, receipt, &actions)
    }

    mutating func take(_ status: RuntimeStatus, _ receipt: Receipt, _ actions: inout [Action]) {
        let id = status.id
        guard touch(id, receipt, &actions) else { return }
        if let at = status.createdAt { containers[id]?.facts.claims.addCreated(at, by: .criStatus) }
        if let path = status.logPath { containers[id]?.facts.claims.addLogPath(path) }
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
        }
        advance(id, receipt, &actions)
    }

    /// A listing is of a moment that lies a little behind the events already taken: what is not in it may be younger. So
    /// it raises questions, and only their answers are facts.
    mutating func take(_ listing: RuntimeListing, _ receipt: Receipt, _ actions: inout [Action]) {
        for (id, state) in listing.containers.sorted(by: { $0.key < $1.key }) where known[id] == nil {
            guard let tracked = containers[id] else {
                _ = touch(id, receipt, &actions)
                containers[id]?.listedAs = state
                if state.hasTask { containers[id]?.hasTask = true }
                continue
            }
            if state.hasTask, !tracked.hasTask {
                // The pod source spoke of it first: its log is as much in need of a pin as any.
                containers[id]?.hasTask = true
                advance(id, receipt, &actions)
            }
            if !tracked.isDescribed { actions.append(.describe(id)) }
            let starts = tracked.facts.claims.starts
            let runsAsKnown = state == .running && (starts[.containerdEvent] != nil || starts[.criStatus] != nil)
            // Also of one whose end was seen and whose `/tasks/delete` was not: CRI shows it only once it is drained.
            let isUnsealed = state == .exited && tracked.facts.progress.sealedAt == nil
            if isUnsealed || (!hasRuntimeEnding(tracked) && !runsAsKnown) { actions.append(.askStatus(id)) }
        }
        for id in known.keys where listing.containers[id] == nil { leave(id, receipt) }
        for id in containers.keys.sorted() where listing.containers[id] == nil {
            guard let claims = containers[id]?.facts.claims else { continue }
            if !claims.isGone {
                actions.append(.describe(id))
            } else if claims.exits.isEmpty, !claims.statusUnknown {
                // Asked before, and we ended before the answer came.
                actions.append(.askStatus(id))
            }
        }
    }

    /// Keeps a container that is not followed for as long as late news of it may come.
    mutating func leave(_ id: ContainerID, _ receipt: Receipt) {
        guard known[id]?.isLeaving == false else { return }
        known[id]?.isLeaving = true
        deadlines.add(.forgetContainer(id), at: receipt.boottime + configuration.podMemory)
    }

    mutating func scheduleSeal(_ id: ContainerID, _ receipt: Receipt) {
        guard containers[id]?.sealScheduled == false else { return }
        containers[id]?.sealScheduled = true
        deadlines.add(.seal(id), at: receipt.boottime + configuration.sealDeadline)
    }

    private mutating func setPID(_ pid: Int?, of id: ContainerID) {
        guard let pid, pid > 0 else { return }
        containers[id]?.facts.claims.addPID(pid)
    }
}

/// Targets of `--target`.
extension SessionTracker {
    /// A container ended: it may be the target of sessions that share its PID namespace and end with it.
    mutating func noteTargetExit(
        _ target: ContainerID, at: Timestamp, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        known[target]?.exited(at)
        for id in pods.sessions(targeting: target.rawValue) {
            containers[id]?.facts.claims.targetExited(at)
            advance(id, receipt, &actions)
        }
    }

    /// What is already known of this session's target: its name, and its end.
    private mutating func nameTarget(of id: ContainerID) {
        guard let text = containers[id]?.facts.claims.description?.targetContainerID, let target = ContainerID(text)
        else { return }
        if let name = known[target]?.name ?? containers[target]?.facts.claims.containerName {
            containers[id]?.facts.claims.targetIsNamed(name)
        }
        if let exitedAt = known[target]?.exitedAt { containers[id]?.facts.claims.targetExited(exitedAt) }
        if let exitedAt = containers[target]?.facts.claims.exitedAt {
            containers[id]?.facts.claims.targetExited(exitedAt)
        }
    }

    /// The target's own record came after the session's.
    mutating func nameTargeting(
        _ target: ContainerID, name: String?, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        guard let name else { return }
        for id in pods.sessions(targeting: target.rawValue) {
            containers[id]?.facts.claims.targetIsNamed(name)
            advance(id, receipt, &actions)
        }
    }
}

extension RuntimeStatus.State {
    /// Whether a task was made of the container: from then on there may be a log.
    fileprivate var hasTask: Bool { self == .running || self == .exited }
}
