// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// What the pod object says about one container and the pod around it. Merging is commutative, associative, idempotent.
package struct PodClaim: Hashable, Sendable, Codable {
    /// The latest version seen, without its containers, and with the allowed labels alone.
    package private(set) var facts: PodFacts
    /// The container as the latest version that has it shows it, without the request; nil while none had it.
    package private(set) var container: PodContainer?
    private var containerVersion: UInt64
    /// Of all versions the earliest request: a later sight of the same name cannot know it (`design.md` §4).
    package private(set) var request: Request?
    /// First receipt at which the deletion was seen to be asked for, and at which the object was seen to be gone.
    package var deletionSeenAt: Timestamp?
    package var goneSeenAt: Timestamp?

    package struct Request: Hashable, Sendable, Codable {
        package var at: Timestamp
        package var by: String?
    }

    init(_ pod: PodMemory.Pod, containerName: String?) {
        facts = pod.facts
        facts.containers = []
        container = pod.facts.containers.first { $0.name == containerName }
        containerVersion = pod.facts.version ?? 0
        request = containerName.flatMap { pod.requests[$0] } ?? container?.request
        container?.requestedAt = nil
        container?.requestedBy = nil
        deletionSeenAt = pod.deletionSeenAt
        goneSeenAt = pod.goneSeenAt
    }

    /// First sign that the pod was to go.
    var endingSeenAt: Timestamp? { Self.earlier(deletionSeenAt, goneSeenAt) }

    mutating func merge(_ other: PodClaim) {
        if other.facts.supersedes(facts) { facts = other.facts }
        if let candidate = other.container, candidate != container || other.containerVersion > containerVersion {
            let isNewer =
                container.map {
                    other.containerVersion == containerVersion
                        ? "\(candidate)" > "\($0)" : other.containerVersion > containerVersion
                } ?? true
            if isNewer {
                container = candidate
                containerVersion = other.containerVersion
            }
        }
        request = Self.earlier(request, other.request)
        deletionSeenAt = Self.earlier(deletionSeenAt, other.deletionSeenAt)
        goneSeenAt = Self.earlier(goneSeenAt, other.goneSeenAt)
    }

    private static func earlier<Value: Comparable>(_ left: Value?, _ right: Value?) -> Value? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }
}

extension PodClaim.Request: Comparable {
    package static func < (lhs: PodClaim.Request, rhs: PodClaim.Request) -> Bool {
        lhs.at == rhs.at ? (lhs.by ?? "") < (rhs.by ?? "") : lhs.at < rhs.at
    }
}

extension PodContainer {
    var request: PodClaim.Request? { requestedAt.map { PodClaim.Request(at: $0, by: requestedBy) } }
}

extension PodFacts {
    /// A total order of a pod's versions: by resource version; where that is the same or not a number, by how far the pod
    /// has come; at last any, so long as it is always the same.
    func supersedes(_ other: PodFacts) -> Bool {
        if (version ?? 0) != (other.version ?? 0) { return (version ?? 0) > (other.version ?? 0) }
        if self == other { return false }
        let left = progress
        let right = other.progress
        return left == right ? canonical > other.canonical : right.lexicographicallyPrecedes(left)
    }

    private var progress: [Int] {
        let phases = ["Pending": 1, "Running": 2, "Succeeded": 3, "Failed": 3]
        return [
            deletionAt == nil ? 0 : 1, phase.flatMap { phases[$0] } ?? 0, containers.count,
            containers.count { $0.status?.containerID != nil }, restarts ?? 0,
        ]
    }

    /// The same text for the same content: a dictionary's own text depends on its history.
    private var canonical: String {
        var copy = self
        copy.labels = [:]
        return "\(copy) \(labels.sorted { $0.key < $1.key })"
    }
}
