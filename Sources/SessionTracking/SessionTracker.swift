// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Decides what is a session, what is known of it, and what is to be done next. Pure: no clock, no I/O; it is told of
/// facts and answers with actions.
///
/// Any order and any repetition of the same facts gives the same session but for revision, the times of observing and
/// sealing, and the number of entries: facts are merged into `Claims`, which only grow, and sessions are derived from
/// them (`WitnessOrder` is the table of whom to believe).
///
/// `SessionTracker+Runtime.swift` and `+Pods.swift` take the observations in, `+Lifecycle.swift` turns a changed account
/// into actions, `+Deadlines.swift` keeps what is due.
package struct SessionTracker: Sendable {
    let configuration: TrackerConfiguration
    var containers: [ContainerID: Tracked] = [:]
    /// Sessions asked for in a pod's spec that have no container.
    var waiting: [WaitingKey: Tracked] = [:]
    var known: [ContainerID: KnownContainer] = [:]
    var pods = PodMemory()
    var gaps: [SourceName: Gap] = [:]
    var deadlines = DeadlineQueue()

    package init(configuration: TrackerConfiguration) {
        self.configuration = configuration
    }

    /// When `tick` is next of use, by the boot-time clock; nil if nothing is due.
    package var nextDeadline: Int64? { deadlines.next }

    /// Whether the container is being followed: its pin is not an orphan, its record need not be read again.
    package func isTracking(_ id: ContainerID) -> Bool { containers[id] != nil }

    /// Whether the container is known to be none of ours.
    package func isOutOfScope(_ id: ContainerID) -> Bool { known[id] != nil }

    package var openSessions: Int { containers.values.count { $0.isOpen } }

    /// The current derived session of a container, whether told or not.
    package func session(of id: ContainerID) -> Session? {
        guard let tracked = containers[id] else { return nil }
        return tracked.facts.claims.derive(
            progress: tracked.facts.progress, scope: scope(of: tracked), origin: configuration.origin)
    }

    package mutating func handle(_ observation: Observation) -> [Action] {
        var actions: [Action] = []
        let receipt = observation.receipt
        switch observation.fact {
        case .container(let description): take(description, receipt, &actions)
        case .containerUnknown(let id): takeUnknown(id, receipt, &actions) { $0.recordUnknown = true }
        case .taskCreated(let id, let pid, let at): takeCreate(id, pid: pid, at: at, receipt, &actions)
        case .taskStarted(let id, let pid, let at): takeStart(id, pid: pid, at: at, receipt, &actions)
        case .taskExited(let id, let exit): take(exit, of: id, receipt, &actions)
        case .taskDeleted(let id, let at): takeDelete(id, at: at, receipt, &actions)
        case .outOfMemory(let id, let at, let witness): takeOOM(id, at: at, by: witness, receipt, &actions)
        case .containerRemoved(let id, let at): takeRemoval(id, at: at, receipt, &actions)
        case .containerStatus(let status): take(status, receipt, &actions)
        case .containerStatusUnknown(let id): takeUnknown(id, receipt, &actions) { $0.statusUnknown = true }
        case .runtimeListing(let listing): take(listing, receipt, &actions)
        case .pod(let facts): take(facts, receipt, &actions)
        case .podDeleted(let uid, let at): takePodDeletion(uid, at: at, receipt, &actions)
        case .podListing(let uids): takePodListing(uids, receipt, &actions)
        case .sourceLost(let source, let reason): openGap(source, reason: reason, dropped: nil, receipt, &actions)
        case .sourceRestored(let source): closeGap(source, receipt, &actions)
        case .sourceOverflowed(let source, let dropped):
            openGap(source, reason: "queue full", dropped: dropped, receipt, &actions)
        case .logPinned(let id, let pin): take(pin, of: id, receipt, &actions)
        case .outputCaptured(let id, let tail): take(tail, of: id, receipt, &actions)
        case .outputCheckpointed(let id, let tail): takeCheckpoint(tail, of: id, receipt, &actions)
        case .tick: runDeadlines(receipt, &actions)
        }
        return actions
    }

    /// Takes up the sessions that were not settled when the agent last stopped. To be called once, before the first
    /// observation.
    package mutating func resume(_ rows: [(session: Session, facts: SessionFacts)], receipt: Receipt) -> [Action] {
        var actions: [Action] = []
        for row in rows {
            var tracked = Tracked(facts: row.facts)
            tracked.committed = row.session
            // Receipts by the boot-time clock mean nothing after a restart that may have been a reboot.
            tracked.facts.progress.startReceipt = nil
            tracked.facts.progress.exitReceipt = nil
            if let id = row.facts.claims.containerID {
                containers[id] = tracked
                index(id)
                // Killed between the exit and the sealing: `/tasks/delete` may have come meanwhile and will not again.
                if !row.facts.claims.exits.isEmpty, row.facts.progress.sealedAt == nil {
                    deadlines.add(.seal(id), at: receipt.boottime + configuration.sealDeadline)
                }
                advance(id, receipt, &actions)
            } else if let key = WaitingKey(row.facts.claims) {
                waiting[key] = tracked
            }
        }
        return actions
    }

    /// A gap that began before this run: the agent's own absence. It closes when the runtime has been listed.
    package mutating func resumeGap(_ gap: Gap, source: SourceName) {
        gaps[source] = gap
    }

    // MARK: Gaps

    private mutating func openGap(
        _ source: SourceName, reason: String, dropped: Int?, _ receipt: Receipt, _ actions: inout [Action]
    ) {
        if var gap = gaps[source] {
            guard let dropped else { return }
            gap.dropped = (gap.dropped ?? 0) + dropped
            gaps[source] = gap
            return
        }
        var gap = Gap(source: source.rawValue, openedAt: receipt.wall, reason: reason)
        gap.dropped = dropped
        gaps[source] = gap
        actions.append(.commit(.gap(gap)))
    }

    private mutating func closeGap(_ source: SourceName, _ receipt: Receipt, _ actions: inout [Action]) {
        // The agent's own absence ends when the runtime has told what it still knows.
        let sources: [SourceName] = source == .runtime ? [.runtime, .agent] : [source]
        for source in sources {
            guard var gap = gaps.removeValue(forKey: source) else { continue }
            gap.closedAt = receipt.wall
            gap.closedBy = "relisted"
            actions.append(.commit(.gap(gap)))
        }
    }
}

/// One container that is followed, or one session that waits for its container.
struct Tracked: Sendable {
    var facts: SessionFacts
    /// As it was last committed; nil while nothing was.
    var committed: Session?
    /// A task was seen: from then on there may be a log.
    var hasTask = false
    var isDescribed = false
    var pinRequested = false
    var captureRequested = false
    /// A second capture is due when this one is back: the output was not yet known to be complete.
    var captureAgain = false
    /// The last capture was asked for after the runtime had said that the output is drained.
    var capturedDrained = false
    var statusAsked = false
    var settleScheduled = false

    init(facts: SessionFacts) {
        self.facts = facts
        isDescribed = facts.claims.description != nil
    }

    var isOpen: Bool { !facts.progress.endTold }
}

/// A container that is none of ours: just enough to tell a target's end, and to forget it.
struct KnownContainer: Sendable {
    var podUID: PodUID?
    var name: String?
    var exitedAt: Timestamp?
}

struct WaitingKey: Hashable, Sendable {
    let podUID: PodUID
    let container: String

    init(podUID: PodUID, container: String) {
        self.podUID = podUID
        self.container = container
    }

    init?(_ claims: Claims) {
        guard let podUID = claims.podUID, let name = claims.containerName else { return nil }
        self.init(podUID: podUID, container: name)
    }
}
