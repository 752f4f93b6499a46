// SPDX-License-Identifier: Apache-2.0
package import CollectorStore
package import ConfigurationReading
package import HealthReporting
import HummingbirdCore
import HummingbirdHTTP2
package import Logging
import NIOCore
import NIOPosix
import SIEMOutputs
import SQLiteStore
package import ServiceLifecycle
package import SessionRecords
import Telemetry
package import UnixSignals

/// The collector, wired: store ← ingest and queries ← HTTP, and what watches over them.
///
/// Building it opens the store and reads certificates: what makes a start impossible is thrown, each a `LastwordError`
/// with its remedy.
package final class CollectorApplication: Sendable {
    package static let version = ProductVersion.current
    /// How long a stop may take: requests that are not answered by then are cut off, and are sent again.
    package static let drainLimit: Duration = .seconds(10)

    package let configuration: CollectorConfiguration
    package let health = HealthState()
    package let store: CollectorStore
    private let service: HTTPService
    /// What is served.
    var routes: RouteTable { service.routes }
    private let keys: ServiceAccountKeys?
    private let heartbeat = Heartbeat()
    private let tls: (files: TLSFiles, mark: TLSFiles.Mark, current: SecureChannel.Current)?
    private let logger: Logging.Logger
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - metrics: in Prometheus' text format.
    ///   - now: the wall clock, for receipts and for the validity of tokens.
    package init(
        configuration: CollectorConfiguration, logger: Logging.Logger, metrics: @escaping @Sendable () -> String,
        now: @escaping @Sendable () -> Timestamp = { WallClock.now() }
    ) throws {
        self.configuration = configuration
        self.logger = logger
        self.now = now
        health.register(HealthState.Part.listener)
        health.register(HealthState.Part.store)
        var options = CollectorStoreOptions(clock: now)
        options.lockTimeout = configuration.store.lockTimeout
        // Read before the store is opened: a wrong certificate must not leave a store behind.
        let secure = try configuration.tls.map { settings in
            let files = TLSFiles(settings)
            let mark = files.mark
            return (files: files, mark: mark, configuration: try files.configuration())
        }
        store = try CollectorStore.open(directory: configuration.store.directory, options: options)
        keys = configuration.serviceAccounts.map { ServiceAccountKeys($0.keys) }
        let pages = HealthPages(state: health, isAlive: { [heartbeat] in heartbeat.isAlive }, metrics: metrics)
        do {
            let service = try Self.service(configuration, store, keys, pages, logger, now: now)
            self.service = service
            tls = try secure.map { secure in
                let current = try SecureChannel.Current(
                    secure.configuration,
                    HTTP2UpgradeChannel.Configuration(
                        idleTimeout: configuration.limits.requestTimeout, gracefulCloseTimeout: Self.drainLimit / 2,
                        streamConfiguration: Self.http1(configuration))
                ) { try await service.respond(to: $0, writer: $1, channel: $2) }
                return (secure.files, secure.mark, current)
            }
        } catch {
            try store.close()
            throw error
        }
        if keys != nil { health.register(HealthState.Part.keys, isRequired: false) }
        if tls != nil {
            health.register(HealthState.Part.certificates, isRequired: false)
            health.report(HealthState.Part.certificates, .ok)
        }
        if case .replaced(let file, let reason) = store.opening {
            logger.error(
                "the store was damaged and has been set aside; a new one begins",
                metadata: [LogKey.filePath: "\(file)", LogKey.reason: "\(reason)"])
        }
    }

    private static func service(
        _ configuration: CollectorConfiguration, _ store: CollectorStore, _ keys: ServiceAccountKeys?,
        _ health: HealthPages, _ logger: Logging.Logger, now: @escaping @Sendable () -> Timestamp
    ) throws -> HTTPService {
        let ingest = IngestHandler(
            store: store, limits: configuration.limits,
            budget: MemoryBudget(limit: configuration.limits.memory.bytes), now: now, logger: logger)
        var serviceAccounts: ServiceAccountTokens?
        if let settings = configuration.serviceAccounts, let keys {
            serviceAccounts = ServiceAccountTokens(settings: settings, keys: keys, now: now)
        }
        let authenticator = Authenticator(
            isRequired: configuration.auth.isRequired, store: store, serviceAccounts: serviceAccounts,
            failures: FailedLogins(
                limit: configuration.auth.failureLimit, window: configuration.auth.failureWindow),
            pageSessions: PageSessions(
                lifetime: configuration.pages.sessionLifetime, isSecure: configuration.tls != nil),
            logger: logger)
        let pages =
            configuration.pages.isEnabled
            ? PageRoutes(
                try PageService(store: store, authenticator: authenticator, version: version, now: now, logger: logger))
            : nil
        return HTTPService(
            routes: RouteTable(
                ingest: ingest, store: store, health: health, version: version,
                admin: AdminHandlers(store: store, logger: logger), pages: pages),
            authenticator: authenticator, bodyTimeout: configuration.limits.requestTimeout, logger: logger)
    }

    private static func http1(_ configuration: CollectorConfiguration) -> HTTP1Channel.Configuration {
        .init(
            idleTimeout: TimeAmount(configuration.limits.requestTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 32 * 1024, maxHeaderListSize: 64 * 1024, maxHeaderFieldCount: 100))
    }

    /// Whether requests can get on: what `/healthz` and systemd's watchdog ask.
    package var isAlive: Bool { heartbeat.isAlive }

    // MARK: Running

    /// Runs until one of the signals or cancellation, then drains: the listener first, the store last.
    ///
    /// - Parameter started: gets the address that was bound, for port 0.
    package func run(
        signals: [UnixSignal] = [.sigterm, .sigint], services: [any Service] = [],
        started: @escaping @Sendable (ListenAddress) -> Void = { _ in }
    ) async throws {
        defer { close() }
        // Stopped in reverse.
        var all = services + [heartbeat]
        all.append(UpkeepService(store: store, settings: configuration.store, health: health, logger: logger))
        for runner in try await outputs() { all.append(runner) }
        if let keys, let settings = configuration.serviceAccounts {
            all.append(KeyRefreshService(keys: keys, interval: settings.refresh, health: health, logger: logger))
        }
        if let tls {
            all.append(
                CertificateWatcher(
                    files: tls.files, mark: tls.mark, current: tls.current, health: health, logger: logger))
        }
        all.append(
            ControlServer(
                directory: configuration.controlDirectory, socket: configuration.controlSocket,
                administration: Administration(store: store), logger: quiet))
        all.append(ListenerService(server: listener(started), address: configuration.server.listen))
        var group = ServiceGroupConfiguration(
            services: all.map {
                .init(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            }, gracefulShutdownSignals: signals, logger: logger)
        group.maximumGracefulShutdownDuration = Self.drainLimit
        try await ServiceGroup(configuration: group).run()
    }

    /// Each with its mark made: what is taken in from now on is behind it.
    private func outputs() async throws -> [OutputRunner] {
        var runners: [OutputRunner] = []
        for settings in configuration.outputs {
            let runner = OutputRunner(settings: settings, store: store, health: health, logger: logger, now: now)
            try await runner.prepare()
            runners.append(runner)
        }
        return runners
    }

    private func listener(_ started: @escaping @Sendable (ListenAddress) -> Void) -> any Service {
        let address = configuration.server.listen
        let settings = ServerConfiguration(
            address: .hostname(address.host, port: address.port),
            availableConnectionsDelegate: MaximumAvailableConnections(
                configuration.server.maxConnections, logger: logger))
        let onServerRunning: @Sendable (any Channel) async -> Void = { [health, logger] channel in
            let bound = ListenAddress(
                host: channel.localAddress?.ipAddress ?? address.host, port: channel.localAddress?.port ?? address.port)
            health.report(HealthState.Part.listener, .ok)
            logger.info("listening", metadata: [LogKey.serverAddress: "\(bound)"])
            started(bound)
        }
        let group = MultiThreadedEventLoopGroup.singleton
        guard let tls else {
            let service = self.service
            return HTTP1Channel(
                responder: { try await service.respond(to: $0, writer: $1, channel: $2) },
                configuration: Self.http1(configuration)
            ).server(
                configuration: settings, onServerRunning: onServerRunning, eventLoopGroup: group, logger: quiet)
        }
        return SecureChannel(current: tls.current).server(
            configuration: settings, onServerRunning: onServerRunning, eventLoopGroup: group, logger: quiet)
    }

    /// The HTTP server's own lines are of no use beside ours, but for its failures.
    private var quiet: Logging.Logger {
        var logger = self.logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    /// Lets go of the store; what waits to be committed is committed first.
    package func close() {
        do {
            try store.close()
        } catch {
            logger.error("the store could not be closed", metadata: [LogKey.errorMessage: "\(error)"])
        }
    }
}
