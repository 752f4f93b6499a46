// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import TestSupport

/// The collector of the demo, with certificates of a CA of its own, a token for the agent and one for a reader.
struct DemoCollector {
    let process: CollectorProcess
    let agentToken: String
    let readerToken: String

    static func start(in directory: String, node: String = "node-1") async throws -> DemoCollector {
        let certificates = try StandInCertificates()
        func file(_ name: String, _ text: String) throws -> String {
            try Files.write(text, to: directory + "/" + name, mode: 0o600)
            return directory + "/" + name
        }
        let process = try CollectorProcess(
            directory: directory,
            identity: .init(
                certificate: try file("server.crt", certificates.server),
                key: try file("server.key", certificates.serverKey),
                authority: try file("ca.crt", certificates.authority)))
        try await process.start()
        let made = DemoCollector(
            process: process, agentToken: directory + "/agent.token", readerToken: directory + "/reader.token")
        do {
            try await process.makeToken(["--role", "agent", "--node", node, "--name", node], at: made.agentToken)
            try await process.makeToken(["--role", "reader", "--name", "demo"], at: made.readerToken)
        } catch {
            _ = try await process.stop()
            throw error
        }
        return made
    }

    /// What the agent needs to deliver.
    var agentFlags: [String] {
        [
            "--forward-endpoint", process.url, "--forward-token-file", agentToken, "--forward-ca-file",
            process.identity.authority,
        ]
    }

    /// What a person sets before asking.
    var exports: String {
        """
        $ export LASTWORD_COLLECTOR=\(process.url)
        $ export LASTWORD_COLLECTOR_TOKEN_FILE=\(readerToken)
        $ export LASTWORD_COLLECTOR_CA_FILE=\(process.identity.authority)
        """
    }

    func lastword(_ arguments: [String]) async throws -> CommandResult {
        try await process.lastword(arguments, tokenFile: readerToken)
    }
}
