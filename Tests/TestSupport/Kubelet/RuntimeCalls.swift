// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import ContainerdAPI
import GRPCCore
import SessionRecords
import SwiftProtobuf

/// The CRI calls that a kubelet makes, one method each.
struct RuntimeCalls: Sendable {
    let connection: RuntimeConnection

    private typealias Service = Runtime_V1_RuntimeService

    func runPodSandbox(_ config: Runtime_V1_PodSandboxConfig) async throws -> String {
        try await connection.call { client in
            try await Service.Client(wrapping: client).runPodSandbox(
                .with { $0.config = config }, options: RuntimeConnection.options(.seconds(60))
            ).podSandboxID
        }
    }

    func createContainer(
        _ config: Runtime_V1_ContainerConfig, in sandbox: String, _ sandboxConfig: Runtime_V1_PodSandboxConfig
    ) async throws -> String {
        try await connection.call { client in
            try await Service.Client(wrapping: client).createContainer(
                .with {
                    $0.podSandboxID = sandbox
                    $0.config = config
                    $0.sandboxConfig = sandboxConfig
                }, options: RuntimeConnection.options(.seconds(60))
            ).containerID
        }
    }

    func startContainer(_ id: ContainerID) async throws {
        try await connection.call { client in
            _ = try await Service.Client(wrapping: client).startContainer(
                .with { $0.containerID = id.rawValue }, options: RuntimeConnection.options(.seconds(60)))
        }
    }

    func stopContainer(_ id: ContainerID, seconds: Int64) async throws {
        // One that is ending by itself may lose its shim in the middle of the call; a kubelet stops it again.
        try await waitUntil(limit: .seconds(seconds + 70), every: .milliseconds(20), "container \(id) can be stopped") {
            do {
                try await connection.ask { client in
                    _ = try await Service.Client(wrapping: client).stopContainer(
                        .with {
                            $0.containerID = id.rawValue
                            $0.timeout = seconds
                        }, options: RuntimeConnection.options(.seconds(seconds + 60)))
                }
                return true
            } catch let error as RPCError where error.message.contains("ttrpc: closed") {
                return false
            }
        }
    }

    func removeContainer(_ id: ContainerID) async throws {
        // A container that ends while it is being stopped may count as running for a moment longer; a kubelet would come
        // back at its next round.
        try await waitUntil(limit: .seconds(10), every: .milliseconds(20), "container \(id) can be removed") {
            do {
                try await connection.ask { client in
                    _ = try await Service.Client(wrapping: client).removeContainer(
                        .with { $0.containerID = id.rawValue }, options: RuntimeConnection.options())
                }
                return true
            } catch let error as RPCError where error.message.contains("still running") {
                return false
            }
        }
    }

    func removePodSandbox(_ sandbox: String) async throws {
        try await connection.ask { client in
            let service = Service.Client(wrapping: client)
            _ = try await service.stopPodSandbox(
                .with { $0.podSandboxID = sandbox }, options: RuntimeConnection.options(.seconds(60)))
            _ = try await service.removePodSandbox(
                .with { $0.podSandboxID = sandbox }, options: RuntimeConnection.options(.seconds(60)))
        }
    }

    func reopenLog(_ id: ContainerID) async throws {
        try await connection.call { client in
            _ = try await Service.Client(wrapping: client).reopenContainerLog(
                .with { $0.containerID = id.rawValue }, options: RuntimeConnection.options())
        }
    }

    func execSync(_ id: ContainerID, _ command: [String], seconds: Int64) async throws -> ExecResult {
        try await connection.call { client in
            let answer = try await Service.Client(wrapping: client).execSync(
                .with {
                    $0.containerID = id.rawValue
                    $0.cmd = command
                    $0.timeout = seconds
                }, options: RuntimeConnection.options(.seconds(seconds + 30)))
            return ExecResult(
                exitCode: Int(answer.exitCode), standardOutput: Array(answer.stdout),
                standardError: Array(answer.stderr))
        }
    }

    /// Nil for a container that the runtime does not know.
    func status(_ id: ContainerID) async throws -> RuntimeStatus? {
        do {
            return try await connection.ask { client in
                let status = try await Service.Client(wrapping: client).containerStatus(
                    .with { $0.containerID = id.rawValue }, options: RuntimeConnection.options()
                ).status
                return RuntimeStatus(status)
            }
        } catch let error as RPCError where error.code == .notFound {
            return nil
        }
    }

    /// The process of a container's task; nil if there is no task or it has ended.
    func pid(_ id: ContainerID) async throws -> Int32? {
        do {
            return try await connection.ask { client in
                let process = try await Containerd_Services_Tasks_V1_Tasks.Client(wrapping: client).get(
                    .with { $0.containerID = id.rawValue }, metadata: ["containerd-namespace": "k8s.io"],
                    options: RuntimeConnection.options()
                ).process
                return process.pid > 0 && process.status == .running ? Int32(clamping: process.pid) : nil
            }
        } catch let error as RPCError where error.code == .notFound {
            return nil
        }
    }
}

extension RuntimeStatus {
    fileprivate init(_ status: Runtime_V1_ContainerStatus) {
        func time(_ nanoseconds: Int64) -> Timestamp? { nanoseconds > 0 ? Timestamp(nanoseconds: nanoseconds) : nil }
        switch status.state {
        case .containerCreated: state = .created
        case .containerRunning: state = .running
        case .containerExited: state = .exited
        default: state = .unknown
        }
        exitCode = Int(status.exitCode)
        reason = status.reason
        message = status.message
        createdAt = time(status.createdAt)
        startedAt = time(status.startedAt)
        finishedAt = time(status.finishedAt)
        image = status.image.image
        imageReference = status.imageRef
        logPath = status.logPath
    }
}
