// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// A pod that the kubelet stand-in has made.
package struct RunningPod: Hashable, Sendable {
    package let specification: PodSpecification
    package let sandboxID: String
    /// `<podLogs>/<ns>_<pod>_<uid>`.
    package let logDirectory: String
    package let createdAt: Timestamp

    package var uid: String { specification.uid }
}

/// A container that the kubelet stand-in has made; it may have ended since.
package struct RunningContainer: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case regular, initialization, ephemeral
    }

    package let id: ContainerID
    package let pod: RunningPod
    package let specification: ContainerSpecification
    package let kind: Kind
    package let attempt: Int
    /// Absolute path of `<attempt>.log`.
    package let logPath: String
    /// The link in `<containerLogs>`; made only if the container started.
    package let linkPath: String
    /// The process on the node; nil if it had ended by the time that could be asked.
    package let pid: Int32?
    /// What the runtime said if it could not start it. The container exists all the same: reason `StartError`.
    package let startFailure: String?

    package var name: String { specification.name }
}

/// What CRI says about a container.
package struct RuntimeStatus: Hashable, Sendable {
    package enum State: String, Sendable {
        case created, running, exited, unknown
    }

    package var state: State
    package var exitCode: Int
    package var reason: String
    package var message: String
    package var createdAt: Timestamp?
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var image: String
    package var imageReference: String
    package var logPath: String
}

/// What an `ExecSync` gave.
package struct ExecResult: Hashable, Sendable {
    package var exitCode: Int
    package var standardOutput: [UInt8]
    package var standardError: [UInt8]

    package var text: String { String(decoding: standardOutput, as: UTF8.self) }
}
