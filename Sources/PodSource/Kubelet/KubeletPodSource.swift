// SPDX-License-Identifier: Apache-2.0
package import Logging
import SessionRecords
package import SessionTracking

/// The node's pods by polling the kubelet's `/pods`: no watch exists there, and no resource version.
///
/// For clusters in which an agent must not read other nodes' pods: `get` on `nodes/pods` (Kubernetes 1.33) is all it
/// needs. What comes and goes between two polls is not seen; the runtime's own facts are.
package final class KubeletPodSource: PodSource {
    package let queue: ObservationQueue
    private let access: KubeletAccess
    private let configuration: PodSourceConfiguration
    private let logger: Logger
    private let clock: AgentClock
    private let health = PodSourceHealth()

    package var status: PodSourceStatus { health.status }

    package init(
        access: KubeletAccess, configuration: PodSourceConfiguration, logger: Logger, clock: AgentClock
    ) {
        self.access = access
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        queue = ObservationQueue(capacity: configuration.queueCapacity)
    }

    package func run() async throws {
        var loop = KubeletPollLoop(
            client: KubeletClient(access: access, timings: configuration.timings), timings: configuration.timings,
            reporter: PodReporter(queue: queue, health: health, logger: logger, clock: clock))
        await loop.run()
        queue.finish()
    }

    package func trialAccess() async throws {
        var client = KubeletClient(access: access, timings: configuration.timings)
        do throws(PodSourceFailure) {
            _ = try await client.pods()
            client.close()
        } catch {
            client.close()
            throw error.error(
                trying: "get /pods from the kubelet at \(Bounds.name(access.host)):\(access.port)",
                needs: "grant get on nodes/pods (Kubernetes 1.33 or later), never nodes/proxy")
        }
    }
}

/// The life of the polling. Owned by one task.
struct KubeletPollLoop: ~Copyable {
    private var client: KubeletClient
    private let timings: PodSourceTimings
    private var reporter: PodReporter
    private var backoff: Backoff
    /// By pod: how many polls in a row have missed it.
    private var misses: [PodUID: Int] = [:]
    /// The next good poll is a full listing: the first one, and the one after a loss.
    private var owesListing = true

    init(client: consuming KubeletClient, timings: PodSourceTimings, reporter: consuming PodReporter) {
        self.client = client
        self.timings = timings
        self.reporter = reporter
        backoff = Backoff(base: timings.backoffBase, cap: timings.backoffCap)
    }

    mutating func run() async {
        while !Task.isCancelled {
            var delay = timings.kubeletInterval
            do throws(PodSourceFailure) {
                try await poll()
                backoff.succeeded()
            } catch {
                guard !Task.isCancelled else { break }
                delay = await recover(from: error)
            }
            do {
                try await Task.sleep(for: delay)
            } catch {
                // Cancelled: the loop's condition ends it.
            }
        }
        client.close()
    }

    private mutating func poll() async throws(PodSourceFailure) {
        let items = try await client.pods()
        reporter.metrics.event("listed", count: items.count)
        var uids: Set<PodUID> = []
        for item in items {
            if let pod = reporter.translate(item) {
                // The kubelet knows its own node only, so there is no node to filter by.
                uids.insert(pod.facts.uid)
                try reporter.saw(pod)
            } else if let uid = ListWatchLoop.uid(of: item) {
                uids.insert(uid)
            }
        }
        var missing: [PodUID: Int] = [:]
        var gone: [PodUID] = []
        for uid in reporter.cache.live.subtracting(uids) {
            let count = (misses[uid] ?? 0) + 1
            if count >= timings.kubeletMisses { gone.append(uid) } else { missing[uid] = count }
        }
        misses = missing
        for uid in gone.sorted() { try reporter.vanished(uid) }
        if owesListing {
            reporter.metrics.relist(reporter.isLost ? "lost" : "start")
            // A pod that is only missed so far is not yet gone.
            try reporter.listed(uids.union(missing.keys))
            owesListing = false
        }
    }

    private mutating func recover(from failure: PodSourceFailure) async -> Duration {
        owesListing = true
        if case .overflowed = failure {
            await reporter.recoverFromOverflow()
            return .zero
        }
        reporter.metrics.failure(failure.reason)
        reporter.lost(failure)
        let delay = backoff.failed()
        switch failure {
        case .forbidden: return timings.forbiddenDelay
        case .throttled(_, let retryAfter): return min(retryAfter ?? .zero, timings.retryAfterCap) + delay
        default: return delay
        }
    }
}
