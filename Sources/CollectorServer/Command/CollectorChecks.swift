// SPDX-License-Identifier: Apache-2.0
import ConfigurationReading
import Glibc
import NIOCore
import NIOPosix
import SIEMOutputs
import SQLiteStore
import SessionRecords

/// What `lastword-collector check` looks at. Nothing is opened for writing and no store is made.
struct CollectorChecks: Sendable {
    struct Result: Sendable {
        let what: String
        /// What was found, where that is worth saying.
        var detail = ""
        var failure: LastwordError?

        var text: String {
            guard let failure else { return "ok    \(what)" + (detail.isEmpty ? "" : ": \(detail)") }
            return "FAIL  \(what): \(failure)"
        }
    }

    let configuration: CollectorConfiguration

    func run() async -> [Result] {
        var results: [Result] = []
        if let tls = configuration.tls {
            results.append(
                await Self.check("tls", detail: tls.certificateFile) { _ = try TLSFiles(tls).configuration() })
        }
        if let settings = configuration.serviceAccounts {
            results.append(
                await Self.check("service accounts", detail: settings.issuer) {
                    try await ServiceAccountKeys(settings.keys).load()
                })
        }
        results.append(
            await Self.check("store", detail: configuration.store.directory) { try checkDirectory() })
        results.append(
            await Self.check("address", detail: "\(configuration.server.listen)") { try await checkAddress() })
        for output in configuration.outputs {
            results.append(
                await Self.check("output \(output.name)", detail: output.place) {
                    try await output.makeOutput(now: { WallClock.now() }).check()
                })
        }
        return results
    }

    private static func check(
        _ what: String, detail: String, _ body: () async throws -> Void
    ) async -> Result {
        do {
            try await body()
            return Result(what: what, detail: detail)
        } catch let error as LastwordError {
            return Result(what: what, failure: error)
        } catch {
            return Result(what: what, failure: LastwordError(code: "check.failed", message: "it failed", cause: error))
        }
    }

    /// The directory, or where there is none yet the nearest one above it, must be writable.
    private func checkDirectory() throws(LastwordError) {
        let path = StoreOwner.nearest(configuration.store.directory)
        guard access(path, W_OK | X_OK) == 0 else {
            throw LastwordError(
                code: "store.unwritable", message: "cannot write to \(path): \(String(cString: strerror(errno)))",
                remedy: "give it to the collector's user, or set store.directory to another one")
        }
    }

    /// A collector that runs has the address already: then it is asked nothing.
    private func checkAddress() async throws {
        let address = configuration.server.listen
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: address.host, port: address.port).get()
            try await channel.close()
        } catch let error as IOError where error.errnoCode == EADDRINUSE && isRunning {
            return
        } catch {
            throw LastwordError(
                code: "http.bind", message: "cannot listen on \(address)",
                remedy: "free the address, or set server.listen to another one", cause: error)
        }
    }

    private var isRunning: Bool { access(configuration.controlSocket, F_OK) == 0 }
}
