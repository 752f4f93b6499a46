// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import Foundation
import GRPCCore
import SessionRecords
import SwiftProtobuf
import Synchronization

@testable import RuntimeSource

/// A real containerd with root, state and socket of its own, for records and events; no pods run in it.
final class PrivateContainerd: Sendable {
    static let isAvailable = getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/containerd")

    let socketPath: String
    private let directory: String
    private let process = Mutex<Process?>(nil)

    private init(directory: String) {
        self.directory = directory
        socketPath = directory + "/c.sock"
    }

    /// With an instance in a directory of its own; started unless the test wants to do that itself.
    static func running<Result>(
        started: Bool = true, _ body: (PrivateContainerd) async throws -> Result
    ) async throws -> Result {
        try await withScratchDirectory { directory in
            let containerd = PrivateContainerd(directory: directory)
            try containerd.configure()
            defer { containerd.kill() }
            if started { try await containerd.start() }
            return try await body(containerd)
        }
    }

    private func configure() throws {
        let text = """
            version = 2
            root = "\(directory)/root"
            state = "\(directory)/state"
            [grpc]
              address = "\(socketPath)"
            [ttrpc]
              address = "\(socketPath).ttrpc"
            [plugins."io.containerd.internal.v1.opt"]
              path = "\(directory)/opt"
            [plugins."io.containerd.grpc.v1.cri"]
              sandbox_image = "localhost/pause:dev"
              disable_apparmor = true
              restrict_oom_score_adj = true
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/config.toml"))
    }

    func start() async throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/usr/bin/containerd")
        child.arguments = ["-c", directory + "/config.toml"]
        child.standardOutput = FileHandle.nullDevice
        _ = FileManager.default.createFile(atPath: directory + "/log", contents: nil)
        child.standardError = FileHandle(forWritingAtPath: directory + "/log") ?? .nullDevice
        try child.run()
        process.withLock { $0 = child }
        try await waitUntil("containerd answers", limit: .seconds(60)) {
            do {
                _ = try await RuntimeSource.trialConnection(RuntimeSourceConfiguration(socketPath: socketPath))
                return true
            } catch { return false }
        }
    }

    func stop() {
        process.withLock { child in
            child?.terminate()
            child?.waitUntilExit()
            child = nil
        }
    }

    func signal(_ number: Int32) {
        process.withLock { child in
            if let child { _ = Glibc.kill(child.processIdentifier, number) }
        }
    }

    private func kill() {
        process.withLock { child in
            guard let running = child else { return }
            _ = Glibc.kill(running.processIdentifier, SIGKILL)
            running.waitUntilExit()
            child = nil
        }
    }

    var configuration: RuntimeSourceConfiguration {
        RuntimeSourceConfiguration(socketPath: socketPath)
    }

    // MARK: What happens in it

    /// Calls it as a client that is not the one under test.
    func calling<Result: Sendable>(_ body: (Caller) async throws -> Result) async throws -> Result {
        let unary = UnaryConnection(socketPath: socketPath, metrics: RuntimeSourceMetrics())
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await unary.run() }
            defer { group.cancelAll() }
            return try await body(Caller(unary: unary))
        }
    }

    struct Caller: Sendable {
        fileprivate let unary: UnaryConnection

        func create(_ record: Containerd_Services_Containers_V1_Container) async throws {
            _ = try await unary.call(timeout: .seconds(60)) { client, options in
                try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).create(
                    .with { $0.container = record }, metadata: ContainerdNamespace.metadata("k8s.io"),
                    options: options)
            }
        }

        func delete(_ id: ContainerID) async throws {
            _ = try await unary.call(timeout: .seconds(30)) { client, options in
                try await Containerd_Services_Containers_V1_Containers.Client(wrapping: client).delete(
                    .with { $0.id = id.rawValue }, metadata: ContainerdNamespace.metadata("k8s.io"),
                    options: options)
            }
        }

        func publishStart(_ id: ContainerID) async throws {
            let event = try RecordedStreams.pack(
                Containerd_Events_TaskStart.with {
                    $0.containerID = id.rawValue
                    $0.pid = 1
                })
            _ = try await unary.call(timeout: .seconds(30)) { client, options in
                try await Containerd_Services_Events_V1_Events.Client(wrapping: client).publish(
                    .with {
                        $0.topic = "/tasks/start"
                        $0.event = event
                    }, metadata: ContainerdNamespace.metadata("k8s.io"), options: options)
            }
        }

        /// Many at once, some in flight together.
        func createAll(_ records: some Sequence<Containerd_Services_Containers_V1_Container> & Sendable) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                var inFlight = 0
                for record in records {
                    if inFlight >= 32 {
                        try await group.next()
                        inFlight -= 1
                    }
                    group.addTask { try await create(record) }
                    inFlight += 1
                }
                try await group.waitForAll()
            }
        }
    }
}
