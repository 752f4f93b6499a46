// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CollectorStore
import Foundation
import Glibc
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import SessionRecords

/// Gets a command done: by the running server, or, where none runs, on the store itself.
struct ControlClient: Sendable {
    let configuration: CollectorConfiguration

    func perform(_ action: ControlRequest.Action) async throws -> ControlAnswer {
        let request = ControlRequest(action: action, actor: Self.actor)
        if isServed { return try await ask(request).get() }
        try StoreOwner.check(configuration.store.directory)
        var options = CollectorStoreOptions()
        // Nobody listens on the socket: whoever has the lock is on the way in or out.
        options.lockTimeout = .seconds(10)
        let store = try CollectorStore.open(directory: configuration.store.directory, options: options)
        let answer = await Administration(store: store).perform(request)
        try store.close()
        return try answer.get()
    }

    /// Whether somebody listens on the socket: one that a killed server left behind refuses.
    private var isServed: Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array(configuration.controlSocket.utf8)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.count < capacity else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    private func ask(_ message: ControlRequest) async throws(LastwordError) -> ControlAnswer {
        do {
            guard let url = URL(httpURLWithSocketPath: configuration.controlSocket, uri: ControlServer.path) else {
                throw LastwordError(code: "control.socket", message: "the socket's path cannot be used")
            }
            var request = HTTPClientRequest(url: url.absoluteString)
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(message)))
            let (status, body) = try await Self.patiently { client in
                let answer = try await client.execute(request, deadline: .now() + .hours(12))
                return (answer.status, try await answer.body.collect(upTo: 64 << 20))
            }
            guard status == .ok else {
                throw LastwordError(
                    code: "control.refused", message: "the running collector answers \(status.code)",
                    remedy: "use the lastword-collector of its own version")
            }
            return try JSONDecoder().decode(ControlAnswer.self, from: Data(buffer: body))
        } catch let error as LastwordError {
            throw error
        } catch {
            throw LastwordError(
                code: "control.failed",
                message: "the running collector at \(configuration.controlSocket) did not answer",
                remedy: "look at its log", cause: error)
        }
    }

    /// With a client of its own: a backup or a verification of a large store is silent for longer than the shared one's 90
    /// seconds of patience.
    static func patiently<Result: Sendable>(
        _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(10))
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(client)
            try await client.shutdown()
            return result
        } catch {
            // The first error is the one to report.
            try? await client.shutdown()
            throw error
        }
    }

    /// The user who runs the command.
    static var actor: String {
        let uid = getuid()
        return StoreOwner.name(of: uid).map { "\($0) on the collector" } ?? "uid \(uid)"
    }
}
