// SPDX-License-Identifier: Apache-2.0
import AgentStore
package import ArgumentParser
import CSystemCalls
import ConfigurationReading
import HealthReporting
import Logging
import Metrics
import ServiceLifecycle
import SessionRecords
import Telemetry

/// `lastword-agent`: runs the agent; `lastword-agent check` proves configuration and access first.
///
/// Exit codes: 0 stopped as asked, 1 a check failed, 2 it could not start.
package struct AgentCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lastword-agent", abstract: "Record the debug containers of this node.",
        discussion: """
            Settings come from flags, LASTWORD_… variables, /etc/lastword/agent.yaml and built-in defaults, in this \
            order; docs/configuration.md lists them, and `lastword-agent settings` prints those in effect.
            """,
        version: AgentApplication.version, subcommands: [Run.self, Check.self, Settings.self, CompletionCommand.self],
        defaultSubcommand: Run.self)

    package init() {}

    package struct Run: AsyncParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Run until SIGTERM (the default).")

        @Argument(parsing: .allUnrecognized, help: "Settings as flags, such as --runtime-socket PATH.")
        var settings: [String] = []

        package init() {}

        package func run() async throws {
            lastword_share_heaps()
            let configuration = try SettingsLoader.load(settings)
            LoggingSetup.bootstrap(
                level: configuration.log.level.severity, format: configuration.log.format == .json ? .json : .text,
                environment: ProcessEnvironment.variables)
            let registry = PrometheusRegistry(describedBy: MetricCatalogue.all)
            MetricsSystem.bootstrap(registry)
            let logger = Logger(label: "lastword-agent")
            do {
                let agent = try await AgentApplication(
                    configuration: configuration, environment: ProcessEnvironment.variables, logger: logger)
                logger.info(
                    "agent started",
                    metadata: [
                        LogKey.serviceVersion: "\(AgentApplication.version)",
                        LogKey.nodeName: "\(configuration.node.name)", LogKey.ledgerID: "\(agent.store.ledger)",
                    ])
                try await agent.run(services: Self.surroundings(agent, registry, logger))
                logger.info("agent stopped")
            } catch {
                throw SettingsLoader.refuse("\(error)")
            }
        }

        private static func surroundings(
            _ agent: AgentApplication, _ registry: PrometheusRegistry, _ logger: Logger
        ) -> [any Service] {
            let process = ProcessMetrics()
            var services: [any Service] = [RefusedAgainService(forwarder: agent.forwarder, logger: logger)]
            if let address = agent.configuration.http.listen {
                let pages = HealthPages(
                    state: agent.health, isAlive: { agent.isAlive },
                    metrics: { registry.exposition() + process.exposition() })
                services.append(HealthEndpoint(address: address, pages: pages, logger: logger))
            }
            services.append(
                ServiceManagerNotifier(
                    status: { "\(agent.health.summary); \(agent.sessions.openSessions) sessions open" },
                    isAlive: { agent.isAlive }, logger: logger))
            return services
        }
    }

    package struct Settings: ParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "settings", abstract: "Print every setting in effect and where it comes from.")

        @Argument(parsing: .allUnrecognized, help: "Settings as flags.")
        var settings: [String] = []

        package init() {}

        package func run() throws {
            print(try SettingsLoader.load(settings).rendered)
        }
    }

    package struct Check: AsyncParsableCommand {
        package static let configuration = CommandConfiguration(
            commandName: "check",
            abstract:
                "Prove the configuration and the node's access: store, log pins, runtime, pod source, journal, delivery.",
            discussion: """
                It also says when tokens end, whether the clock is kept right, and whether SELinux confines the agent. \
                Exit codes: 0 all in order, warnings included, 1 a check failed, 2 the configuration is wrong.
                """)

        @Option(name: .customLong("format"), help: "text or jsonl.")
        var format: Format = .text

        @Argument(parsing: .allUnrecognized, help: "Settings as flags.")
        var settings: [String] = []

        package enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
            case text, jsonl
        }

        package init() {}

        package func run() async throws {
            let configuration = try SettingsLoader.load(settings)
            let results = await NodeChecks(
                configuration: configuration, environment: ProcessEnvironment.variables
            ).run()
            for result in results {
                print(format == .text ? result.text : result.json.compact)
            }
            if results.contains(where: { $0.failure != nil }) { throw ExitCode(1) }
        }
    }
}

/// Loads the configuration for a command, and ends it with exit code 2 where that is wrong.
enum SettingsLoader {
    static func load(_ arguments: [String]) throws -> AgentConfiguration {
        do {
            return try AgentConfiguration.load(arguments: arguments, environment: ProcessEnvironment.variables)
        } catch {
            throw refuse("\(error)")
        }
    }

    static func refuse(_ text: String) -> ExitCode {
        StandardError.write(refusal: text)
        return ExitCode(2)
    }
}

extension AgentConfiguration.Log.Level {
    /// The same names as swift-log's.
    fileprivate var severity: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}
