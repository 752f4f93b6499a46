// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import GRPCCore
import SessionRecords
import SessionTracking
import SwiftProtobuf

/// The calls to CRI that the agent makes; none changes anything.
struct CRICalls: Sendable {
    let unary: UnaryConnection
    let timeout: Duration

    func version() async throws -> RuntimeVersion {
        let answer = try await unary.call(timeout: timeout) { client, options in
            try await Runtime_V1_RuntimeService.Client(wrapping: client).version(
                .with { $0.version = "0.1.0" }, options: options)
        }
        return RuntimeVersion(
            name: Bounds.name(answer.runtimeName), version: Bounds.name(answer.runtimeVersion),
            apiVersion: Bounds.name(answer.runtimeApiVersion))
    }

    /// Every container (no sandboxes), in any state.
    func containers() async throws -> [Runtime_V1_Container] {
        try await unary.call(timeout: timeout) { client, options in
            try await Runtime_V1_RuntimeService.Client(wrapping: client).listContainers(
                Runtime_V1_ListContainersRequest(), options: options)
        }.containers
    }

    /// Their states, and how many had an id that cannot be one.
    func states() async throws -> (states: [ContainerID: RuntimeStatus.State], malformed: Int) {
        var states: [ContainerID: RuntimeStatus.State] = [:]
        var malformed = 0
        for container in try await containers() {
            if let id = ContainerID(container.id) {
                states[id] = CRITranslator.state(container.state)
            } else {
                malformed += 1
            }
        }
        return (states, malformed)
    }

    /// Nil if the runtime has no such container.
    func status(
        _ id: ContainerID, verbose: Bool = false
    ) async throws -> Runtime_V1_ContainerStatusResponse? {
        do {
            return try await unary.call(timeout: timeout) { client, options in
                try await Runtime_V1_RuntimeService.Client(wrapping: client).containerStatus(
                    .with {
                        $0.containerID = id.rawValue
                        $0.verbose = verbose
                    }, options: options)
            }
        } catch let error as RPCError where error.code == .notFound {
            return nil
        }
    }
}
