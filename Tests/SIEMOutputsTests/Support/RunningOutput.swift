// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Delivery
import HealthReporting
import Logging
import SessionRecords
import TestSupport

@testable import SIEMOutputs

/// A store with one output that runs.
final class RunningOutput: Sendable {
    let store: CollectorStore
    let health = HealthState()
    let settings: OutputSettings
    private let task: Task<Void, any Error>

    init(_ settings: OutputSettings, directory: String, interval: Duration = .milliseconds(20)) throws {
        self.settings = settings
        store = try CollectorStore.open(directory: directory, options: CollectorStoreOptions(lockTimeout: .seconds(10)))
        var runner = OutputRunner(
            settings: settings, store: store, health: health,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { MadeLedger.epoch })
        runner.interval = interval
        runner.saveInterval = .milliseconds(20)
        runner.schedule = RetrySchedule(
            base: .milliseconds(20), cap: .milliseconds(200), lastingBase: .milliseconds(20),
            lastingCap: .milliseconds(200), floor: .milliseconds(5))
        let running = runner
        task = Task { try await running.run() }
    }

    var mark: OutputMark? {
        get async throws { try await store.outputMark(settings.name) }
    }

    /// Waits until the mark is at the feed's end.
    func settle() async throws {
        let end = try await store.feedBacklog(after: 0, kinds: settings.kinds).lines
        try await waitUntil("everything is settled") { try await mark?.number == end }
    }

    /// What `/readyz` says of it.
    var isFailing: Bool {
        health.reports.contains {
            if case .failing = $0.condition { return true }
            return false
        }
    }

    func stop() async throws {
        task.cancel()
        _ = await task.result
        try store.close()
    }
}
