// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// The real `lastword-collector` as a process on loopback, its own commands, and the real `lastword` asking it.
package final class CollectorProcess: Sendable {
    /// PEM files: what it shows, and by which authority clients know it.
    package struct Identity: Sendable {
        package let certificate: String
        package let key: String
        package let authority: String

        package init(certificate: String, key: String, authority: String) {
            self.certificate = certificate
            self.key = key
            self.authority = authority
        }

        /// Writes these PEM texts into files of `directory`.
        package init(in directory: String, certificate: String, key: String, authority: String) throws {
            func file(_ name: String, _ text: String) throws -> String {
                try Files.write(text, to: directory + "/" + name, mode: 0o600)
                return directory + "/" + name
            }
            self.init(
                certificate: try file("server.crt", certificate), key: try file("server.key", key),
                authority: try file("ca.crt", authority))
        }
    }

    package let store: String
    package let logFile: String
    package let port: Int
    package let statusPort: Int
    package let identity: Identity
    private let flags: [String]
    private let child = Mutex<ChildProcess?>(nil)

    /// - Parameter directory: where its store and its log are; kept over restarts.
    package init(directory: String, identity: Identity, flags: [String] = []) throws {
        store = directory + "/store"
        logFile = directory + "/collector.log"
        port = try HTTPProbe.freePort()
        statusPort = try HTTPProbe.freePort()
        self.identity = identity
        self.flags = flags
    }

    package var url: String { "https://127.0.0.1:\(port)" }
    package var process: ChildProcess? { child.withLock { $0 } }

    /// Starts it and waits until `/readyz` says yes.
    package func start() async throws {
        let program = try BuildProducts.path("lastword-collector")
        let started = try ChildProcess.start(
            [
                program, "--server-listen", "127.0.0.1:\(port)", "--tls-certificate-file", identity.certificate,
                "--tls-key-file", identity.key, "--store-directory", store, "--http-listen", "127.0.0.1:\(statusPort)",
            ] + flags, environment: Self.environment, output: .file(logFile))
        child.withLock { $0 = started }
        try await waitUntil(limit: .seconds(60), "the collector is ready") {
            guard started.isRunning else { throw RigError.failed("the collector ended: \(self.logTail)") }
            return HTTPProbe.get(port: self.statusPort, path: "/readyz")?.status == 200
        }
    }

    /// SIGTERM, and waits for the end.
    @discardableResult
    package func stop(limit: Duration = .seconds(20)) async throws -> ChildProcess.Ending? {
        try await process?.terminate(limit: limit)
    }

    package func kill() async throws {
        _ = try await process?.kill()
    }

    /// Has it make a token, and puts that into a file of this path.
    package func makeToken(_ arguments: [String], at path: String) async throws {
        let made = try await run(["token", "create"] + arguments)
        guard made.succeeded else { throw RigError.failed("no token was made: \(made.errorText)") }
        let token = made.text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("lwt_") }
        guard let token else { throw RigError.failed("no token in: \(made.text)") }
        try Files.write(Array((token + "\n").utf8), to: path, mode: 0o600)
    }

    /// One of the collector's own commands, which go to the running one through the socket in its store.
    package func run(_ arguments: [String]) async throws -> CommandResult {
        try await ChildProcess.run(
            [try BuildProducts.path("lastword-collector")] + arguments + ["--store-directory", store],
            environment: Self.environment)
    }

    /// Runs `lastword --collector` with the token in this file.
    package func lastword(_ arguments: [String], tokenFile: String) async throws -> CommandResult {
        var environment = Self.environment
        environment["LASTWORD_COLLECTOR"] = url
        environment["LASTWORD_COLLECTOR_TOKEN_FILE"] = tokenFile
        environment["LASTWORD_COLLECTOR_CA_FILE"] = identity.authority
        return try await ChildProcess.run(
            [try BuildProducts.path("lastword")] + arguments, environment: environment)
    }

    package var logTail: String {
        let text = (try? Files.read(logFile)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    /// Nothing of the machine's own settings reaches it.
    private static let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SWIFT_BACKTRACE": "enable=no"]
}
