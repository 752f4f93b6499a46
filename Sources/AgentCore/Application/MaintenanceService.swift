// SPDX-License-Identifier: Apache-2.0
import AgentStore
import CSystemCalls
import ConfigurationReading
import Forwarding
import HealthReporting
import JournalSource
import Logging
import Metrics
import PodSource
import RuntimeSource
import ServiceLifecycle
import SessionRecords
import SessionTracking
import SystemJournal
import TailCapture
import Telemetry

/// What is done now and then: health of the parts, gauges, retention.
struct MaintenanceService: Service {
    let application: AgentApplication
    let clock: AgentClock
    private let gauges = MaintenanceGauges()

    init(application: AgentApplication, clock: AgentClock) {
        self.application = application
        self.clock = clock
    }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                var turn = 0
                while true {
                    reportHealth()
                    if turn % 5 == 0 {
                        gauges.record(application)
                        await application.forwarder?.measure()
                    }
                    if turn % 60 == 59 { await maintainStore() }
                    // After a burst most of what it took is empty again; the C library would keep it.
                    if turn % 60 == 30 { lastword_release_empty_pages() }
                    // More than half of what the start mapped of the program is not needed again, and the kernel takes it
                    // back under pressure alone.
                    if turn % 300 == 3 { _ = lastword_release_program_pages() }
                    turn += 1
                    try await Task.sleep(for: .seconds(1))
                }
            }
        } catch is CancellationError {
            return
        }
    }

    private func reportHealth() {
        let health = application.health
        switch application.runtime.health {
        case .connecting: break
        case .live: health.report(HealthState.Part.runtime, .ok)
        case .lost(let reason): health.report(HealthState.Part.runtime, .failing(reason))
        }
        if let status = application.pods?.status {
            if status.isAvailable {
                health.report(HealthState.Part.pods, .ok)
            } else if let trouble = status.trouble {
                health.report(HealthState.Part.pods, .failing(trouble))
            }
        } else {
            health.report(HealthState.Part.pods, .ok)
        }
        if let condition = application.journalCondition { health.report(HealthState.Part.journal, condition) }
        if let forwarder = application.forwarder {
            health.report(
                HealthState.Part.delivery,
                forwarder.status.trouble.map { .failing("nothing is delivered: \($0)") } ?? .ok)
        }
        // While it fails, the writer says so itself; here only that it is open and idle.
        if application.store.counters.failing == nil { health.report(HealthState.Part.store, .ok) }
        health.report(HealthState.Part.pins, application.keeper.degradation.map { .failing($0.description) } ?? .ok)
    }

    private func maintainStore() async {
        let limits = RetentionLimits(
            maxBytes: Int64(application.configuration.store.maxBytes.bytes),
            maxAge: application.configuration.store.maxAge)
        do {
            let stores = application.stores
            while let outcome = try await application.writer.perform({
                try stores.perform { try $0.enforceRetention(limits) }
            }) {
                // It has written an entry of its own, past the writer that tells of others.
                application.forwarder?.wake()
                guard outcome.more, !Task.isCancelled else { break }
            }
        } catch {
            application.logger.error(
                "the store could not be maintained", metadata: [LogKey.errorMessage: "\(error)"])
        }
    }
}

/// Numbers that are read off now and then.
private struct MaintenanceGauges: Sendable {
    private let sessions = Gauge(label: "lastword_sessions_open")
    private let gaps = Gauge(label: "lastword_gaps_open")
    private let links = Gauge(label: "lastword_pins")
    private let pinnedBytes = Gauge(label: "lastword_pinned_bytes")
    private let descriptors = Gauge(label: "lastword_pin_descriptors")
    private let head = Gauge(label: "lastword_store_head")
    private let backlog = Gauge(label: "lastword_store_queue")
    private let journalReadUpTo = Gauge(label: "lastword_journal_read_up_to_seconds")

    func record(_ application: AgentApplication) {
        sessions.record(application.sessions.openSessions)
        gaps.record(application.sessions.openGaps)
        let pins = application.keeper.statistics
        links.record(pins.links)
        pinnedBytes.record(pins.pinnedBytes)
        descriptors.record(pins.descriptors)
        head.record(application.store.counters.head.number)
        backlog.record(application.writer.backlog)
        if let readUpTo = application.journal?.status.readUpTo {
            journalReadUpTo.record(readUpTo.nanoseconds / 1_000_000_000)
        }
    }
}

extension AgentApplication {
    /// How the journal does; nil while that is not known. That there is none is in order, unless one is asked for.
    fileprivate var journalCondition: HealthState.Condition? {
        guard let status = journal?.status else { return .ok }
        let trouble = status.trouble ?? "it cannot be read"
        return switch status.state {
        case .starting, .catchingUp: nil
        case .live: status.trouble.map { .failing($0) } ?? .ok
        case .lost: .failing(trouble)
        case .absent:
            configuration.journal.source == .auto && trouble == JournalInventory.nothing ? .ok : .failing(trouble)
        }
    }
}
