// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import ConfigurationReading
import HealthReporting
import Logging
import Metrics
import ServiceLifecycle
import SessionRecords
import Telemetry

/// Asks the store how it is, keeps its numbers in the metrics, and removes what is beyond the limits.
struct UpkeepService: Service {
    private static let healthInterval = Duration.seconds(5)
    private static let retentionInterval = Duration.seconds(60)

    let store: CollectorStore
    let settings: CollectorConfiguration.Store
    let health: HealthState
    let logger: Logging.Logger

    func run() async throws {
        await runUntilStopped {
            var metrics = StoreMetrics(since: store.counters)
            var nextRetention = ContinuousClock.now
            while true {
                await look(&metrics)
                if ContinuousClock.now >= nextRetention {
                    await retain()
                    await measure(metrics)
                    nextRetention = .now + Self.retentionInterval
                }
                try await Task.sleep(for: Self.healthInterval)
            }
        }
    }

    private func look(_ metrics: inout StoreMetrics) async {
        let failing = await store.health()
        let condition: HealthState.Condition =
            failing.map { .failing("the store cannot be written (\($0))") } ?? .ok
        if health.report(HealthState.Part.store, condition), let failing {
            logger.error("the store cannot be written", metadata: [LogKey.errorType: "\(failing)"])
        }
        metrics.update(store.counters)
    }

    private func retain() async {
        let limits = CollectorRetention(maxBytes: Int64(settings.maxBytes.bytes), maxAge: settings.maxAge)
        do {
            while let outcome = try await store.enforceRetention(limits) {
                if !outcome.isEmpty {
                    logger.notice(
                        "retention removed what was beyond the limits",
                        metadata: [
                            LogKey.count: "\(outcome.sessions + outcome.entries)", LogKey.bytes: "\(outcome.bytes)",
                        ])
                }
                guard outcome.more else { return }
                // Batches that wait get their turn between the steps.
                try await Task.sleep(for: .milliseconds(20))
            }
        } catch is CancellationError {
            return
        } catch {
            logger.error("retention failed", metadata: [LogKey.errorMessage: "\(error)"])
        }
    }

    private func measure(_ metrics: StoreMetrics) async {
        do {
            metrics.update(try await store.status())
        } catch {
            logger.warning("the store's status cannot be read", metadata: [LogKey.errorMessage: "\(error)"])
        }
    }
}

/// The store's numbers as metrics: what it counts since it was opened, and what it holds.
struct StoreMetrics {
    private var last: CollectorStoreCounters

    private let waiting = Meter(label: "lastword_collector_waiting_batches")
    private let waitingBytes = Meter(label: "lastword_collector_waiting_bytes")
    private let sessions = Meter(label: "lastword_collector_sessions")
    private let entries = Meter(label: "lastword_collector_entries")
    private let nodes = Meter(label: "lastword_collector_nodes")
    private let alarms = Meter(label: "lastword_collector_open_alarms")
    private let bytes = Meter(label: "lastword_collector_store_bytes")
    private let commits = Counter(label: "lastword_collector_commits_total")
    private let batches = Counter(label: "lastword_collector_batches_total")
    private let removed = Counter(label: "lastword_collector_removed_sessions_total")
    private let removedEntries = Counter(label: "lastword_collector_removed_entries_total")
    private let slowest = Meter(label: "lastword_collector_slowest_commit_seconds")

    /// - Parameter counters: from which on it counts.
    init(since counters: CollectorStoreCounters) {
        last = counters
    }

    mutating func update(_ now: CollectorStoreCounters) {
        commits.increment(by: now.commits - last.commits)
        batches.increment(by: now.batches - last.batches)
        removed.increment(by: now.removedSessions - last.removedSessions)
        removedEntries.increment(by: now.removedEntries - last.removedEntries)
        for (code, count) in now.failures where count > last.failures[code, default: 0] {
            Counter(label: "lastword_collector_store_failures_total", dimensions: [("reason", code)])
                .increment(by: count - last.failures[code, default: 0])
        }
        waiting.set(now.pendingBatches)
        waitingBytes.set(now.pendingBytes)
        slowest.set(Double(now.slowestNanoseconds) / 1_000_000_000)
        last = now
    }

    func update(_ status: CollectorStatus) {
        sessions.set(status.sessions)
        entries.set(status.entries)
        nodes.set(status.nodes)
        alarms.set(status.openAlarms)
        bytes.set(Double(status.fileBytes))
    }
}
