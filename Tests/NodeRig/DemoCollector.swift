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
        let identity = try CollectorProcess.Identity(
            in: directory, certificate: certificates.server, key: certificates.serverKey,
            authority: certificates.authority)
        let receiver = try await DemoReceiver.start(
            in: directory, certificate: identity.certificate, key: identity.key, authority: identity.authority)
        let settings = try receiver.map { receiver in
            let file = directory + "/collector.yaml"
            try Files.write(receiver.outputs(authority: identity.authority), to: file, mode: 0o600)
            return ["--config", file]
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
