// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// What the pod source knows of the node's pods, and what it has told of it. Pure; the moment comes in as an argument.
///
/// It lets only changes through, remembers request times, and keeps a pod for ten minutes past its deletion so that a
/// repeated deletion or a late listing tells nothing twice.
struct PodCache: Sendable {
    /// A node has 110 pods by default, and 500 where it is stretched.
    static let maximumPods = 16_384
    static let keptAfterDeletion: Int64 = 600_000_000_000

    private struct Entry {
        /// As last told; nil before the first time and after `retellAll`.
        var told: PodFacts?
        var requests = RequestTimes()
        var deletedAt: Timestamp?
    }

    private var entries: [PodUID: Entry] = [:]
    /// Pods that were not taken because the cache was full.
    private(set) var refused = 0

    init() {}

    /// Pods that are not known to be deleted.
    var live: Set<PodUID> {
        Set(entries.lazy.filter { $0.value.deletedAt == nil }.map(\.key))
    }

    /// A version of the pod was seen; the pod exists.
    mutating func saw(_ pod: TranslatedPod, now: Timestamp) -> [Fact] {
        if entries[pod.facts.uid] == nil, entries.count >= Self.maximumPods {
            expire(now: now)
            guard entries.count < Self.maximumPods else {
                refused += 1
                return []
            }
        }
        var entry = entries[pod.facts.uid] ?? Entry()
        var facts = pod.facts
        entry.requests.apply(pod.requests, to: &facts, now: now)
        let changed = entry.told.map { !$0.tellsTheSame(as: facts) } ?? true || entry.deletedAt != nil
        entry.told = facts
        entry.deletedAt = nil
        entries[facts.uid] = entry
        return changed ? [.pod(facts)] : []
    }

    /// The deletion was seen, with the pod's last content: that is told first.
    mutating func deleted(_ pod: TranslatedPod, now: Timestamp) -> [Fact] {
        if let entry = entries[pod.facts.uid], entry.deletedAt != nil { return [] }
        return saw(pod, now: now) + vanished(pod.facts.uid, now: now)
    }

    /// The pod is gone and its last content was not seen.
    mutating func vanished(_ uid: PodUID, now: Timestamp) -> [Fact] {
        guard var entry = entries[uid], entry.deletedAt == nil else { return [] }
        entry.deletedAt = now
        entries[uid] = entry
        return [.podDeleted(uid, at: now)]
    }

    /// After a full listing, when all its pods were `saw`n: what is not among them is gone.
    mutating func listed(_ uids: Set<PodUID>, now: Timestamp) -> [Fact] {
        for uid in live.subtracting(uids) {
            entries[uid]?.deletedAt = now
        }
        expire(now: now)
        return [.podListing(uids)]
    }

    /// Something told was dropped on the way: tell everything again. Request times stay as they were decided.
    mutating func retellAll() {
        for uid in entries.keys { entries[uid]?.told = nil }
    }

    /// Forgets pods that were deleted long ago.
    mutating func expire(now: Timestamp) {
        entries = entries.filter { _, entry in
            guard let deletedAt = entry.deletedAt else { return true }
            return now.nanoseconds(since: deletedAt) < Self.keptAfterDeletion
        }
    }
}

extension PodFacts {
    /// Whether nothing but the version differs.
    fileprivate func tellsTheSame(as other: PodFacts) -> Bool {
        var copy = self
        copy.version = other.version
        return copy == other
    }
}
