// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// The pods that were seen, kept past their deletion, and which followed containers belong to which pod and target.
struct PodMemory: Sendable {
    struct Pod: Sendable {
        var facts: PodFacts
        var deletionSeenAt: Timestamp?
        var goneSeenAt: Timestamp?
    }

    private(set) var pods: [PodUID: Pod] = [:]
    /// The UID by which the runtime knows a static pod, to its mirror pod's.
    private var aliases: [PodUID: PodUID] = [:]
    private var members: [PodUID: Set<ContainerID>] = [:]
    private var targets: [String: Set<ContainerID>] = [:]

    subscript(uid: PodUID) -> Pod? { pods[aliases[uid] ?? uid] }

    /// Takes a version of a pod in; the newest by its resource version stays. Returns what is now known.
    mutating func update(_ facts: PodFacts, seenAt: Timestamp) -> Pod {
        if let alias = facts.runtimeUID, alias != facts.uid { aliases[alias] = facts.uid }
        var pod = pods[facts.uid] ?? Pod(facts: facts)
        if facts.version ?? 0 >= pod.facts.version ?? 0 { pod.facts = facts }
        if facts.deletionAt != nil { pod.deletionSeenAt = min(pod.deletionSeenAt ?? seenAt, seenAt) }
        pods[facts.uid] = pod
        return pod
    }

    /// Returns nil if the pod was never seen.
    mutating func markGone(_ uid: PodUID, at: Timestamp) -> Pod? {
        guard var pod = pods[uid] else { return nil }
        pod.goneSeenAt = min(pod.goneSeenAt ?? at, at)
        pods[uid] = pod
        return pod
    }

    mutating func forget(_ uid: PodUID) {
        if let alias = pods[uid]?.facts.runtimeUID { aliases.removeValue(forKey: alias) }
        pods.removeValue(forKey: uid)
    }

    func contains(_ uid: PodUID) -> Bool { self[uid] != nil }

    mutating func addMember(_ id: ContainerID, of uid: PodUID) {
        members[uid, default: []].insert(id)
    }

    mutating func removeMember(_ id: ContainerID, of uid: PodUID?, target: String?) {
        if let uid {
            members[uid]?.remove(id)
            if members[uid]?.isEmpty == true { members.removeValue(forKey: uid) }
        }
        if let target {
            targets[target]?.remove(id)
            if targets[target]?.isEmpty == true { targets.removeValue(forKey: target) }
        }
    }

    /// Followed containers of a pod, whichever of its two UIDs they were found under.
    func members(of pod: Pod) -> [ContainerID] {
        var ids = members[pod.facts.uid] ?? []
        if let alias = pod.facts.runtimeUID { ids.formUnion(members[alias] ?? []) }
        return ids.sorted()
    }

    mutating func addTarget(_ target: String, of id: ContainerID) {
        targets[target, default: []].insert(id)
    }

    func sessions(targeting target: String) -> [ContainerID] {
        targets[target].map { $0.sorted() } ?? []
    }
}
