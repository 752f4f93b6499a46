// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import TestSupport

/// The collector of the demo, with certificates of a CA of its own, a token for the agent and one for a reader, and an
/// rsyslog that it tells of everything.
struct DemoCollector {
    let process: CollectorProcess
    let agentToken: String
    let readerToken: String
    let receiver: DemoReceiver?

    static func start(in directory: String, node: String = "node-1") async throws -> DemoCollector {
        let certificates = try StandInCertificates()
        func file(_ name: String, _ text: String) throws -> String {
            try Files.write(text, to: directory + "/" + name, mode: 0o600)
            return directory + "/" + name
        }
        let identity = CollectorProcess.Identity(
            certificate: try file("server.crt", certificates.server),
            key: try file("server.key", certificates.serverKey),
            authority: try file("ca.crt", certificates.authority))
        let receiver = try await DemoReceiver.start(
            in: directory, certificate: identity.certificate, key: identity.key, authority: identity.authority)
        let settings = try receiver.map { receiver in
            ["--config", try file("collector.yaml", receiver.outputs(authority: identity.authority))]
        }
        let process = try CollectorProcess(directory: directory, identity: identity, flags: settings ?? [])
        let made = DemoCollector(
            process: process, agentToken: directory + "/agent.token", readerToken: directory + "/reader.token",
            receiver: receiver)
        do {
            try await process.start()
            try await process.makeToken(["--role", "agent", "--node", node, "--name", node], at: made.agentToken)
            try await process.makeToken(["--role", "reader", "--name", "demo"], at: made.readerToken)
        } catch {
            try await made.stop()
            throw error
        }
        return made
    }

    func stop() async throws {
        _ = try await process.stop()
        try await receiver?.stop()
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
