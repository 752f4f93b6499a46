// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CollectorClient
import SessionRecords

/// Where the collector is and who asks it; flags before environment.
struct CollectorOptions: ParsableArguments {
    /// The names that stand before the command, too, and the variables that stand for them.
    static let variables = [
        "--collector": "LASTWORD_COLLECTOR", "--token-file": "LASTWORD_COLLECTOR_TOKEN_FILE",
        "--ca-file": "LASTWORD_COLLECTOR_CA_FILE", "--certificate-file": "LASTWORD_COLLECTOR_CERTIFICATE_FILE",
        "--key-file": "LASTWORD_COLLECTOR_KEY_FILE",
    ]
    /// A token itself has no flag: everybody on the machine can read a command line.
    static let tokenVariable = "LASTWORD_COLLECTOR_TOKEN"

    @Option(
        help: ArgumentHelp(
            "Ask this collector instead of the node's store. (environment: LASTWORD_COLLECTOR)", valueName: "url"))
    var collector: String?

    @Option(
        help: ArgumentHelp(
            "File with the token for the collector. (environment: LASTWORD_COLLECTOR_TOKEN_FILE, or the token itself in "
                + "LASTWORD_COLLECTOR_TOKEN)", valueName: "path"), completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "CA of the collector's certificate, if it is not the system's. (environment: LASTWORD_COLLECTOR_CA_FILE)",
            valueName: "path"), completion: .file())
    var caFile: String?

    @Option(
        help: ArgumentHelp(
            "Client certificate for the collector. (environment: LASTWORD_COLLECTOR_CERTIFICATE_FILE)",
            valueName: "path"), completion: .file())
    var certificateFile: String?

    @Option(
        help: ArgumentHelp(
            "Key of the client certificate. (environment: LASTWORD_COLLECTOR_KEY_FILE)", valueName: "path"),
        completion: .file())
    var keyFile: String?

    /// The collector that was named by the flag or, with `environment`, by the environment; nil if none was.
    func access(_ context: CommandContext, environment: Bool) -> CollectorAccess? {
        func setting(_ flag: String?, _ name: String) -> String? {
            flag ?? Self.variables[name].flatMap { context.variable($0) }
        }
        guard let url = environment ? setting(collector, "--collector") : collector else { return nil }
        var access = CollectorAccess(url: url)
        if let tokenFile {
            access.token = .file(tokenFile)
        } else if let token = context.variable(Self.tokenVariable) {
            access.token = .text(token)
        } else {
            access.token = setting(nil, "--token-file").map { .file($0) }
        }
        access.authorityFile = setting(caFile, "--ca-file")
        access.certificateFile = setting(certificateFile, "--certificate-file")
        access.keyFile = setting(keyFile, "--key-file")
        return access
    }
}

extension CommandContext {
    /// A variable that is set and not empty.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
