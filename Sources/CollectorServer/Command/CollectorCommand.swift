// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
import ConfigurationReading
import HealthReporting
import Logging
import Metrics
import ServiceLifecycle
import SessionRecords
import Telemetry

/// `lastword-collector`: runs the collector, and administers its store.
///
/// Exit codes: 0 done, or stopped as asked; 1 nothing found, or a check failed; 2 an error, or it could not start.
package struct CollectorCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lastword-collector", abstract: "Collect and keep what the agents of every node record.",
        discussion: """
            Settings come from flags, LASTWORD_COLLECTOR_… variables, /etc/lastword/collector.yaml and built-in defaults, \
            in this order; docs/collector-configuration.md lists them, and `lastword-collector settings` prints those in \
            effect. The other commands work on the running collector of the same store, or, where none runs, on the store.
            """,
        version: CollectorApplication.version,
        subcommands: [
            Serve.self, Check.self, Settings.self, TokenCommand.self, HoldCommand.self, ReleaseCommand.self,
            EraseCommand.self, BackupCommand.self, RestoreCommand.self, VerifyCommand.self, AuditCommand.self,
            CompletionCommand.self,
        ],
        defaultSubcommand: Serve.self)

    package init() {}

    package struct Serve: AsyncParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "serve", abstract: "Run until SIGTERM (the default).")

        @Argument(parsing: .allUnrecognized, help: "Settings as flags, such as --server-listen 127.0.0.1:4318.")
        package var settings: [String] = []

        package init() {}

        package func run() async throws {
            let configuration = try CollectorSettings.load(settings)
            LoggingSetup.bootstrap(
                level: Logger.Level(rawValue: configuration.log.level.rawValue) ?? .info,
                format: configuration.log.format == .json ? .json : .text, environment: ProcessEnvironment.variables)
            let registry = PrometheusRegistry(describedBy: MetricCatalogue.collector)
            MetricsSystem.bootstrap(registry)
            let process = ProcessMetrics()
            let logger = Logger(label: "lastword-collector")
            do {
                try StoreOwner.check(configuration.store.directory)
                let collector = try CollectorApplication(
                    configuration: configuration, logger: logger,
                    metrics: { registry.exposition() + process.exposition() })
                logger.info(
                    "collector started",
                    metadata: [
                        LogKey.serviceVersion: "\(CollectorApplication.version)",
                        LogKey.filePath: "\(configuration.store.directory)",
                    ])
                try await collector.run(services: Self.surroundings(collector, registry, process, logger))
                logger.info("collector stopped")
            } catch {
                throw CollectorSettings.refuse("\(error)")
            }
        }

        private static func surroundings(
            _ collector: CollectorApplication, _ registry: PrometheusRegistry, _ process: ProcessMetrics,
            _ logger: Logger
        ) -> [any Service] {
            var services: [any Service] = []
            if let address = collector.configuration.http.listen {
                let pages = HealthPages(
                    state: collector.health, isAlive: { collector.isAlive },
                    metrics: { registry.exposition() + process.exposition() })
                services.append(HealthEndpoint(address: address, pages: pages, logger: logger))
            }
            services.append(
                ServiceManagerNotifier(
                    status: { collector.health.summary }, isAlive: { collector.isAlive }, logger: logger))
            return services
        }
    }

    package struct Settings: ParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "settings", abstract: "Print every setting in effect and where it comes from.")

        @Argument(parsing: .allUnrecognized, help: "Settings as flags.")
        package var settings: [String] = []

        package init() {}

        package func run() throws {
            print(try CollectorSettings.load(settings).settings.rendered)
        }
    }

    package struct Check: AsyncParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "check",
            abstract:
                "Prove the configuration: certificates, issuer's keys, the store's directory, the address, the outputs.",
            discussion: "Exit codes: 0 all in order, 1 a check failed, 2 the configuration is wrong.")

        @Argument(parsing: .allUnrecognized, help: "Settings as flags.")
        package var settings: [String] = []

        package init() {}

        package func run() async throws {
            let configuration = try CollectorSettings.load(settings)
            let results = await CollectorChecks(configuration: configuration).run()
            for result in results { print(result.text) }
            if results.contains(where: { $0.failure != nil }) { throw ExitCode(1) }
        }
    }
}

/// Loads the configuration for a command, and ends it with exit code 2 where that is wrong.
enum CollectorSettings {
    static func load(_ arguments: [String]) throws -> CollectorConfiguration {
        do {
            return try CollectorConfiguration.load(arguments: arguments, environment: ProcessEnvironment.variables)
        } catch {
            throw refuse("\(error)")
        }
    }

    static func refuse(_ text: String) -> ExitCode {
        StandardError.write(refusal: text)
        return ExitCode(2)
    }
}
