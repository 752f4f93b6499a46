// SPDX-License-Identifier: Apache-2.0
import Logging
import SessionRecords
import SessionTracking
import Synchronization

/// What both sources share: cache, queue, health, and telling losses and recoveries once.
///
/// Owned by the task that runs the source; only `status` and the queue are looked at from elsewhere.
struct PodReporter: ~Copyable {
    let queue: ObservationQueue
    let health: PodSourceHealth
    let metrics = PodSourceMetrics()
    let logger: Logger
    let clock: AgentClock
    private let translator = PodTranslator()
    private(set) var cache = PodCache()
    private(set) var isLost = false

    init(queue: ObservationQueue, health: PodSourceHealth, logger: Logger, clock: AgentClock) {
        self.queue = queue
        self.health = health
        self.logger = logger
        self.clock = clock
    }

    /// One pod object as JSON; nil if it was not taken, which is counted.
    func translate(_ json: ArraySlice<UInt8>) -> TranslatedPod? {
        do {
            return try translator.translate(json)
        } catch {
            switch error {
            case .tooLarge(let bytes):
                skipped("oversize", bytes: bytes)
            case .malformed:
                skipped("malformed", bytes: json.count)
            }
            return nil
        }
    }

    func skipped(_ reason: String, bytes: Int) {
        metrics.skipped(reason)
        logger.warning(
            "pod object skipped", metadata: ["pods.reason": "\(reason)", "pods.bytes": .stringConvertible(bytes)])
    }

    mutating func saw(_ pod: TranslatedPod) throws(PodSourceFailure) {
        let receipt = clock.now()
        let before = cache.refused
        let facts = cache.saw(pod, now: receipt.wall)
        if cache.refused > before { metrics.skipped("cache-full") }
        try tell(facts, receipt)
    }

    mutating func deleted(_ pod: TranslatedPod) throws(PodSourceFailure) {
        let receipt = clock.now()
        try tell(cache.deleted(pod, now: receipt.wall), receipt)
    }

    mutating func vanished(_ uid: PodUID) throws(PodSourceFailure) {
        let receipt = clock.now()
        try tell(cache.vanished(uid, now: receipt.wall), receipt)
    }

    /// A full listing is complete. The source sees again.
    mutating func listed(_ uids: Set<PodUID>) throws(PodSourceFailure) {
        let receipt = clock.now()
        try tell(cache.listed(uids, now: receipt.wall), receipt)
        try restored(always: true)
    }

    /// The source sees again; told if it was lost (or, after the first listing, in any case).
    mutating func restored(always: Bool = false) throws(PodSourceFailure) {
        let wasAvailable = health.set(available: true, trouble: nil)
        metrics.state(up: true, known: cache.live.count)
        if !wasAvailable { logger.info("pod source sees the node's pods") }
        guard isLost || (always && !wasAvailable) else { return }
        isLost = false
        try tell([.sourceRestored(.pods)], clock.now())
    }

    /// The source does not see; told once until it is restored.
    mutating func lost(_ failure: PodSourceFailure) {
        _ = health.set(available: false, trouble: failure.words)
        metrics.state(up: false, known: cache.live.count)
        guard !isLost else { return }
        isLost = true
        logger.warning(
            "pod source lost sight of the node's pods",
            metadata: ["pods.reason": "\(failure.reason)", "error": "\(failure.words)"])
        // A full queue drops this one, too; the overflow that is told then says as much.
        queue.offer(Observation(.sourceLost(.pods, reason: failure.words), receipt: clock.now()))
    }

    /// After an overflow: once there is room, how many were dropped, and the cache tells everything again.
    mutating func recoverFromOverflow() async {
        // Cancelled: nobody wants to know any more.
        do { try await queue.waitForRelief() } catch { return }
        let dropped = queue.takeDropped()
        metrics.lost(dropped)
        logger.warning("pod observations dropped", metadata: ["pods.dropped": .stringConvertible(dropped)])
        queue.offer(Observation(.sourceOverflowed(.pods, dropped: dropped), receipt: clock.now()))
        cache.retellAll()
        // Whether the loss or recovery was among what was dropped is not known: say it again.
        isLost = true
    }

    private func tell(_ facts: [Fact], _ receipt: Receipt) throws(PodSourceFailure) {
        var complete = true
        for fact in facts where !queue.offer(Observation(fact, receipt: receipt)) { complete = false }
        // Also what was dropped without anybody to tell it to, such as a loss.
        guard complete, !queue.hasDropped else { throw .overflowed }
    }
}

/// The part of a source's state that others may look at.
final class PodSourceHealth: Sendable {
    private let state = Mutex(PodSourceStatus(isAvailable: false, trouble: nil))

    var status: PodSourceStatus { state.withLock { $0 } }

    /// Whether it was available before.
    func set(available: Bool, trouble: String?) -> Bool {
        state.withLock { state in
            defer { state = PodSourceStatus(isAvailable: available, trouble: trouble) }
            return state.isAvailable
        }
    }
}
