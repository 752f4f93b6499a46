// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// A pod as the API server shows it: a plain value that becomes the JSON of a Pod object, shaped after recorded ones.
package struct PodManifest: Hashable, Sendable {
    package struct Termination: Hashable, Sendable {
        package var exitCode: Int
        package var reason: String
        package var message = ""
        package var startedAt: Timestamp?
        package var finishedAt: Timestamp?
        /// Of the run that ended; nil where the kubelet made the ending up.
        package var containerID: ContainerID?

        package init(exitCode: Int, reason: String) {
            self.exitCode = exitCode
            self.reason = reason
        }
    }

    package enum State: Hashable, Sendable {
        case waiting(reason: String, message: String)
        case running(startedAt: Timestamp?)
        case terminated(Termination)
    }

    /// One container of the spec with its status.
    package struct Entry: Hashable, Sendable {
        package var specification: ContainerSpecification
        package var kind: RunningContainer.Kind
        package var containerID: ContainerID?
        /// `sha256:…`; empty while there is no container.
        package var imageID = ""
        package var restartCount = 0
        package var state: State
        package var lastTermination: Termination?

        package init(
            _ specification: ContainerSpecification, kind: RunningContainer.Kind,
            state: State = .waiting(reason: "ContainerCreating", message: "")
        ) {
            self.specification = specification
            self.kind = kind
            self.state = state
        }
    }

    package var pod: PodSpecification
    package var createdAt: Timestamp
    /// `metadata.deletionTimestamp`.
    package var deletedAt: Timestamp?
    package var resourceVersion = 1
    /// `Pending`, `Running`, `Succeeded`, `Failed`.
    package var phase = "Running"
    /// `status.reason`, for instance `Evicted`.
    package var reason: String?
    package var entries: [Entry]
    /// Which client made the pod: `kubectl-run`, `kube-controller-manager`; for copies and node pods `kubectl`.
    package var creator = "kubectl-run"
    /// The client that added ephemeral containers, and when it last did.
    package var ephemeralManager = "kubectl"
    package var ephemeralAt: Timestamp?

    package init(pod: PodSpecification, createdAt: Timestamp, entries: [Entry]) {
        self.pod = pod
        self.createdAt = createdAt
        self.entries = entries
    }

    /// The whole object in one line.
    package var text: String { json.compact }

    package var json: JSONValue {
        .object(
            JSONObject([
                ("apiVersion", .string("v1")), ("kind", .string("Pod")), ("metadata", .object(metadata)),
                ("spec", .object(spec)), ("status", .object(status)),
            ]))
    }

    func entries(_ kind: RunningContainer.Kind) -> [Entry] {
        entries.filter { $0.kind == kind }
    }
}
