// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CollectorServer
import CollectorStore
import ConfigurationReading
import Foundation
import Logging
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import NIOPosix
import NIOSSL
import SessionRecords
import TestSupport

/// The collector itself, in this process, on a loopback port of the system's choice.
final class RunningCollector: Sendable {
    let application: CollectorApplication
    let scratch: ScratchDirectory
    let port: Int
    private let isSecure: Bool
    private let authority: TestAuthority?
    private let running: Task<Void, any Error>

    var store: CollectorStore { application.store }

    /// What an answer says.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: [UInt8]
        let version: HTTPVersion

        var text: String { String(decoding: body, as: UTF8.self) }

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]) ?? [:]
        }

        /// The code of an error.
        var code: String? { (json["error"] as? [String: Any])?["code"] as? String }
    }

    private init(
        _ application: CollectorApplication, _ scratch: ScratchDirectory, _ port: Int, _ authority: TestAuthority?,
        _ running: Task<Void, any Error>
    ) {
        self.application = application
        self.scratch = scratch
        self.port = port
        self.authority = authority
        self.running = running
        isSecure = authority != nil
    }

    /// Runs `body` against a collector, then stops it.
    ///
    /// - Parameters:
    ///   - authority: TLS with a certificate of it, and its client certificates are accepted.
    ///   - flags: further settings.
    static func with<Result>(
        authority: TestAuthority? = nil, flags: [String] = [], scratch: ScratchDirectory? = nil,
        now: @escaping @Sendable () -> Timestamp = { MadeLedger.now },
        _ body: (RunningCollector) async throws -> Result
    ) async throws -> Result {
        let scratch = try scratch ?? ScratchDirectory()
        var arguments = [
            "--server-listen", "127.0.0.1:0", "--http-listen", "off", "--store-directory", scratch.file("store"),
        ]
        if let authority { arguments += try authority.serverFlags(in: scratch) }
        let configuration = try CollectorConfiguration.load(
            arguments: arguments + flags, environment: [:], defaultFile: "/nonexistent")
        let application = try CollectorApplication(
            configuration: configuration, logger: Logging.Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            metrics: { "up 1\n" }, now: now)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let running = Task {
            defer { continuation.finish() }
            try await application.run(signals: []) { continuation.yield($0.port) }
        }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else {
            try await running.value
            throw RigError.failed("the collector ended at once")
        }
        let collector = RunningCollector(application, scratch, port, authority, running)
        do {
            let result = try await body(collector)
            await collector.stop()
            return result
        } catch {
            await collector.stop()
            throw error
        }
    }

    private func stop() async {
        running.cancel()
        _ = await running.result
    }

    /// A redirection is an answer here, as any other.
    private static let client = HTTPClient(
        eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: .init(redirectConfiguration: .disallow))

    /// One request. A token goes as a bearer token; a client certificate needs TLS.
    func call(
        _ method: HTTPMethod = .GET, _ path: String, token: String? = nil, client: TestAuthority.Identity? = nil,
        headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "\(isSecure ? "https" : "http")://localhost:\(port)\(path)")
        request.method = method
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let token { request.headers.add(name: "authorization", value: "Bearer " + token) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        if let authority { request.tlsConfiguration = try authority.clientConfiguration(client) }
        let response = try await Self.client.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 256 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers, body: Array(buffer: bytes),
            version: response.version)
    }

    func token(
        _ role: TokenRole, node: String? = nil, namespaces: Set<String>? = nil, expiresAt: Timestamp? = nil
    ) async throws -> String {
        try await store.createToken(
            name: "test", role: role, node: node, namespaces: namespaces, expiresAt: expiresAt, by: "test"
        ).secret
    }

    /// Delivers as the agent does: protobuf, gzip.
    func deliver(
        _ ledger: MadeLedger, _ range: Range<Int>? = nil, token: String?, client: TestAuthority.Identity? = nil
    ) async throws -> Answer {
        try await call(
            .POST, "/v1/logs", token: token, client: client,
            headers: [("content-type", "application/x-protobuf"), ("content-encoding", "gzip")],
            body: Gzip.pack(try ledger.body(range)))
    }
}
