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
/// into commits, `+Effects.swift` asks for pins and captures, `+Deadlines.swift` keeps what is due.
package struct SessionTracker: Sendable {
    let configuration: TrackerConfiguration
    var containers: [ContainerID: Tracked] = [:]
    /// Sessions asked for in a pod's spec that have no container.
    var waiting: [WaitingKey: Tracked] = [:]
    var known: [ContainerID: KnownContainer] = [:]
    var pods = PodMemory()
    var gaps: [SourceName: Gap] = [:]
    var deadlines = DeadlineQueue()
    /// Sessions that wait to be settled.
    var settling = 0
    var journal: JournalProgress
    var sight = RuntimeSight()
    /// When a list of all pods was last taken: a pod that was gone by then will not be told of any more.
    var podsListedAt: Timestamp?
    /// Until then, before this run, everything was watched; nil if that cannot be said.
    var watchedUntil: Timestamp?
    /// The runtime has been listed since the gap of our own absence began.
    var isListed = false

    package init(configuration: TrackerConfiguration) {
        self.configuration = configuration
        journal = JournalProgress(isAwaited: configuration.hasJournal)
    }

    /// When `tick` is next of use, by the boot-time clock; nil if nothing is due.
    package var nextDeadline: Int64? { deadlines.next }

    /// Whether the container is being followed: its pin is not an orphan, its record need not be read again.
    package func isTracking(_ id: ContainerID) -> Bool { containers[id] != nil }

    /// Whether the container is known to be none of ours.
    package func isOutOfScope(_ id: ContainerID) -> Bool { known[id] != nil }

    /// Entries in all of the tracker's tables, deadlines and gaps included: what its memory is made of.
    package var trackedEntries: Int {
        containers.count + waiting.count + known.count + gaps.count + pods.count + deadlines.count
            + journal.unkept.count
    }

    package var openSessions: Int { containers.values.count { $0.isOpen } }

    package var openGaps: Int { gaps.count }

    /// The current derived session of a container, whether told or not.
    package func session(of id: ContainerID) -> Session? {
        guard let tracked = containers[id] else { return nil }
        return tracked.facts.claims.derive(
            progress: tracked.facts.progress, scope: scope(of: tracked), origin: configuration.origin)
    }

    package mutating func handle(_ observation: Observation) -> [Action] {
        var actions: [Action] = []
        let receipt = observation.receipt
        let wasBlind = isBlind
        switch observation.fact {
        case .container(let description): take(description, receipt, &actions)
        case .containerUnknown(let id):
            takeUnknown(id, receipt, &actions) { $0.recordUnknown = true }
        case .taskCreated(let id, let pid, let at): takeCreate(id, pid: pid, at: at, receipt, &actions)
        case .taskStarted(let id, let pid, let at): takeStart(id, pid: pid, at: at, receipt, &actions)
        case .taskExited(let id, let exit): take(exit, of: id, receipt, &actions)
        case .taskDeleted(let id, let at): takeDelete(id, at: at, receipt, &actions)
        case .outOfMemory(let id, _, let witness): takeOOM(id, by: witness, receipt, &actions)
        case .containerRemoved(let id, let at): takeRemoval(id, at: at, receipt, &actions)
        case .containerStatus(let status): take(status, receipt, &actions)
        case .containerStatusUnknown(let id):
            takeUnknown(id, receipt, &actions) { $0.statusIsUnknown(at: receipt.wall) }
        case .runtimeListing(let listing): take(listing, receipt, &actions)
        case .pod(let facts): take(facts, receipt, &actions)
        case .podDeleted(let uid, let at): takePodDeletion(uid, at: at, receipt, &actions)
        case .podListing(let uids): takePodListing(uids, receipt, &actions)
        case .journal(let statement): take(statement, receipt, &actions)
        case .readUpTo(.runtime, let cursor): takeSight(cursor, receipt, &actions)
        case .readUpTo(let source, let cursor): take(cursor, of: source, receipt, &actions)
        case .intervalMissed(let source, let from, let to, let reason, let dropped):
            if source == .journal { journal.hasHole = true }
            actions.append(.commit(.gap(Gap.missed(source, from: from, to: to, reason: reason, dropped: dropped))))
        case .sourceLost(let source, let reason): takeLoss(of: source, reason: reason, receipt, &actions)
        case .sourceAbsent(let source): takeAbsence(of: source, receipt, &actions)
        case .sourceRestored(let source): takeReturn(of: source, receipt, &actions)
        case .sourceOverflowed(let source, let dropped):
            openGap(source, reason: "queue full", dropped: dropped, receipt, &actions)
        case .logPinned(let id, let pin): take(pin, of: id, receipt, &actions)
        case .outputCaptured(let id, let tail): take(tail, of: id, receipt, &actions)
        case .outputCheckpointed(let id, let tail): takeCheckpoint(tail, of: id, receipt, &actions)
        case .tick: runDeadlines(receipt, &actions)
        }
        watchOverWaiting(wasBlind: wasBlind, receipt)
        sight.note(actions)
        return actions
    }

    /// Takes up the sessions that were not settled when the agent last stopped. To be called once, before the first
    /// observation.
    package mutating func resume(_ rows: [(session: Session, facts: SessionFacts)], receipt: Receipt) -> [Action] {
        var actions: [Action] = []
        if journal.isAwaited { deadlines.add(.journal, at: receipt.boottime + configuration.journalDeadline) }
        for row in rows {
            var tracked = Tracked(facts: row.facts)
            tracked.committed = row.session
            tracked.facts.noteReboot(bootID: configuration.bootID)
            // Receipts by the boot-time clock mean nothing after a restart that may have been a reboot.
            tracked.facts.progress.startReceipt = nil
            tracked.facts.progress.exitReceipt = nil
            if let id = row.facts.claims.containerID {
                containers[id] = tracked
                index(id)
                resume(id, receipt, &actions)
            } else if let key = WaitingKey(row.facts.claims) {
                if !tracked.facts.progress.gaveUp, let since = tracked.facts.progress.waitingSince {
                    let waited = max(0, receipt.wall.nanoseconds(since: since))
                    tracked.waitingDue = receipt.boottime + max(0, configuration.waitingDeadline - waited)
                    deadlines.add(.waiting(key), at: tracked.waitingDue ?? receipt.boottime)
                }
                tracked.facts.progress.wasUnwatched = true
                tracked.isOver = tracked.facts.claims.pod?.goneSeenAt != nil
                waiting[key] = tracked
                if tracked.isOver { scheduleGivingUp(key, receipt) }
                advanceWaiting(key, receipt, &actions)
            }
        }
        return actions
    }

    private mutating func resume(_ id: ContainerID, _ receipt: Receipt, _ actions: inout [Action]) {
        guard let facts = containers[id]?.facts else { return }
        if facts.claims.exits.isEmpty {
            deadlines.add(.start(id), at: receipt.boottime + configuration.startDeadline)
        } else if facts.progress.sealedAt == nil {
            scheduleSeal(id, receipt)
        }
        // The agent may have ended between the commit of the output and the pin's release.
        if facts.progress.drained { actions.append(.releasePin(id)) }
        advance(id, receipt, &actions)
    }

    /// Containers whose sessions were settled in the last run, within `podMemory`: for as long, late news of them (a journal
    /// that is read again, a pod version that was under way) does not begin them anew. To be called before `resume`.
    package mutating func ignore(_ settled: [ContainerID], receipt: Receipt) {
        for id in settled where known[id] == nil {
            known[id] = KnownContainer(isSettled: true)
            leave(id, receipt)
        }
    }

}

/// One container that is followed, or one session that waits for its container.
struct Tracked: Sendable {
    var facts: SessionFacts
    /// As it was last committed; nil while nothing was.
    var committed: Session?
    /// A task was seen: from then on there may be a log.
    var hasTask: Bool
    /// The runtime's own record was read; what the journal calls it is not that.
    var isDescribed: Bool
    /// The state in which a listing found it before anything else was known of it.
    var listedAs: RuntimeStatus.State?
    var pin: LogPin?
    var pinRequested = false
    var pinRetried = false
    var captureRequested = false
    /// The capture under way was asked for after the runtime had said that the output is drained.
    var captureIsDrained = false
    /// A second capture is due when this one is back: it was asked for too early.
    var captureAgain = false
    /// The chosen output, until the commit that brings it.
    var pendingTail: CapturedTail?
    /// An event of its life was seen in this run and its exit's was not: what the runtime has forgotten of it meanwhile, that
    /// event will tell.
    var exitExpected = false
    /// The pod's status alone spoke of its end, and CRI will be asked.
    var endingDoubted = false
    var statusAsked = false
    var sealScheduled = false
    var classificationScheduled = false
    var settleScheduled = false
    /// The row of the wait for this container, until the container has a row of its own.
    var waitingRow: SessionID?
    /// By the boot-time clock; a deadline that comes earlier belongs to another error.
    var waitingDue: Int64?
    /// Its pod will start nothing more: what is waited for is the runtime's last news.
    var isOver = false
    /// Where it stands in the indexes of `PodMemory`.
    var memberOf: Set<PodUID> = []
    var targets: Set<String> = []

    init(facts: SessionFacts) {
        self.facts = facts
        let claims = facts.claims
        isDescribed = claims.description.map { $0.witness != .journal } ?? false
        hasTask = !claims.starts.isEmpty || claims.exits[.containerdEvent] != nil || claims.taskDeletedAt != nil
    }

    var isPinned: Bool {
        if case .held? = pin { true } else { false }
    }

    var isOpen: Bool { !facts.progress.endTold }
}

/// A container that is not followed: one that is none of ours, or one of which all is told. Just enough to tell a target's
/// end, and to know late news for what it is.
struct KnownContainer: Sendable {
    var name: String?
    var exitedAt: Timestamp?
    var isSettled = false
    /// It is gone, or will not be listed: to be forgotten when its deadline comes.
    var isLeaving = false

    mutating func exited(_ at: Timestamp) {
        exitedAt = min(exitedAt ?? at, at)
    }
}

struct WaitingKey: Hashable, Comparable, Sendable {
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

    static func < (lhs: WaitingKey, rhs: WaitingKey) -> Bool {
        lhs.podUID == rhs.podUID ? lhs.container < rhs.container : lhs.podUID < rhs.podUID
    }
}
