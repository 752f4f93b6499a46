// SPDX-License-Identifier: Apache-2.0
package import CollectorStore
import Delivery
package import HealthReporting
package import Logging
import SIEMFormats
import ServiceLifecycle
package import SessionRecords
import Telemetry

/// Brings the feed to one output, at that output's own pace, for as long as the collector runs.
///
/// At least once and in order: it reads behind the mark, sends, asks whether it was read, and only then moves the mark. Each
/// attempt reads the store anew, so that no more than one batch is in memory and nothing goes out that was erased.
package struct OutputRunner: Service {
    /// Events in one batch; `CollectorStore.maxFeedBytes` bounds their bytes.
    static let batch = 256
    /// So many events are sent without asking whether they were read.
    static let maxUnconfirmed: Int64 = 10_000

    let settings: OutputSettings
    let output: any EventOutput
    let store: CollectorStore
    let health: HealthState
    let logger: Logger
    var schedule = RetrySchedule()
    /// How often the feed is looked at while nothing new is in it.
    var interval: Duration = .milliseconds(250)
    /// The mark is written no more often: each time is a transaction among those that take entries in.
    var saveInterval: Duration = .seconds(1)
    let now: @Sendable () -> Timestamp

    /// What `/readyz` calls it. It tells, and never makes the collector unready.
    private var part: String { "output \(settings.name)" }

    package init(
        settings: OutputSettings, store: CollectorStore, health: HealthState, logger: Logger,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.init(
            settings: settings, output: settings.makeOutput(now: now), store: store, health: health, logger: logger,
            now: now)
    }

    init(
        settings: OutputSettings, output: any EventOutput, store: CollectorStore, health: HealthState,
        logger: Logger, now: @escaping @Sendable () -> Timestamp
    ) {
        self.settings = settings
        self.output = output
        self.store = store
        self.health = health
        self.logger = logger
        self.now = now
        health.register(part, isRequired: false)
    }

    /// Makes the output's mark where it has none. Before anything is taken in: what comes later must not be passed by.
    package func prepare() async throws {
        _ = try await store.outputMark(settings.name, kinds: settings.kinds, fromBeginning: settings.fromBeginning)
    }

    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await deliver() }
        } catch is CancellationError {
            // The regular end. What was not confirmed goes again after the next start.
        }
        await output.abandon()
    }

    private func deliver() async throws {
        var delivery = OutputDelivery(self)
        var failures = 0
        var trouble = ""
        while true {
            do {
                try await delivery.step()
                if failures > 0 || trouble.isEmpty { report(.ok) }
                failures = 0
                trouble = " "
            } catch let error as CancellationError {
                await delivery.saveAtEnd()
                throw error
            } catch {
                await output.abandon()
                delivery.lost()
                failures += 1
                delivery.metrics.note(failure: OutputFault.reason(error))
                let words = "\(error)"
                var random = SystemRandomNumberGenerator()
                let delay = schedule.delay(
                    failures: failures, isLasting: OutputFault.isLasting(error), using: &random)
                if words != trouble { report(.failing(words), words, delay) }
                trouble = words
                await delivery.save()
                try await Task.sleep(for: delay)
            }
        }
    }

    private func report(_ condition: HealthState.Condition, _ words: String = "", _ delay: Duration = .zero) {
        guard health.report(part, condition.withoutCause) else { return }
        guard condition != .ok else {
            logger.info("the output takes events", metadata: [LogKey.output: "\(settings.name)"])
            return
        }
        logger.warning(
            "the output does not take events",
            metadata: [
                LogKey.output: "\(settings.name)", LogKey.reason: "\(words)",
                LogKey.retryAfter: "\(delay.components.seconds)",
            ])
    }
}

extension HealthState.Condition {
    /// For `/readyz`: names and causes are in the log.
    fileprivate var withoutCause: HealthState.Condition {
        if case .failing = self { return .failing("it does not take events") }
        return self
    }
}

extension OutputSettings {
    package func makeOutput(now: @escaping @Sendable () -> Timestamp) -> any EventOutput {
        switch receiver {
        case .syslog(let settings): SyslogOutput(settings)
        case .file(let settings): FileOutput(settings, now: now)
        }
    }

    /// How long after its confirmation an event may still be lost with its receiver.
    var window: Duration {
        if case .syslog(let settings) = receiver { return settings.resend }
        return .zero
    }

    var confirmAfter: Duration {
        if case .syslog(let settings) = receiver { return settings.confirmAfter }
        return .zero
    }
}
