// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Forwarding
import Glibc
import JournalSource
import Logging
import PodSource
import RuntimeSource
package import SessionRecords
import SessionTracking
import SystemJournal
import TailCapture

/// One thing that was tried, and what came of it.
package struct NodeCheck: Sendable {
    package let name: String
    /// What was found, where it is in order.
    package let finding: String
    package let failure: LastwordError?
    /// Works, but somebody should know; no reason not to start.
    package var warning: LastwordError?

    var text: String {
        if let failure { return "FAIL  \(name): \(failure)" }
        if let warning { return "warn  \(name): \(warning)" }
        return "ok    \(name): \(finding)"
    }

    var json: JSONValue {
        var object = JSONObject([("check", .string(name)), ("ok", .bool(failure == nil))])
        if failure == nil, warning != nil { object["warning"] = .bool(true) }
        if let told = failure ?? warning {
            object["code"] = .string(told.code)
            object["message"] = .string(told.description)
            object["remedy"] = told.remedy.map(JSONValue.string)
        } else {
            object["message"] = .string(finding)
        }
        return .object(object)
    }
}

/// Tries everything that the agent will need of the node, as the agent would use it.
package struct NodeChecks: Sendable {
    let configuration: AgentConfiguration
    let environment: [String: String]
    let surroundings: CheckSurroundings

    package init(
        configuration: AgentConfiguration, environment: [String: String], surroundings: CheckSurroundings = .system
    ) {
        self.configuration = configuration
        self.environment = environment
        self.surroundings = surroundings
    }

    package func run() async -> [NodeCheck] {
        [
            check("store") { try storeAccess() },
            check("log pins") { try trialLink() },
            await check("runtime") { try await runtimeAccess() },
            await check("pod source") { try await podAccess() },
            check("journal") { try journalAccess() },
            await check("delivery") { try await deliveryAccess() },
            check("tokens") { try tokenLives() },
            surroundings.clock(),
            surroundings.confinement(),
        ]
    }

    private func storeAccess() throws -> String {
        let directory = configuration.store.directory
        try AgentStore.trialAccess(directory: directory)
        return "\(directory) can be written"
    }

    private func trialLink() throws -> String {
        let trial = try LogKeeper.trial(configuration.logKeeper).get()
        return "\(trial.pinDirectory) and \(trial.podLogsDirectory): \(trial.evidence.rawValue)"
    }

    private func runtimeAccess() async throws -> String {
        let version = try await RuntimeSource.trialConnection(configuration.runtimeSource)
        return "\(version.name) \(version.version) at \(configuration.runtime.socket)"
    }

    private func podAccess() async throws -> String {
        let source = try configuration.podSource(environment: environment)
            .makeSource(logger: Logger(label: "check", factory: { _ in SwiftLogNoOpLogHandler() }))
        guard let source else { return "none configured: names come from the runtime's labels" }
        try await source.trialAccess()
        return "pods of node \(configuration.node.name) can be listed"
    }

    private func journalAccess() throws -> String {
        let without = "what ends while the agent is down cannot be recovered from it"
        guard let source = configuration.journalSource else { return "off: \(without)" }
        switch Result(catching: { () throws(LastwordError) in try JournalSource.trialAccess(source) }) {
        case .success(let trial):
            let lines = trial.lastLines.keys.sorted().joined(separator: ", ")
            return "\(source.place), \(trial.inventory.readable) files"
                + (lines.isEmpty ? "" : ", with lines of \(lines)")
                + (trial.remark.map { "; \($0)" } ?? "")
        case .failure(let error):
            guard error.code == "journal.absent", configuration.journal.source == .auto else { throw error }
            return "none at \(source.place): \(without)"
        }
    }

    private func deliveryAccess() async throws -> String {
        guard let forwarding = configuration.forwarding else { return "off: entries stay on the node" }
        try await forwarding.trial { AgentClock.system.now().wall }
        let words = forwarding.endpoint.isEncrypted || forwarding.endpoint.isLoopback ? "" : ", unencrypted"
        return "\(forwarding.endpoint.url) answers\(words)"
    }

    /// What the receiver and the API server would refuse without a reason.
    private func tokenLives() throws -> String {
        let now = AgentClock.system.now().wall
        let lives = tokenFiles.compactMap { TokenLife(file: $0) }
        if let ended = lives.first(where: { $0.hasEnded(now) }) { throw ended.failure(now) }
        return lives.isEmpty
            ? "none that says when it ends" : lives.map { "\($0.file) until \($0.end)" }.joined(separator: ", ")
    }

    private var tokenFiles: [String] {
        let pods = configuration.pods
        let forPods: String? =
            switch pods.source {
            case .none: nil
            case .kubelet: pods.kubelet.tokenFile ?? AgentConfiguration.serviceAccountToken
            case .api where pods.kubeconfig != nil: nil
            case .api: pods.server == nil ? AgentConfiguration.serviceAccountToken : pods.tokenFile
            }
        return [forPods, configuration.forwarding == nil ? nil : configuration.forward.tokenFile].compactMap { $0 }
    }

    private func check(_ name: String, _ attempt: () throws -> String) -> NodeCheck {
        do {
            return NodeCheck(name: name, finding: try attempt(), failure: nil)
        } catch {
            return NodeCheck(name: name, finding: "", failure: Self.named(error, name))
        }
    }

    private func check(_ name: String, _ attempt: () async throws -> String) async -> NodeCheck {
        do {
            return NodeCheck(name: name, finding: try await attempt(), failure: nil)
        } catch {
            return NodeCheck(name: name, finding: "", failure: Self.named(error, name))
        }
    }

    private static func named(_ error: any Error, _ name: String) -> LastwordError {
        error as? LastwordError
            ?? LastwordError(code: "check.\(name)", message: "the check of \(name) failed", cause: error)
    }
}
