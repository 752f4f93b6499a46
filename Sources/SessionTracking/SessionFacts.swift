// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// All that has been said of one container, and how far telling it has come.
///
/// `claims` only ever grows, by rules under which order and repetition of the observations make no difference; the
/// session's facts are derived from it (`Claims.derive`). `progress` is what has been done about it.
package struct SessionFacts: Hashable, Sendable, Codable {
    package var claims: Claims
    package var progress: Progress

    package init(claims: Claims) {
        self.claims = claims
        progress = Progress()
    }

    /// What was told and asked so far; survives a restart with the row.
    package struct Progress: Hashable, Sendable, Codable {
        package var revision = 0
        package var startTold = false
        package var endTold = false
        package var sealedAt: Timestamp?
        package var sealedBy: SealedBy?
        /// For the check of the duration by our own clock: receipts of live start and exit events.
        package var startReceipt: Receipt?
        package var exitReceipt: Receipt?
        package var successor: SessionID?
        /// A session without a container: since when the same error, and that it will not come any more.
        package var waitingSince: Timestamp?
        package var waitingReason: String?
        package var gaveUp = false
    }
}

/// A grow-only account of one container; merging is commutative, associative and idempotent.
package struct Claims: Hashable, Sendable, Codable {
    /// Nil for a container that was asked for and never made.
    package var containerID: ContainerID?
    package var podUID: PodUID?
    package var containerName: String?
    package var description: ContainerDescription?
    package var pid: Int?
    package var created: [Witness: Timestamp] = [:]
    package var starts: [Witness: Timestamp] = [:]
    package var exits: [Witness: ExitClaim] = [:]
    package var outOfMemory: Set<Witness> = []
    package var taskDeletedAt: Timestamp?
    package var removedAt: Timestamp?
    package var pod: PodClaim?
    package var pin: LogPin?
    package var output: OutputSummary?
    /// The target's container name by the runtime's record of it, where the pod's spec is not known.
    package var targetName: String?
    /// When the target's own container ended, if it was seen.
    package var targetExitedAt: Timestamp?
    /// First receipt of any account of the ending.
    package var exitObservedAt: Timestamp?
    /// The runtime has neither record nor status any more.
    package var recordUnknown = false
    package var statusUnknown = false
    package var evidence: [Evidence] = []

    static let evidenceLimit = 64

    package init(containerID: ContainerID) {
        self.containerID = containerID
    }

    package init(podUID: PodUID, containerName: String) {
        self.podUID = podUID
        self.containerName = containerName
    }

    package var sessionID: SessionID? {
        if let containerID { return SessionID(container: containerID) }
        guard let podUID, let containerName else { return nil }
        return SessionID(podUID: podUID, containerName: containerName)
    }

    // MARK: Growing

    mutating func add(_ item: Evidence) {
        guard !evidence.contains(item) else { return }
        evidence.append(item)
        evidence.sort()
        if evidence.count > Self.evidenceLimit { evidence.removeLast() }
    }

    mutating func addStart(_ at: Timestamp, by witness: Witness) {
        starts[witness] = min(starts[witness] ?? at, at)
    }

    mutating func addCreated(_ at: Timestamp, by witness: Witness) {
        created[witness] = min(created[witness] ?? at, at)
    }

    mutating func addPID(_ new: Int) {
        pid = min(pid ?? new, new)
    }

    mutating func taskDeleted(_ at: Timestamp) {
        taskDeletedAt = min(taskDeletedAt ?? at, at)
    }

    mutating func removed(_ at: Timestamp) {
        removedAt = min(removedAt ?? at, at)
    }

    mutating func targetExited(_ at: Timestamp) {
        targetExitedAt = min(targetExitedAt ?? at, at)
    }

    mutating func addExit(_ claim: ExitClaim, by witness: Witness, receivedAt: Timestamp) {
        let isBetter = exits[witness].map { claim.preferred(over: $0) } ?? true
        if isBetter { exits[witness] = claim }
        exitObservedAt = min(exitObservedAt ?? receivedAt, receivedAt)
        if claim.reason == "OOMKilled", claim.exitCode == 137 { outOfMemory.insert(witness) }
        add(Evidence(witness: witness, fact: "exit", at: claim.finishedAt, value: claim.evidenceValue))
    }

    mutating func addDescription(_ new: ContainerDescription) {
        if let known = description {
            description = known.isBetter(than: new) ? known : new
        } else {
            description = new
        }
        podUID = podUID ?? new.podUID
        containerName = containerName ?? new.container
        if let createdAt = new.createdAt { addCreated(createdAt, by: new.witness) }
    }

    mutating func addOutput(_ summary: OutputSummary) {
        guard let known = output else {
            output = summary
            return
        }
        func weight(_ summary: OutputSummary) -> (Int, Int64, Int) {
            (summary.pinnedBy == .none ? 0 : 1, summary.logBytes ?? Int64(summary.totalBytes ?? 0), summary.bytes)
        }
        if weight(known) < weight(summary) { output = summary }
    }
}

extension ExitClaim {
    fileprivate var evidenceValue: String {
        switch reason {
        case nil: String(exitCode)
        case let reason?: "\(exitCode) \(reason)"
        }
    }
}

extension ContainerDescription {
    /// The runtime's record knows more than a CRI listing; of two of a kind the fuller one counts, and of two equally
    /// full ones any, so long as it is always the same.
    fileprivate func isBetter(than other: ContainerDescription) -> Bool {
        if (witness == .containerRecord) != (other.witness == .containerRecord) { return witness == .containerRecord }
        let left = fullness
        let right = other.fullness
        return left == right ? "\(self)" >= "\(other)" : left > right
    }

    private var fullness: Int {
        [
            namespace != nil, pod != nil, podUID != nil, container != nil, sandboxID != nil, attempt != nil,
            image != nil, imageDigest != nil, command != nil, args != nil, tty != nil, securityContext != nil,
            mounts != nil, logPath != nil, createdAt != nil, joinsTarget,
        ].count { $0 }
    }
}

/// What the pod object says about one container and the pod around it.
package struct PodClaim: Hashable, Sendable, Codable {
    /// The latest version seen, without its containers, and with the allowed labels alone.
    package var facts: PodFacts
    /// The container as the latest version that has it shows it; nil while none had it.
    package var container: PodContainer?
    /// First receipt at which the deletion was seen to be asked for, and at which the object was seen to be gone.
    package var deletionSeenAt: Timestamp?
    package var goneSeenAt: Timestamp?

    mutating func merge(_ other: PodClaim) {
        let newer = other.facts.version ?? 0 >= facts.version ?? 0
        let request = Self.earlier(container, other.container)
        if newer {
            facts = other.facts
            container = other.container ?? container
        } else {
            container = container ?? other.container
        }
        container?.requestedAt = request?.requestedAt
        container?.requestedBy = request?.requestedBy
        deletionSeenAt = Self.earliest(deletionSeenAt, other.deletionSeenAt)
        goneSeenAt = Self.earliest(goneSeenAt, other.goneSeenAt)
    }

    private static func earliest(_ left: Timestamp?, _ right: Timestamp?) -> Timestamp? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    /// Of the two that know the request, the one with the earlier time.
    private static func earlier(_ left: PodContainer?, _ right: PodContainer?) -> PodContainer? {
        guard let leftAt = left?.requestedAt else { return right?.requestedAt == nil ? nil : right }
        guard let rightAt = right?.requestedAt else { return left }
        return leftAt <= rightAt ? left : right
    }
}
