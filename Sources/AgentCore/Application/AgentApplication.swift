// SPDX-License-Identifier: Apache-2.0
package import AgentStore
import ConfigurationReading
package import Forwarding
import Glibc
package import HealthReporting
import JournalSource
package import Logging
import PodSource
package import RuntimeSource
package import ServiceLifecycle
import SessionRecords
package import SessionTracking
import Synchronization
import TailCapture
import Telemetry
package import UnixSignals

/// The agent, wired: sources → session service → store, and what watches over them.
///
/// Building it opens the store and the pin directory, and so throws what makes a start impossible: each a
/// `LastwordError` with its remedy. Once it runs, nothing outside ends it: what is missing is reconnected to for ever,
/// and `/readyz` says which part is not in order.
package final class AgentApplication: Sendable {
    package static let version = ProductVersion.current
    /// How long a stop may take: then what is not finished is left to the next start.
    package static let drainLimit: Duration = .seconds(10)

    package let configuration: AgentConfiguration
    package let health = HealthState()
    package var store: AgentStore { stores.current }
    package let sessions: SessionService
    package let runtime: RuntimeSource
    let pods: (any PodSource)?
    /// Nil where nothing is forwarded.
    package let forwarder: Forwarder?
    let journal: JournalSource?
    let keeper: LogKeeper
    let stores: CurrentStore
    let writer: StoreWriter
    let logger: Logger
    private let clock: AgentClock
    private let resumed: [(session: Session, facts: SessionFacts)]
    private let pinsFound: [ContainerID]
    /// When the runtime was let out of sight; nil while it is watched.
    private let watchedUntil = Mutex<Timestamp?>(nil)

    /// - Parameters:
    ///   - environment: for the in-cluster credentials.
    ///   - identity: of machine and boot; nil: as the running system has them.
    ///   - committed: told of each group of facts right after it became durable; for benchmarks.
    package init(
        configuration: AgentConfiguration, environment: [String: String], logger: Logger, clock: AgentClock = .system,
        identity: NodeIdentity? = nil, committed: @escaping @Sendable ([Commit]) -> Void = { _ in }
    ) async throws {
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        for part in [HealthState.Part.runtime, HealthState.Part.store] { health.register(part) }
        // Without them sessions are recorded all the same: by the runtime's word, and from descriptors held open.
        for part in [HealthState.Part.pods, HealthState.Part.pins, HealthState.Part.journal] {
            health.register(part, isRequired: false)
        }
        if configuration.forward.endpoint != nil { health.register(HealthState.Part.delivery, isRequired: false) }

        let identity = identity ?? NodeIdentity.read(node: configuration.node.name)
        let open = Self.opener(configuration, identity, clock)
        let opener = FileWorker(label: "lastword.opening")
        let (opened, keeper) = try await opener.attempt { [configuration] in
            let deadline = ContinuousClock.now + configuration.store.lockTimeout
            let store = try open(nil)
            do {
                return (store, try Self.openPins(configuration.logKeeper, until: deadline))
            } catch {
                // The store was opened for nothing; that it may fail to close adds nothing to the error that counts.
                try? store.close()
                throw error
            }
        }
        self.keeper = keeper
        let store = opened
        let stores = CurrentStore(store, logger: logger, open: open) { try $0.agentStarted(version: Self.version) }
        self.stores = stores
        let announcer =
            configuration.journal.entry
            ? SessionAnnouncer(socketPath: configuration.journal.socket, logger: logger) : nil
        let bell = DeliveryBell()
        writer = StoreWriter(health: health, logger: logger) { commits in
            let (entries, ledger) = try stores.perform { (try $0.commit(commits), $0.ledger) }
            announcer?.announce(commits, entries, ledger: ledger)
            committed(commits)
            bell.ring()
        }
        forwarder = try Self.forwarder(configuration, stores, writer, clock: clock, logger: logger)
        bell.hang(forwarder)
        runtime = RuntimeSource(configuration: configuration.runtimeSource, clock: clock, logger: logger)
        let cursor = try store.cursor(of: .journal)
        journal = configuration.journalSource.map {
            JournalSource(configuration: $0, cursor: cursor, clock: clock, logger: logger)
        }
        pods = try configuration.podSource(environment: environment).makeSource(logger: logger, clock: clock)
        var settings = configuration.tracker
        settings.bootID = identity.bootID
        var tracker = SessionTracker(configuration: settings)
        try Self.beginRun(store, &tracker, clock: clock, logger: logger)
        resumed = try store.openSessions().compactMap { session, facts in
            guard let facts else {
                logger.warning(
                    "an open session of an earlier version cannot be gone on with",
                    metadata: [LogKey.sessionID: "\(session.id)"])
                return nil
            }
            return (session, facts)
        }
        let start = clock.now()
        tracker.ignore(
            try store.settledContainers(since: start.wall.advanced(byNanoseconds: -configuration.tracker.podMemory)),
            receipt: start)
        pinsFound = keeper.pinnedContainers()
        sessions = SessionService(
            tracker: tracker, effects: Self.effects(runtime, keeper, logger: logger), writer: writer, clock: clock,
            logger: logger)
    }

    /// Opens the store; with a reason, one that is to be set aside whatever it looks like.
    private static func opener(
        _ configuration: AgentConfiguration, _ identity: NodeIdentity, _ clock: AgentClock
    ) -> @Sendable (_ damage: String?) throws -> AgentStore {
        { damage in
            try AgentStore.open(
                directory: configuration.store.directory,
                identity: identity,
                options: StoreOptions(
                    lockTimeout: configuration.store.lockTimeout, damage: damage, clock: { clock.now().wall }))
        }
    }

    /// An agent that is being replaced lets go of its store first and of its pins a moment later.
    private static func openPins(
        _ configuration: LogKeeperConfiguration, until deadline: ContinuousClock.Instant
    ) throws -> LogKeeper {
        while true {
            let attempt = Result { () throws(LastwordError) in try LogKeeper(configuration: configuration) }
            guard case .failure(let error) = attempt, error.code == "pins.locked", ContinuousClock.now < deadline else {
                return try attempt.get()
            }
            usleep(50_000)
        }
    }

    /// Notes the start, and opens the gap that our absence was.
    private static func beginRun(
        _ store: AgentStore, _ tracker: inout SessionTracker, clock: AgentClock, logger: Logger
    ) throws {
        if case .replaced(let predecessor, let reason) = store.opening {
            logger.error(
                "the store was damaged and has been set aside; a new ledger begins",
                metadata: [LogKey.filePath: "\(predecessor.file)", LogKey.reason: "\(reason)"])
        }
        let open = try store.openGaps()
        for gap in open {
            if let source = SourceName(rawValue: gap.source) { tracker.resumeGap(gap, source: source) }
        }
        // A run that ended before it had closed the gap: the absence before it goes on.
        let goesOn = open.contains { $0.source == SourceName.agent.rawValue }
        let absence = goesOn ? nil : try store.lastRun().map { gap(since: $0, bootID: store.identity.bootID) }
        try store.agentStarted(version: version, absence: absence)
        guard let absence else { return }
        SessionMetrics().record(.gap(absence))
        tracker.resumeGap(absence, source: .agent)
    }

    /// The interval since that run in which nobody was watching, and why.
    private static func gap(since last: AgentRun, bootID: String?) -> Gap {
        var reason = last.stoppedAt == nil ? "agent ended without a stop" : "agent stopped"
        if let before = last.bootID, let bootID, before != bootID { reason = "node rebooted" }
        return Gap(
            source: SourceName.agent.rawValue, openedAt: last.watchedUntil, reason: reason)
    }

    private static func effects(
        _ runtime: RuntimeSource, _ keeper: LogKeeper, logger: Logger
    ) -> SessionEffects {
        SessionEffects(
            describe: { runtime.requestDescription(of: $0) }, askStatus: { runtime.requestStatus(of: $0) },
            pin: { id, path in
                switch keeper.pin(id, logPath: path) {
                case .held(let by): .held(by)
                case .absent: .absent
                case .refused(let why):
                    refused(why, id, logger)
                }
            },
            release: { keeper.release($0) }, capture: { keeper.capture($0, logPath: $1) },
            mark: { keeper.mark($0) })
    }

    private static func refused(_ why: String, _ id: ContainerID, _ logger: Logger) -> LogPin {
        logger.warning(
            "a log was not pinned", metadata: [LogKey.containerID: "\(id)", LogKey.reason: "\(why)"])
        return .refused(why)
    }

    // MARK: Running

    /// Runs until one of the signals or cancellation, then drains: sources first, the store last.
    package func run(
        signals: [UnixSignal] = [.sigterm, .sigint], services: [any Service] = []
    ) async throws {
        defer { close() }
        let group = ServiceGroup(configuration: groupConfiguration(signals: signals, services: services))
        try await group.run()
    }

    /// The group for a caller that wants to stop it itself; `close` is then the caller's too.
    package func makeGroup(services: [any Service] = []) -> ServiceGroup {
        ServiceGroup(configuration: groupConfiguration(signals: [], services: services))
    }

    private func groupConfiguration(
        signals: [UnixSignal], services: [any Service]
    ) -> ServiceGroupConfiguration {
        // Stopped in reverse: first what lets facts in, last what makes them durable.
        var all: [any Service] = services
        if let forwarder { all.append(ForwarderService(forwarder: forwarder)) }
        all.append(WriterService(writer: writer))
        all.append(SessionLoop(sessions: sessions, resumed: resumed, pinsFound: pinsFound, clock: clock))
        all.append(MaintenanceService(application: self, clock: clock))
        all.append(LogKeeperService(keeper: keeper, sessions: sessions, clock: clock))
        if let journal {
            all.append(
                JournalPump(source: journal, sessions: sessions, writer: writer, stores: stores, logger: logger))
        }
        if let pods { all.append(PodPump(source: pods, sessions: sessions)) }
        all.append(
            RuntimePump(source: runtime, pods: pods, sessions: sessions, clock: clock) {
                self.watchedUntil.withLock { $0 = self.clock.now().wall }
            })
        // One that cannot go on ends the others in their order, so that nothing is left unwritten: cancelled, they would
        // drop what they have.
        var configuration = ServiceGroupConfiguration(
            services: all.map {
                .init(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            }, gracefulShutdownSignals: signals, logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.drainLimit
        return configuration
    }

    /// Notes the stop and lets go of the store.
    package func close() {
        do {
            try store.agentStopped(watchedUntil: watchedUntil.withLock { $0 })
            try store.close()
        } catch {
            logger.error("the stop could not be recorded", metadata: [LogKey.errorMessage: "\(error)"])
        }
    }

    /// Whether the session loop gets on: what the watchdog and `/healthz` ask.
    package var isAlive: Bool { sessions.stalledFor < 15_000_000_000 }
}
