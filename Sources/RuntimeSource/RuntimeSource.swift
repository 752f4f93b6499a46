// SPDX-License-Identifier: Apache-2.0
import GRPCCore
package import Logging
package import SessionRecords
package import SessionTracking
import Synchronization

/// Watches the node's container runtime and tells what it sees as observations (`design.md` §4, runtime source).
///
/// Run `run()` as a service; read `queue` in one place; ask with `requestDescription` and `requestStatus`,
/// which never wait and are answered on the queue. After each `sourceLost` everything is listed again
/// before `sourceRestored`; the same after `sourceOverflowed`.
package final class RuntimeSource: Sendable {
    /// How the source stands, for `/readyz` and `status`.
    package enum Health: Hashable, Sendable {
        /// Not connected yet since the start.
        case connecting
        case live(RuntimeVersion)
        /// Not connected, and why.
        case lost(reason: String)
    }

    package let configuration: RuntimeSourceConfiguration
    package let queue: ObservationQueue
    package let metrics: RuntimeSourceMetrics

    private let parts: SourceParts
    private let roster = SharedRoster()
    private let logger: Logger
    private let state = Mutex(Health.connecting)
    /// Whether the present connection has been live.
    private let wasLive = Mutex(false)

    package init(
        configuration: RuntimeSourceConfiguration, clock: AgentClock = .system,
        metrics: RuntimeSourceMetrics = RuntimeSourceMetrics(), logger: Logger
    ) {
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        queue = ObservationQueue(capacity: configuration.queueCapacity)
        parts = SourceParts(
            configuration: configuration, clock: clock, queue: queue, descriptions: LookupQueue(),
            statuses: LookupQueue(), metrics: metrics)
    }

    package var health: Health { state.withLock { $0 } }

    package var isConnected: Bool {
        if case .live = health { true } else { false }
    }

    /// Answered by `container` or `containerUnknown`, as soon as the runtime can be asked; however often it is asked
    /// meanwhile, once.
    package func requestDescription(of id: ContainerID) {
        parts.descriptions.ask(id)
    }

    /// Answered by `containerStatus` or `containerStatusUnknown`, likewise.
    package func requestStatus(of id: ContainerID) {
        parts.statuses.ask(id)
    }

    /// Connects, watches, and connects again for ever; returns when the task is cancelled, and the queue ends then.
    /// No state of the runtime makes it throw.
    package func run() async throws {
        metrics.setConnected(false)
        defer {
            queue.finish()
            metrics.setConnected(false)
        }
        var pause: Duration = .milliseconds(100)
        while !Task.isCancelled {
            let wasLive = await connectOnce()
            if Task.isCancelled { return }
            if wasLive { pause = .milliseconds(100) }
            // Cancellation ends the loop by its condition.
            do { try await Task.sleep(for: pause) } catch { return }
            pause = min(configuration.maximumBackoff, pause * 2)
        }
    }

    /// One connection's life.
    /// - Returns: whether it was live.
    private func connectOnce() async -> Bool {
        let unary = UnaryConnection(socketPath: configuration.socketPath, metrics: metrics)
        do {
            try SocketProbe.check(configuration.socketPath)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await unary.run() }
                defer { group.cancelAll() }
                do {
                    let version = try await CRICalls(unary: unary, timeout: configuration.callTimeout).version()
                    try start(version, unary, in: &group)
                    // All of them go on until one throws.
                    while try await group.next() != nil {}
                } catch {
                    // Before the group is torn down, which may take its time.
                    lose(error)
                    throw error
                }
            }
        } catch {
            lose(error)
        }
        queue.release()
        return wasLive.withLock { flag in
            defer { flag = false }
            return flag
        }
    }

    private func start(
        _ version: RuntimeVersion, _ unary: UnaryConnection, in group: inout ThrowingTaskGroup<Void, any Error>
    ) throws {
        let onLive: @Sendable () -> Void = { [self] in
            state.withLock { $0 = .live(version) }
            wasLive.withLock { $0 = true }
            metrics.setConnected(true)
            metrics.add(.connectionsMade)
            logger.info(
                "watching the container runtime",
                metadata: [
                    "lastword.runtime.name": "\(version.name)", "lastword.runtime.version": "\(version.version)",
                ])
        }
        switch version.name {
        case "cri-o":
            logger.notice("CRI-O has no event API: it is polled, which is experimental")
            CRIPollingSession(parts: parts, version: version, unary: unary, onLive: onLive).start(in: &group)
        default:
            // Others that speak CRI and nothing else fail at the subscription, and say so.
            try ContainerdSession(
                parts: parts, version: version, roster: roster, unary: unary, logger: logger, onLive: onLive
            ).start(in: &group)
        }
    }

    /// The outage is told once, however many attempts it lasts.
    private func lose(_ error: any Error) {
        guard !Task.isCancelled else { return }
        let reason = FailureReason.text(error)
        let isNews = state.withLock { state in
            defer { state = .lost(reason: reason) }
            if case .lost = state { return false }
            return true
        }
        guard isNews else { return }
        metrics.setConnected(false)
        metrics.add(.connectionsLost)
        logger.warning("the container runtime is out of sight", metadata: ["error": "\(reason)"])
        // What was held back came before the loss.
        queue.release()
        queue.force(Observation(.sourceLost(.runtime, reason: reason), receipt: parts.clock.now()))
    }
}
