// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// One pod's memory of who asked for which debug container, and when.
///
/// The `managedFields` entry is shared by all sessions of a pod and moves with the latest one, so it is believed only at
/// the moment a name is first seen, and never again (`design.md` §4): within 60 s of the entry's time; not for a
/// container that had already started before it; and where several unknown ephemeral containers appear at once, only for
/// the last of them, since the spec's list grows at its end.
struct RequestTimes: Hashable, Sendable {
    /// How far the entry's time may be from the moment of first sight, either way.
    static let window: Int64 = 60_000_000_000

    /// By container name; nil for a name that got none and will never get one.
    private var decided: [String: RequestEntry?] = [:]

    /// Decides about the names not seen before, and fills `requestedAt` and `requestedBy` of all.
    mutating func apply(_ entries: [String: RequestEntry], to facts: inout PodFacts, now: Timestamp) {
        let latest = facts.containers.last { container in
            container.kind == .ephemeral && decided[container.name] == nil && entries[container.name] != nil
        }
        for index in facts.containers.indices where facts.containers[index].debugMode != nil {
            let container = facts.containers[index]
            if decided[container.name] == nil {
                let entry = entries[container.name]
                let shared = container.kind == .ephemeral && container.name != latest?.name
                let believed = entry.flatMap { entry in
                    !shared && Self.isNear(entry.at, now) && !Self.started(container.status, before: entry.at)
                        ? entry : nil
                }
                decided[container.name] = .some(believed)
            }
            if let entry = decided[container.name] ?? nil {
                facts.containers[index].requestedAt = entry.at
                facts.containers[index].requestedBy = entry.manager
            }
        }
    }

    private static func isNear(_ time: Timestamp, _ now: Timestamp) -> Bool {
        (-window...window).contains(now.nanoseconds(since: time))
    }

    /// A container that ran before the entry's time was asked for by an earlier request.
    private static func started(_ status: PodContainerStatus?, before time: Timestamp) -> Bool {
        var starts: [Timestamp?] = [status?.lastTermination?.startedAt]
        switch status?.state {
        case .running(let startedAt): starts.append(startedAt)
        case .terminated(let termination): starts.append(termination.startedAt)
        case .waiting, nil: break
        }
        return starts.contains { start in start.map { $0 < time } ?? false }
    }
}
