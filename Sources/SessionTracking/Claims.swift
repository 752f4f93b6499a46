// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// A grow-only account of one container. Every `add…` keeps the better of two statements by a total order, or the union:
/// what comes out is the same for any order and any repetition of the same statements.
package struct Claims: Hashable, Sendable, Codable {
    /// Made once: it is a hash.
    package let sessionID: SessionID
    /// Nil for a container that was asked for and never made.
    package private(set) var containerID: ContainerID?
    package private(set) var description: ContainerDescription?
    /// Pod and name by the pod's status or spec, which may know the container before its record is read.
    private var statedPodUID: PodUID?
    private var statedName: String?
    private var statedLogPath: String?
    package private(set) var pid: Int?
    package private(set) var created: [Witness: Timestamp] = [:]
    package private(set) var starts: [Witness: Timestamp] = [:]
    package private(set) var exits: [Witness: ExitClaim] = [:]
    package private(set) var outOfMemory: Set<Witness> = []
    package private(set) var taskDeletedAt: Timestamp?
    package private(set) var removedAt: Timestamp?
    package private(set) var pod: PodClaim?
    package private(set) var output: OutputSummary?
    /// The target's container name by the runtime's record of it, where the pod's spec is not known.
    package private(set) var targetName: String?
    /// When the target's own container ended, if that was seen.
    package private(set) var targetExitedAt: Timestamp?
    /// First receipt of any account of the ending.
    package private(set) var exitObservedAt: Timestamp?
    /// The runtime was asked and has neither record nor status any more.
    package var recordUnknown = false
    package private(set) var statusUnknown = false
    /// When the runtime first answered that it has no status. Nil if it never did, or where an older agent wrote this.
    private var statusUnknownAt: Timestamp?
    /// The node was rebooted while this was going on, and nobody had seen its end before. Nil where nothing of the kind is
    /// known.
    package var openAtReboot: Bool?
    private var statements: Set<Evidence> = []

    /// Of one kind of statement by one witness: a kubelet that repeats itself must not drive out how it ended.
    static let evidencePerKind = 4

    package init(containerID: ContainerID) {
        sessionID = SessionID(container: containerID)
        self.containerID = containerID
    }

    /// A container that the pod's status speaks of.
    init(containerID: ContainerID, podUID: PodUID, name: String) {
        self.init(containerID: containerID)
        statedPodUID = podUID
        statedName = name
    }

    package init(podUID: PodUID, containerName: String) {
        sessionID = SessionID(podUID: podUID, containerName: containerName)
        statedPodUID = podUID
        statedName = containerName
    }

    /// The API's UID where the pod object is known: a static pod's differs from the one on the runtime's labels.
    package var podUID: PodUID? { pod?.facts.uid ?? description?.podUID ?? statedPodUID }
    package var containerName: String? { description?.container ?? statedName }
    package var logPath: String? { description?.logPath ?? statedLogPath }

    // MARK: Growing

    mutating func add(_ item: Evidence) {
        guard statements.insert(item).inserted else { return }
        let alike = statements.filter { $0.witness == item.witness && $0.fact == item.fact }
        // Always the latest by the order goes, whichever came in last.
        if alike.count > Self.evidencePerKind, let last = alike.max() { statements.remove(last) }
    }

    mutating func addStart(_ at: Timestamp, by witness: Witness) {
        // 0 is how the runtime, and after it the API, says "never" (`reference/cri.md` §2).
        guard at.nanoseconds > 0 else { return }
        starts[witness] = min(starts[witness] ?? at, at)
    }

    mutating func addCreated(_ at: Timestamp, by witness: Witness) {
        guard at.nanoseconds > 0 else { return }
        created[witness] = min(created[witness] ?? at, at)
    }

    /// The pod's status speaks of it by this name.
    mutating func stated(podUID: PodUID, name: String) {
        statedPodUID = min(statedPodUID ?? podUID, podUID)
        statedName = min(statedName ?? name, name)
    }

    mutating func addPID(_ new: Int) {
        pid = min(pid ?? new, new)
    }

    mutating func addLogPath(_ path: String) {
        statedLogPath = min(statedLogPath ?? path, path)
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

    mutating func targetIsNamed(_ name: String) {
        targetName = min(targetName ?? name, name)
    }

    mutating func statusIsUnknown(at: Timestamp) {
        statusUnknown = true
        statusUnknownAt = min(statusUnknownAt ?? at, at)
    }

    mutating func addOutOfMemory(by witness: Witness) {
        outOfMemory.insert(witness)
        // Without its time: containerd 1.6 announces one kill twice.
        add(Evidence(witness: witness, fact: "oom"))
    }

    mutating func addExit(_ claim: ExitClaim, by witness: Witness, receivedAt: Timestamp) {
        let isBetter = exits[witness].map { claim.preferred(over: $0) } ?? true
        if isBetter { exits[witness] = claim }
        exitObservedAt = min(exitObservedAt ?? receivedAt, receivedAt)
        if claim.reason == "OOMKilled", claim.exitCode == 137 { outOfMemory.insert(witness) }
        add(Evidence(witness: witness, fact: "exit", at: claim.finishedAt, value: claim.evidenceValue))
    }

    mutating func addDescription(_ new: ContainerDescription) {
        if description.map({ new.isBetter(than: $0) }) ?? true { description = new }
        if let createdAt = new.createdAt { addCreated(createdAt, by: new.witness) }
    }

    mutating func addPod(_ claim: PodClaim) {
        if pod == nil { pod = claim } else { pod?.merge(claim) }
    }

    mutating func podGone(_ at: Timestamp) {
        let earliest = min(pod?.goneSeenAt ?? at, at)
        pod?.goneSeenAt = earliest
    }

    mutating func addOutput(_ summary: OutputSummary) {
        guard let known = output else {
            output = summary
            return
        }
        if summary.isFuller(than: known) { output = summary }
    }

    // MARK: Asking

    /// The runtime has its record no more; its log goes before it.
    var isGone: Bool { removedAt != nil || recordUnknown }

    /// Nobody can say how it ended: the runtime has forgotten it, and no witness spoke of an ending.
    package var isLost: Bool { accounts.isEmpty && isGone && statusUnknown }

    /// The accounts of the ending that tell of it, and not of what came after.
    var accounts: [Witness: ExitClaim] {
        guard let event = exits[.containerdEvent], isAfterwards(event) else { return exits }
        return exits.filter { $0.key != .containerdEvent }
    }

    /// Where containerd finds the shim dead, it makes an exit up when the container is deleted: 137, or 255, and the time
    /// is that of the deletion (`reference/containerd.md` §2). It does so for what it had said before to have ended
    /// it does not know how, or not to know at all: after that no process of the container was left to end.
    private func isAfterwards(_ event: ExitClaim) -> Bool {
        guard event.exitCode == 137 || event.exitCode == 255, let at = event.finishedAt else { return false }
        if let statusUnknownAt, statusUnknownAt < at { return true }
        if let told = exits[.criStatus], told.isOfUnknownCode, let finishedAt = told.finishedAt, finishedAt < at {
            return true
        }
        // The API has whole seconds, cut off.
        guard let told = exits[.podStatus], told.isOfUnknownCode, let finishedAt = told.finishedAt else { return false }
        return finishedAt.advanced(byNanoseconds: 1_000_000_000) <= at
    }

    /// The end by the runtime's own clock, from its event or from its line in the journal.
    var exitedAt: Timestamp? {
        [accounts[.containerdEvent]?.finishedAt, exits[.journal]?.finishedAt].compactMap { $0 }.min()
    }

    /// Nobody but the journal ever spoke of it.
    var isJournalAlone: Bool {
        description.map { $0.witness == .journal } ?? true && created.keys.allSatisfy { $0 == .journal }
            && starts.keys.allSatisfy { $0 == .journal } && exits.keys.allSatisfy { $0 == .journal } && pod == nil
            && statedPodUID == nil && pid == nil && taskDeletedAt == nil
            && statements.allSatisfy { $0.witness == .journal }
    }

    /// The journal named it, and nothing else was ever said of it: neither that it started nor that it ended.
    var isNameAlone: Bool {
        description?.witness == .journal && starts.isEmpty && exits.isEmpty && taskDeletedAt == nil
            && statements.isEmpty && pod?.container == nil
    }

    /// The statements as a sorted list. That the runtime knows it no more is one only where nobody says how it ended: of
    /// every container the record goes at last.
    package var evidence: [Evidence] {
        var all = Array(statements)
        if accounts.isEmpty {
            if recordUnknown { all.append(Evidence(witness: .containerRecord, fact: "not-found")) }
            if statusUnknown { all.append(Evidence(witness: .criStatus, fact: "not-found")) }
        }
        return all.sorted()
    }
}

extension ExitClaim {
    var evidenceValue: String {
        switch reason {
        case nil: String(exitCode)
        case let reason?: "\(exitCode) \(reason)"
        }
    }
}

extension ContainerDescription {
    /// The runtime's record knows more than a CRI listing, and both more than the journal; of two of a kind the fuller one
    /// counts, and of two equally full ones any, so long as it is always the same.
    fileprivate func isBetter(than other: ContainerDescription) -> Bool {
        if self == other { return false }
        let ranks = (witness.rankAsDescriber, other.witness.rankAsDescriber)
        if ranks.0 != ranks.1 { return ranks.0 > ranks.1 }
        let left = fullness
        let right = other.fullness
        return left == right ? "\(self)" > "\(other)" : left > right
    }

    private var fullness: Int {
        [
            namespace != nil, pod != nil, podUID != nil, container != nil, sandboxID != nil, attempt != nil,
            image != nil, imageDigest != nil, command != nil, args != nil, tty != nil, securityContext != nil,
            mounts != nil, logPath != nil, createdAt != nil, joinsTarget,
        ].count { $0 }
    }
}

extension Witness {
    fileprivate var rankAsDescriber: Int {
        switch self {
        case .containerRecord: 2
        case .journal: 0
        default: 1
        }
    }
}

extension OutputSummary {
    /// A total order: a log that could be read before one that could not, then the larger log, the more bytes, the
    /// sounder reading; at last any, so long as it is always the same.
    fileprivate func isFuller(than other: OutputSummary) -> Bool {
        let left = weight
        let right = other.weight
        if left != right { return right.lexicographicallyPrecedes(left) }
        return self == other ? false : "\(self)" > "\(other)"
    }

    private var weight: [Int64] {
        [pinnedBy == .none ? 0 : 1, logBytes ?? Int64(totalBytes ?? 0), Int64(bytes), lossy ? 0 : 1]
    }
}
