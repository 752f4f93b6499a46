// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import SessionRecords
import Synchronization
import TestSupport

/// The real `lastword-collector` as a process.
final class CollectorProcess: Sendable {
    let scratch: ScratchDirectory
    let port: Int
    let flags: [String]
    private let child = Mutex<ChildProcess?>(nil)

    init(flags: [String] = []) throws {
        scratch = try ScratchDirectory()
        port = try HTTPProbe.freePort()
        self.flags = flags
    }

    var store: String { scratch.file("store") }
    var process: ChildProcess? { child.withLock { $0 } }

    var log: String {
        ((try? Files.read(scratch.file("log"))).map { String(decoding: $0, as: UTF8.self) }) ?? ""
    }

    func start() async throws {
        let started = try ChildProcess.start(
            [
                try BuildProducts.path("lastword-collector"), "--server-listen", "127.0.0.1:\(port)", "--http-listen",
                "off",
                "--store-directory", store, "--store-lock-timeout", "5s",
            ] + flags, environment: Self.environment, output: .file(scratch.file("log")))
        child.withLock { $0 = started }
        try await waitUntil(limit: .seconds(60), "the collector is ready") {
            guard started.isRunning else { throw RigError.failed("the collector ended: \(log)") }
            return HTTPProbe.get(port: port, path: "/readyz")?.status == 200
        }
    }

    func kill() async throws {
        _ = try await process?.kill()
    }

    @discardableResult
    func stop() async throws -> ChildProcess.Ending? {
        try await process?.terminate(limit: .seconds(30))
    }

    /// Runs one of its commands on its store.
    func command(_ arguments: String...) async throws -> CommandResult {
        try await ChildProcess.run(
            [try BuildProducts.path("lastword-collector")] + arguments + ["--store-directory", store],
            environment: Self.environment)
    }

    /// Delivers; nil if no answer came.
    func deliver(_ body: [UInt8], token: String) async -> Int? {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/logs")
        request.method = .POST
        request.headers.add(name: "authorization", value: "Bearer " + token)
        request.headers.add(name: "content-type", value: "application/x-protobuf")
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(20)).status.code)
        } catch {
            // Killed in the middle: what became of it is not known, which is what the test is about.
            return nil
        }
    }

    func get(_ path: String, token: String) async throws -> (status: Int, json: [String: Any]) {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.headers.add(name: "authorization", value: "Bearer " + token)
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let body = Data(buffer: try await answer.body.collect(upTo: 64 << 20))
        return (Int(answer.status.code), try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:])
    }

    static let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SWIFT_BACKTRACE": "enable=no"]
}
