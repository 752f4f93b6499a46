// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// When the agent received something: by the wall clock, and by the clock that no one sets.
package struct Receipt: Hashable, Sendable, Codable {
    package let wall: Timestamp
    /// `CLOCK_BOOTTIME` in nanoseconds: time since boot, suspended time included. Comparable within one boot only.
    package let boottime: Int64

    package init(wall: Timestamp, boottime: Int64) {
        self.wall = wall
        self.boottime = boottime
    }
}

/// One fact from one source: the only thing that a source or an effect may tell the tracker.
package struct Observation: Hashable, Sendable {
    package let fact: Fact
    package let receipt: Receipt

    package init(_ fact: Fact, receipt: Receipt) {
        self.fact = fact
        self.receipt = receipt
    }
}

/// What can be observed. Sources translate their wire into these and decide nothing.
package enum Fact: Hashable, Sendable {
    // MARK: From the runtime

    /// The container's record was read: who it is and how it was set up.
    case container(ContainerDescription)
    /// The record was asked for and the runtime has none (any more).
    case containerUnknown(ContainerID)
    case taskCreated(ContainerID, pid: Int?, at: Timestamp)
    case taskStarted(ContainerID, pid: Int?, at: Timestamp)
    /// The container's own process ended; the end of an exec is never told as this.
    case taskExited(ContainerID, TaskExit)
    /// The task was deleted: its output is drained.
    case taskDeleted(ContainerID, at: Timestamp)
    case outOfMemory(ContainerID, at: Timestamp, witness: Witness)
    /// The container's record was removed; by the kubelet's order its log is already gone.
    case containerRemoved(ContainerID, at: Timestamp)
    /// CRI `ContainerStatus`, asked.
    case containerStatus(RuntimeStatus)
    /// CRI was asked for the status and knows no such container.
    case containerStatusUnknown(ContainerID)
    /// Everything the runtime has at one moment, sandboxes left out: what is not in it is gone.
    case runtimeListing(RuntimeListing)

    // MARK: From the pod source

    case pod(PodFacts)
    /// The pod object was deleted (with its last known content, if there was one, told before as `pod`).
    case podDeleted(PodUID, at: Timestamp)
    /// All pods of the node after a full list: a known pod that is not among them is gone.
    case podListing(Set<PodUID>)

    // MARK: From the journal

    /// What a line says of a container, as the runtime, the kubelet or the kernel wrote it. Who the container is comes as
    /// `container` with `journal` as its witness. Never overrules what was observed.
    case journal(JournalStatement)

    // MARK: From the sources' own lives

    /// Everything before this was read up to the cursor; it becomes durable no sooner than what was made of it.
    case readUpTo(SourceName, cursor: String)
    /// An interval that is over and that nothing can fill any more: a journal that was vacuumed, lines that were dropped.
    case intervalMissed(SourceName, from: Timestamp, to: Timestamp, reason: String, dropped: Int?)

    /// A source stopped seeing its subject: from here on a gap is open.
    case sourceLost(SourceName, reason: String)
    /// There is nothing of this source to be read here: nobody waits for it, and it leaves no gap.
    case sourceAbsent(SourceName)
    /// It sees again, and all that could be asked again has been asked: the gap is closed.
    case sourceRestored(SourceName)
    /// The source dropped this many observations at its own limit and is about to list again.
    case sourceOverflowed(SourceName, dropped: Int)

    // MARK: From effects

    case logPinned(ContainerID, LogPin)
    case outputCaptured(ContainerID, CapturedTail)
    /// The tail so far, of a log whose bytes will not survive us: to be kept in the store meanwhile.
    case outputCheckpointed(ContainerID, CapturedTail)

    // MARK: From the clock

    /// Time went by; deadlines are due.
    case tick
}

/// The sources by the names that gap entries, metrics and `/readyz` use.
package enum SourceName: String, Sendable, Codable, CaseIterable {
    case runtime, pods, journal, agent
}

/// `TaskExit` of a container's init process.
package struct TaskExit: Hashable, Sendable {
    /// 0…255 on Linux; 128 + n for signal n.
    package let exitCode: Int
    package let exitedAt: Timestamp?
    /// The envelope's time.
    package let at: Timestamp

    package init(exitCode: Int, exitedAt: Timestamp?, at: Timestamp) {
        self.exitCode = exitCode
        self.exitedAt = exitedAt
        self.at = at
    }
}

/// One statement of one line of the journal about one container.
package struct JournalStatement: Hashable, Sendable {
    package enum Event: Hashable, Sendable {
        case started
        /// The runtime's or the kubelet's line about the end; the time is the runtime's own where the line has it.
        case exited(code: Int, finishedAt: Timestamp?)
        case outOfMemory
        /// The record was removed.
        case removed
        /// The end of an attach: the person's side of `stdin`, `stdout` or `stderr` is gone.
        case attachClosed(stream: String)
    }

    package let container: ContainerID
    package let event: Event
    /// The line's own time where it has one, else its reception by the journal.
    package let at: Timestamp

    package init(container: ContainerID, event: Event, at: Timestamp) {
        self.container = container
        self.event = event
        self.at = at
    }
}

/// What the runtime's own record says of a container (labels, CRI metadata extension, OCI spec), or a CRI listing.
package struct ContainerDescription: Hashable, Sendable, Codable {
    package var id: ContainerID
    /// A pod's pause container; never a session.
    package var isSandbox: Bool
    package var witness: Witness
    package var namespace: String?
    package var pod: String?
    package var podUID: PodUID?
    package var container: String?
    package var sandboxID: String?
    package var attempt: Int?
    package var image: String?
    package var imageDigest: String?
    package var command: [String]?
    package var args: [String]?
    package var envNames: [String]?
    package var tty: Bool?
    package var stdin: Bool?
    package var securityContext: SecurityContext?
    package var mounts: [MountPoint]?
    package var hostNamespaces: [String]?
    /// CRI `namespace_options.pid` is TARGET: `kubectl debug --target` was used.
    package var joinsTarget: Bool
    package var targetContainerID: String?
    /// Absolute; comes from the runtime and is followed by nobody but the pinner's own safe walk.
    package var logPath: String?
    package var createdAt: Timestamp?
    package var runtime: String?
    package var runtimeVersion: String?

    package init(id: ContainerID, isSandbox: Bool, witness: Witness) {
        self.id = id
        self.isSandbox = isSandbox
        self.witness = witness
        joinsTarget = false
    }
}

/// CRI `ContainerStatus`.
package struct RuntimeStatus: Hashable, Sendable, Codable {
    package enum State: String, Sendable, Codable {
        case created, running, exited, unknown
    }

    package var id: ContainerID
    package var state: State
    /// The three times are nil where the runtime had 0.
    package var createdAt: Timestamp?
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// Nil unless `state` is `exited`.
    package var exitCode: Int?
    package var reason: String?
    package var message: String?
    package var imageRef: String?
    package var logPath: String?

    package init(id: ContainerID, state: State) {
        self.id = id
        self.state = state
    }
}

/// One complete listing of the runtime's containers (no sandboxes).
package struct RuntimeListing: Hashable, Sendable {
    /// State of each container by CRI; `unknown` where only the container's record was listed.
    package let containers: [ContainerID: RuntimeStatus.State]

    package init(containers: [ContainerID: RuntimeStatus.State]) {
        self.containers = containers
    }
}

/// What became of an attempt to keep a container's log alive.
package enum LogPin: Hashable, Sendable, Codable {
    /// Linked, or held in another way; the log survives its deletion.
    case held(PinnedBy)
    /// The log file did not appear within the second in which the pinner looked for it.
    case absent
    /// It was there and was not safe to link: a symlink, another owner, another device. In words.
    case refused(String)
}
