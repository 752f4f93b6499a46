// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// The real `lastword-agent` as a process on a rig's node, and the real `lastword` on its store.
package final class AgentProcess: Sendable {
    /// What the agent is started with; changed between two starts, it takes effect at the next.
    package struct Options: Sendable {
        /// The API server; nil: no pod source.
        package var server: PodServer?
        /// The journal that it reads and writes into; nil: none, the machine's own is none of a test's business.
        package var journal: PrivateJournal?
        package var nodeName = "node-1"
        /// Further flags, such as `--output-tail-bytes 1KiB`.
        package var flags: [String] = []
        /// Further environment variables, such as `NOTIFY_SOCKET`.
        package var environment: [String: String] = [:]
        /// The agent's program; nil: the one that was built together with the running one.
        package var program: String?

        package init(server: PodServer? = nil) {
            self.server = server
        }
    }

    package let store: String
    package let logFile: String
    package let port: Int
    private let paths: NodePaths
    private let options: Mutex<Options>
    private let child = Mutex<ChildProcess?>(nil)

    /// - Parameters:
    ///   - directory: where the store and the agent's log are; kept over restarts.
    ///   - store: where the store is instead.
    package init(paths: NodePaths, directory: String, options: Options, store: String? = nil) throws {
        self.paths = paths
        self.options = Mutex(options)
        self.store = store ?? directory + "/store"
        logFile = directory + "/agent.log"
        port = try HTTPProbe.freePort()
    }

    package var process: ChildProcess? { child.withLock { $0 } }

    package func update(_ change: (inout Options) -> Void) {
        options.withLock { change(&$0) }
    }

    /// The flags of one start.
    package var arguments: [String] {
        let options = self.options.withLock { $0 }
        var arguments = [
            "--node-name", options.nodeName, "--runtime-socket", paths.socket, "--store-directory", store,
            "--logs-pod-logs-directory", paths.podLogs, "--http-listen", "127.0.0.1:\(port)",
            "--cluster-name", "rig", "--store-lock-timeout", "3s",
        ]
        if let server = options.server {
            arguments += [
                "--pods-source", "api", "--pods-server", server.url, "--pods-token-file", server.tokenPath,
                "--pods-ca-file", server.caPath,
            ]
        } else {
            arguments += ["--pods-source", "none"]
        }
        if let journal = options.journal {
            arguments += [
                "--journal-source", "on", "--journal-directory", journal.files, "--journal-socket", journal.socket,
            ]
        } else if !options.flags.contains("--journal-source") {
            arguments += ["--journal-source", "off", "--no-journal-entry"]
        }
        return arguments + options.flags
    }

    /// Starts it and waits until `/readyz` says yes.
    package func start(untilReady: Bool = true) async throws {
        let named = options.withLock { $0.program }
        let program = try named ?? BuildProducts.path("lastword-agent")
        let started = try ChildProcess.start(
            [program] + arguments, environment: Self.environment.merging(options.withLock { $0.environment }) { $1 },
            output: .file(logFile))
        child.withLock { $0 = started }
        guard untilReady else { return }
        try await waitUntil(limit: .seconds(60), "the agent is ready") {
            guard started.isRunning else {
                throw RigError.failed("the agent ended: \(self.logTail)")
            }
            return HTTPProbe.get(port: self.port, path: "/readyz")?.status == 200
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

    /// Runs `lastword` on this agent's store.
    package func lastword(_ arguments: String...) async throws -> CommandResult {
        try await lastword(arguments)
    }

    package func lastword(_ arguments: [String]) async throws -> CommandResult {
        try await ChildProcess.run(
            [try BuildProducts.path("lastword")] + arguments + ["--store", store], environment: Self.environment)
    }

    /// Runs another `lastword-agent` with these arguments to its end, such as one that must refuse to start.
    package static func run(_ arguments: [String], limit: Duration = .seconds(60)) async throws -> CommandResult {
        try await ChildProcess.run(
            [try BuildProducts.path("lastword-agent")] + arguments, environment: environment, limit: limit)
    }

    package var logTail: String {
        let text = (try? Files.read(logFile)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    /// Nothing of the machine's own settings reaches the agent.
    private static let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SWIFT_BACKTRACE": "enable=no"]
}

/// Where pods are asked for, and with which credentials.
package struct PodServer: Sendable {
    package let url: String
    package let tokenPath: String
    package let caPath: String

    package init(url: String, tokenPath: String, caPath: String) {
        self.url = url
        self.tokenPath = tokenPath
        self.caPath = caPath
    }
}
