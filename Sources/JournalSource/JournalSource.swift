// SPDX-License-Identifier: Apache-2.0
package import Logging
package import SessionRecords
package import SessionTracking
import Synchronization

/// Reads what the runtime, the kubelet and the kernel wrote into the journal, from the cursor on that it is given, and goes
/// on as it is written (`design.md` §4, journald source).
///
/// Run `run()` as a service; read `queue` in one place. Nothing is dropped: reading waits while the consumer does not keep
/// up, and the journal keeps what was not read. Facts are followed by `readUpTo`; once the end was reached,
/// `sourceRestored` says that what could be recovered is told.
package final class JournalSource: Sendable {
    package let configuration: JournalSourceConfiguration
    package let queue: ObservationQueue
    private let follower: JournalFollower
    private let health = JournalHealth()

    /// - Parameter cursor: what the last `readUpTo` that became durable held; nil for none, then what is in the journal
    ///   already is not told.
    package init(
        configuration: JournalSourceConfiguration, cursor: String?, clock: AgentClock = .system, logger: Logger
    ) {
        self.configuration = configuration
        queue = ObservationQueue(capacity: configuration.queueCapacity)
        follower = JournalFollower(
            configuration: configuration, cursor: cursor, queue: queue, health: health, clock: clock, logger: logger)
    }

    /// How it stands, for `/readyz` and `status`.
    package var status: JournalSourceStatus { health.status }

    /// Whether all that the journal has is told, and more will be as it comes.
    package var isLive: Bool { status.state == .live }

    /// Until the task is cancelled, which takes at most a second; the queue ends then. No state of the journal makes it
    /// throw.
    package func run() async throws {
        defer { queue.finish() }
        await follower.run()
    }
}

package struct JournalSourceStatus: Hashable, Sendable {
    package enum State: String, Sendable {
        /// Not opened yet since the start.
        case starting
        /// There is none, or none that may be read. It is looked for again and again.
        case absent
        /// Reading what was written before now.
        case catchingUp
        case live
        /// It was being read, and cannot be any more.
        case lost
    }

    package var state: State = .starting
    /// What is wrong, in words; also while it is live, where some of the files may not be read.
    package var trouble: String?
    /// When the entry was received up to which all is told.
    package var readUpTo: Timestamp?
}

/// The part of the source's state that others may look at.
final class JournalHealth: Sendable {
    private let state = Mutex(JournalSourceStatus())

    var status: JournalSourceStatus { state.withLock { $0 } }

    func update(_ change: (inout JournalSourceStatus) -> Void) {
        state.withLock { change(&$0) }
    }
}
