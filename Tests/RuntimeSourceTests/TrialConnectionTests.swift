// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Testing

@testable import RuntimeSource

@Suite("The trial connection of check and doctor")
struct TrialConnectionTests {
    private func code(_ configuration: RuntimeSourceConfiguration) async -> LastwordError? {
        do {
            _ = try await RuntimeSource.trialConnection(configuration)
            return nil
        } catch {
            return error
        }
    }

    @Test("a working runtime says its name and version")
    func works() async throws {
        try await FakeRuntime.running { runtime in
            let version = try await RuntimeSource.trialConnection(runtime.configuration)
            #expect(version == RuntimeVersion(name: "containerd", version: "9.9", apiVersion: "v1"))
        }
    }

    @Test("a missing socket, one that nobody listens on and a path that is none each say what to do")
    func unreachable() async throws {
        try await withScratchDirectory { directory in
            let missing = try #require(await code(.init(socketPath: directory + "/none.sock")))
            #expect(missing.code == "runtime.socket-missing")
            #expect(missing.description.contains("No such file or directory"))
            #expect(missing.remedy?.contains("runtime.socket") == true)

            let runtime = FakeRuntime(socketPath: directory + "/dead.sock")
            try await runtime.start()
            try FileManager.default.moveItem(atPath: runtime.socketPath, toPath: directory + "/kept.sock")
            await runtime.stop()
            #expect(await code(.init(socketPath: directory + "/kept.sock"))?.code == "runtime.refused")

            #expect(await code(.init(socketPath: "relative.sock"))?.code == "runtime.socket-path")
            let long = "/" + String(repeating: "x", count: 200)
            #expect(await code(.init(socketPath: long))?.code == "runtime.socket-path")
        }
    }

    @Test("a socket that accepts and never answers is told apart from one that is missing")
    func silent() async throws {
        try await withScratchDirectory { directory in
            let path = directory + "/silent.sock"
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0 && listen(descriptor, 8) == 0)
            var configuration = RuntimeSourceConfiguration(socketPath: path)
            configuration.callTimeout = .milliseconds(300)
            #expect(await code(configuration)?.code == "runtime.no-answer")
        }
    }
}
