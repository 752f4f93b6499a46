// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// The pods that were seen, kept past their deletion, and which followed containers belong to which pod and target.
struct PodMemory: Sendable {
    struct Pod: Sendable {
        /// The newest version.
        var facts: PodFacts
        var deletionSeenAt: Timestamp?
        var goneSeenAt: Timestamp?
        /// By container name, over all versions: the earliest request, and what the status said while there was no
        /// container.
        var requests: [String: PodClaim.Request] = [:]
        var waited: [String: Set<Evidence>] = [:]
        /// Names whose session without a container is over and told: no late version may begin it again.
        var settledNames: Set<String> = []
    }

    private(set) var pods: [PodUID: Pod] = [:]
    /// Pods seen to be gone, also those never seen before.
    private var gone: [PodUID: Timestamp] = [:]
    /// The UID by which the runtime knows a static pod, to its mirror pod's.
    private var aliases: [PodUID: PodUID] = [:]
    private var members: [PodUID: Set<ContainerID>] = [:]
    private var targets: [String: Set<ContainerID>] = [:]

    /// Entries in all tables.
    var count: Int { pods.count + gone.count + aliases.count + members.count + targets.count }

    subscript(uid: PodUID) -> Pod? { pods[aliases[uid] ?? uid] }

    /// Takes a version of a pod in; the newest stays. Returns what is now known.
    mutating func update(_ facts: PodFacts, seenAt: Timestamp) -> Pod {
        if let alias = facts.runtimeUID, alias != facts.uid { aliases[alias] = facts.uid }
        var pod = pods[facts.uid] ?? Pod(facts: facts)
        if facts.supersedes(pod.facts) { pod.facts = facts }
        if facts.deletionAt != nil { pod.deletionSeenAt = min(pod.deletionSeenAt ?? seenAt, seenAt) }
        pod.goneSeenAt = gone[facts.uid]
        for container in facts.containers where container.debugMode != nil {
            if let request = container.request {
                pod.requests[container.name] = min(pod.requests[container.name] ?? request, request)
            }
            if let evidence = container.waitingEvidence {
                var all = pod.waited[container.name] ?? []
                all.insert(evidence)
                if all.count > Claims.evidencePerKind, let last = all.max() { all.remove(last) }
                pod.waited[container.name] = all
            }
        }
        pods[facts.uid] = pod
        return pod
    }

    /// Returns whether that is news.
    mutating func markGone(_ uid: PodUID, at: Timestamp) -> Bool {
        let known = gone[uid]
        let earliest = min(known ?? at, at)
        gone[uid] = earliest
        pods[uid]?.goneSeenAt = earliest
        return known == nil
    }

    mutating func settleName(_ name: String, of uid: PodUID) {
        pods[uid]?.settledNames.insert(name)
    }

    mutating func forget(_ uid: PodUID) {
        if let alias = pods[uid]?.facts.runtimeUID { aliases.removeValue(forKey: alias) }
        pods.removeValue(forKey: uid)
        gone.removeValue(forKey: uid)
        pods.giveBackRoom()
        gone.giveBackRoom()
    }

    func contains(_ uid: PodUID) -> Bool { self[uid] != nil }

    mutating func addMember(_ id: ContainerID, of uid: PodUID) {
        members[uid, default: []].insert(id)
    }

    mutating func removeMember(_ id: ContainerID, of uids: Set<PodUID>, targets names: Set<String>) {
        for uid in uids {
            members[uid]?.remove(id)
            if members[uid]?.isEmpty == true { members.removeValue(forKey: uid) }
        }
        for target in names {
            targets[target]?.remove(id)
            if targets[target]?.isEmpty == true { targets.removeValue(forKey: target) }
        }
    }

    /// Followed containers of a pod, whichever of its two UIDs they were found under.
    func members(of uid: PodUID) -> [ContainerID] {
        var ids = members[uid] ?? []
        if let alias = pods[uid]?.facts.runtimeUID { ids.formUnion(members[alias] ?? []) }
        return ids.sorted()
    }

    mutating func addTarget(_ target: String, of id: ContainerID) {
        targets[target, default: []].insert(id)
    }

    func sessions(targeting target: String) -> [ContainerID] {
        targets[target].map { $0.sorted() } ?? []
    }
}

extension PodContainer {
    /// The containers that the status speaks of: the current one and the one before it.
    var containerIDs: [ContainerID] {
        guard let status else { return [] }
        var ids: [ContainerID] = []
        if let id = status.containerID { ids.append(id) }
        if case .terminated(let termination) = status.state, let id = termination.containerID, !ids.contains(id) {
            ids.append(id)
        }
        if let id = status.lastTermination?.containerID, !ids.contains(id) { ids.append(id) }
        return ids
    }

    /// What the status says while there is no container: why it waits, or the ending that the kubelet invents for it when
    /// the pod is deleted (137, `ContainerStatusUnknown`).
    var waitingEvidence: Evidence? {
        guard containerIDs.isEmpty else { return nil }
        switch status?.state {
        case .waiting(let reason?, let message):
            return Evidence(witness: .podStatus, fact: "waiting", value: message.map { "\(reason): \($0)" } ?? reason)
        case .terminated(let end):
            let claim = ExitClaim(exitCode: end.exitCode, finishedAt: end.finishedAt, reason: end.reason)
            return Evidence(witness: .podStatus, fact: "exit", at: end.finishedAt, value: claim.evidenceValue)
        default: return nil
        }
    }
}
