// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

extension Claims {
    /// The chosen account of the ending, by the table in `WitnessOrder`.
    package var ending: (witness: Witness, claim: ExitClaim)? {
        // A task that was made and then failed to start is killed by the runtime: its exit event is not the story.
        let accounts = accounts
        let failures = accounts.filter(\.value.isStartFailure)
        if starts.isEmpty, let failed = WitnessOrder.best(failures, in: WitnessOrder.exit) {
            return (failed.witness, failed.value)
        }
        let real = accounts.filter { !$0.value.isMadeUp }
        return WitnessOrder.best(real.isEmpty ? accounts : real, in: WitnessOrder.exit).map { ($0.witness, $0.value) }
    }

    package var start: (witness: Witness, at: Timestamp)? {
        WitnessOrder.best(starts, in: WitnessOrder.start).map { ($0.witness, $0.value) }
    }

    /// The session as all claims together tell it. Pure: the same claims give the same session, but for what `progress`
    /// adds (revision, times of observing and sealing).
    package func derive(
        progress: SessionFacts.Progress, scope: SessionScope, origin: RecordOrigin
    ) -> Session {
        var session = Session(id: sessionID, node: origin.node)
        session.cluster = origin.cluster
        session.clusterUID = origin.clusterUID
        session.revision = progress.revision
        session.mode = scope.mode
        session.classification = scope.classification
        session.classificationSource = scope.source
        fillIdentity(&session)
        fillSetup(&session)
        fillTimes(&session, progress: progress)
        fillEnding(&session)
        session.state = state(progress: progress)
        session.podFate = podFate
        session.output = output
        session.sealedAt = progress.sealedAt
        session.sealedBy = sealedBy(progress: progress)
        session.successor = progress.successor
        session.evidence = evidence
        return session
    }

    private func state(progress: SessionFacts.Progress) -> SessionState {
        if let ending { return ending.claim.isStartFailure ? .neverStarted : .ended }
        if containerID == nil {
            guard progress.gaveUp else { return .waiting }
            return progress.wasUnwatched == true ? .unknown : .neverStarted
        }
        if isLost { return .unknown }
        return starts.isEmpty ? .waiting : .running
    }

    private func sealedBy(progress: SessionFacts.Progress) -> SealedBy? {
        guard containerID != nil, progress.sealedAt != nil else { return nil }
        guard progress.drained else { return .deadline }
        return taskDeletedAt == nil ? .recovery : .taskDelete
    }

    private func fillIdentity(_ session: inout Session) {
        session.containerID = containerID
        session.namespace = description?.namespace ?? pod?.facts.namespace
        session.pod = description?.pod ?? pod?.facts.name
        session.podUID = podUID
        session.container = containerName
        session.sandboxID = description?.sandboxID
        session.attempt = attempt
        session.owner = pod?.facts.owner
        session.labels = pod?.facts.labels ?? [:]
        session.runtime = description?.runtime
        session.runtimeVersion = description?.runtimeVersion
        session.pid = pid
    }

    var attempt: Int? { description?.attempt ?? attemptByPodStatus }

    /// The status counts for the name: it is this container's attempt only while it speaks of this container.
    private var attemptByPodStatus: Int? {
        guard let status = pod?.container?.status, let containerID, status.containerID == containerID else {
            return nil
        }
        return status.restartCount
    }

    private func fillSetup(_ session: inout Session) {
        let spec = pod?.container
        session.targetContainer = spec?.targetContainer ?? targetName
        session.targetContainerID = description?.targetContainerID
        session.image = spec?.image ?? description?.image
        session.imageDigest = description?.imageDigest ?? spec?.status?.imageDigest
        // The runtime has the command as it ran; the spec has it before `$(…)` and `$$` are expanded.
        session.command = description?.command ?? spec?.command
        session.args = description?.args ?? spec?.args
        session.envNames = description?.envNames ?? spec?.envNames
        session.tty = description?.tty ?? spec?.tty
        session.stdin = description?.stdin ?? spec?.stdin
        session.securityContext = spec?.securityContext ?? description?.securityContext
        session.profile = spec?.profile
        session.mounts = description?.mounts ?? spec?.mounts
        session.hostNamespaces = description?.hostNamespaces ?? pod?.facts.hostNamespaces
        session.requestedAt = pod?.request?.at
        session.requestedBy = pod?.request?.by
    }

    private func fillTimes(_ session: inout Session, progress: SessionFacts.Progress) {
        if let created = WitnessOrder.best(created, in: WitnessOrder.created) {
            session.createdAt = created.value
            session.sources["createdAt"] = created.witness
        }
        if let start, ending?.claim.isStartFailure != true {
            session.startedAt = start.at
            session.sources["startedAt"] = start.witness
        }
        session.observedAt = exitObservedAt
        guard let ending else { return }
        if let finishedAt = ending.claim.finishedAt {
            session.finishedAt = finishedAt
            session.sources["finishedAt"] = ending.witness
        }
        guard let startedAt = session.startedAt, let finishedAt = session.finishedAt else { return }
        let byRuntime = finishedAt.nanoseconds(since: startedAt)
        if let byReceipts = DurationCheck.elapsedAcrossStep(
            start: progress.startReceipt, startedAt: starts[.containerdEvent],
            exit: progress.exitReceipt, exitedAt: accounts[.containerdEvent]?.finishedAt),
            DurationCheck.disagree(byRuntime, byReceipts)
        {
            session.durationNanoseconds = byReceipts
            session.clockStepped = true
        } else {
            session.durationNanoseconds = max(0, byRuntime)
        }
    }

    private func fillEnding(_ session: inout Session) {
        guard let ending else {
            if isLost, openAtReboot == true { session.cause = .nodeReboot }
            return
        }
        let claim = ending.claim
        // -1 is CRI-O's word for "unknown".
        session.exitCode = claim.exitCode < 0 ? nil : claim.exitCode
        session.sources["exitCode"] = ending.witness
        session.oomKilled = claim.isMadeUp ? nil : claim.exitCode == 137 && !outOfMemory.isEmpty
        if session.oomKilled == true {
            session.sources["oomKilled"] = WitnessOrder.exit.first { outOfMemory.contains($0) }
        }
        session.reason = reason(of: claim, oomKilled: session.oomKilled == true)
        session.message = agreeing(with: claim).compactMap(\.message).first { !$0.isEmpty }
        session.ending =
            claim.isMadeUp ? .inferred : ending.witness == .containerdEvent ? .observed : .recovered
        session.cause = cause(claim)
    }

    /// The runtime's own special words are kept (`StartError`, CRI-O's `seccomp killed`); the plain ones follow from
    /// the code, because the runtime puts `OOMKilled` on neighbours that ended with 0.
    private func reason(of claim: ExitClaim, oomKilled: Bool) -> String {
        let plain: Set<String> = ["Completed", "Error", "OOMKilled"]
        if let special = agreeing(with: claim).compactMap(\.reason).first(where: { !plain.contains($0) }) {
            return special
        }
        if oomKilled { return "OOMKilled" }
        return claim.exitCode == 0 ? "Completed" : "Error"
    }

    /// The accounts with the same code, best witness first, the made-up ones only where the chosen one is.
    private func agreeing(with claim: ExitClaim) -> [ExitClaim] {
        let accounts = accounts
        return WitnessOrder.exit.compactMap { accounts[$0] }
            .filter { $0.exitCode == claim.exitCode && $0.isMadeUp == claim.isMadeUp }
    }

    private func cause(_ claim: ExitClaim) -> EndingCause? {
        if claim.isStartFailure { return .startFailed }
        if claim.isMadeUp, openAtReboot == true { return .nodeReboot }
        guard let finishedAt = claim.finishedAt, !claim.isMadeUp else { return nil }
        // The deletion of the pod ends the target too: it is the cause of both.
        if let pod, let seen = pod.endingSeenAt, seen <= finishedAt {
            // The condition comes with the eviction API, preemption and taints; the reason with the kubelet's own.
            let isEvicted = pod.facts.reason == "Evicted" || pod.facts.conditions.contains("DisruptionTarget=True")
            return isEvicted ? .podEvicted : .podDeleted
        }
        if claim.exitCode == 137, let targetExitedAt,
            finishedAt.nanoseconds(since: targetExitedAt).magnitude <= Self.targetToleranceNanoseconds
        {
            return .targetRestarted
        }
        return nil
    }

    /// Init of a shared PID namespace dies, and the kernel kills the rest with it: measured within the same
    /// millisecond. But the two times are those at which two shims came to reap, and on a busy node these were more than
    /// 20 ms apart.
    private static let targetToleranceNanoseconds: UInt64 = 250_000_000

    private var podFate: PodFate? {
        guard let pod else { return nil }
        var fate = PodFate()
        fate.phase = pod.facts.phase
        fate.reason = pod.facts.reason
        fate.deletedAt = pod.goneSeenAt
        fate.conditions = pod.facts.conditions
        fate.restarts = pod.facts.restarts
        return fate
    }
}

/// Checks a duration by the runtime's wall clock against our receipts by the boot-time clock.
enum DurationCheck {
    /// Nanoseconds between the two receipts where the wall clock was stepped between them; else nil. How late an event was
    /// delivered moves both clocks alike and is no step; but an event more than 2 s late leaves open on which side of the
    /// step it happened, so it says nothing.
    static func elapsedAcrossStep(
        start: Receipt?, startedAt: Timestamp?, exit: Receipt?, exitedAt: Timestamp?
    ) -> Int64? {
        guard let start, let exit, let startedAt, let exitedAt, isLive(start, startedAt), isLive(exit, exitedAt),
            let elapsed = difference(exit.boottime, start.boottime), elapsed >= 0,
            disagree(exit.wall.nanoseconds(since: start.wall), elapsed)
        else { return nil }
        return elapsed
    }

    static func disagree(_ left: Int64, _ right: Int64) -> Bool {
        difference(left, right).map { $0.magnitude > 1_000_000_000 } ?? true
    }

    private static func difference(_ left: Int64, _ right: Int64) -> Int64? {
        let (difference, overflow) = left.subtractingReportingOverflow(right)
        return overflow ? nil : difference
    }

    private static func isLive(_ receipt: Receipt, _ at: Timestamp) -> Bool {
        receipt.wall.nanoseconds(since: at).magnitude < 2_000_000_000
    }
}
