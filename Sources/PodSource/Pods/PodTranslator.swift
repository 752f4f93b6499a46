// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
package import SessionRecords
package import SessionTracking

/// A pod object as it was understood, with what only the pod source itself needs of it.
package struct TranslatedPod: Hashable, Sendable {
    /// Without request times: those depend on what was seen before (`RequestTimes`).
    package var facts: PodFacts
    package var resourceVersion: String?
    package var nodeName: String?
    /// By container name: the `managedFields` entry that owns the container.
    package var requests: [String: RequestEntry]
}

/// Who last changed a part of the pod, and when (`managedFields`).
package struct RequestEntry: Hashable, Sendable {
    package let at: Timestamp
    /// A client program's name, never a user's.
    package let manager: String
}

/// Why a pod object was not taken.
package enum PodTranslationError: Error, Hashable {
    /// More bytes than `PodTranslator.maximumBytes`.
    case tooLarge(bytes: Int)
    case malformed
}

/// Reads the API's JSON of one pod into `PodFacts`. Pure.
///
/// Only `metadata` with name and UID is required; any other part of an unknown shape is left out alone. Every text is
/// bounded by `Bounds`. Environment values are not even decoded.
package struct PodTranslator: Sendable {
    /// etcd takes objects of about 1.5 MiB by default; what is larger than this is not a pod.
    package static let maximumBytes = 8 << 20

    package init() {}

    /// - Parameter json: one Pod object.
    package func translate(_ json: some Collection<UInt8>) throws(PodTranslationError) -> TranslatedPod {
        guard json.count <= Self.maximumBytes else { throw .tooLarge(bytes: json.count) }
        let pod: WirePod
        do {
            pod = try JSONDecoder().decode(WirePod.self, from: Data(json))
        } catch {
            // The decoder's words quote the object; whoever skips it counts it and names its place instead.
            throw .malformed
        }
        guard let uid = PodUID(pod.metadata.uid) else { throw .malformed }
        var facts = PodFacts(
            uid: uid, namespace: Bounds.name(pod.metadata.namespace), name: Bounds.name(pod.metadata.name))
        Self.describe(pod, in: &facts)
        facts.containers = Self.containers(of: pod)
        let regular = facts.containers.filter { $0.kind == .regular }.compactMap(\.status)
        if !regular.isEmpty {
            facts.restarts = Int(clamping: regular.reduce(Int64(0)) { $0 + Int64(Int32(clamping: $1.restartCount)) })
        }
        DebugRecognition.apply(to: &facts.containers, of: pod)
        return TranslatedPod(
            facts: facts, resourceVersion: pod.metadata.resourceVersion.map(Bounds.name),
            nodeName: pod.spec?.nodeName.map(Bounds.name), requests: Self.requests(of: pod))
    }

    private static func describe(_ pod: WirePod, in facts: inout PodFacts) {
        let metadata = pod.metadata
        // A mirror pod's own UID is the API server's; the node's runtime knows the static pod by its hash.
        facts.runtimeUID =
            (metadata.annotations["kubernetes.io/config.mirror"] ?? metadata.annotations["kubernetes.io/config.hash"])
            .flatMap { PodUID($0) }
        facts.owner = metadata.ownerReferences.first { $0.controller == true }
            .map { Owner(kind: $0.kind, name: $0.name) }
        for (key, value) in metadata.labels.sorted(by: { $0.key < $1.key }).prefix(Bounds.labels) {
            facts.labels[Bounds.name(key)] = Bounds.name(value)
        }
        // Opaque by the API's word; servers count up, and that is all that is made of it: which of two versions is newer.
        facts.version = metadata.resourceVersion.flatMap { UInt64($0) }
        facts.phase = pod.status?.phase.map(Bounds.name)
        facts.reason = pod.status?.reason.map(Bounds.name)
        facts.deletionAt = metadata.deletionTimestamp.flatMap { Timestamp(rfc3339: $0) }
        facts.conditions = (pod.status?.conditions ?? []).map { Bounds.name($0.type + "=" + $0.status) }.sorted()
        if pod.spec?.hostIPC == true { facts.hostNamespaces.append("ipc") }
        if pod.spec?.hostNetwork == true { facts.hostNamespaces.append("network") }
        if pod.spec?.hostPID == true { facts.hostNamespaces.append("pid") }
    }

    /// For each container the entry that owns its name. An ephemeral container's is of the subresource
    /// `ephemeralcontainers`; that of the others is the one that made the pod, if it is still from that moment.
    private static func requests(of pod: WirePod) -> [String: RequestEntry] {
        let createdAt = pod.metadata.creationTimestamp.flatMap { Timestamp(rfc3339: $0) }
        var requests: [String: RequestEntry] = [:]
        for entry in pod.metadata.managedFields {
            guard let at = entry.time.flatMap({ Timestamp(rfc3339: $0) }) else { continue }
            var names: Set<String> = []
            if entry.subresource == "ephemeralcontainers" {
                names = entry.ephemeralContainers
            } else if (entry.subresource ?? "").isEmpty, let createdAt,
                (-1_000_000_000...1_000_000_000).contains(at.nanoseconds(since: createdAt))
            {
                names = entry.containers
            }
            let request = RequestEntry(at: at, manager: Bounds.name(entry.manager))
            for name in names {
                // Two owners of one container: the earlier one is nearer to the request.
                if let known = requests[name], known.at <= at { continue }
                requests[name] = request
            }
        }
        return requests
    }
}
