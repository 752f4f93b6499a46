// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// What a pod object says, reduced to what a session needs. Made by the pod source from every version of the pod it sees.
package struct PodFacts: Hashable, Sendable, Codable {
    package var uid: PodUID
    /// For a mirror pod of a static pod: the UID that the node's runtime knows it by (its configuration hash).
    package var runtimeUID: PodUID?
    /// `metadata.resourceVersion` as a number, so that versions can be put in order; nil where it is not a number.
    package var version: UInt64?
    package var namespace: String
    package var name: String
    package var owner: Owner?
    /// All labels; the record keeps those on the allow-list.
    package var labels: [String: String]
    package var phase: String?
    package var reason: String?
    /// `metadata.deletionTimestamp`: deletion was asked for.
    package var deletionAt: Timestamp?
    /// `Type=Status`, sorted.
    package var conditions: [String]
    package var hostNamespaces: [String]
    /// Sum of the restart counts of its regular containers.
    package var restarts: Int?
    package var containers: [PodContainer]

    package init(uid: PodUID, namespace: String, name: String) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        labels = [:]
        conditions = []
        hostNamespaces = []
        containers = []
    }
}

/// One container of a pod's spec with its status.
package struct PodContainer: Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, Codable {
        case regular, initialization, ephemeral
    }

    package var name: String
    package var kind: Kind
    /// Set where this is a debug container of `kubectl debug`; nil for one of the pod's own.
    package var debugMode: SessionMode?
    /// How sure `debugMode` is: an ephemeral container is confirmed; copies and old node pods are recognised by signs.
    package var classification: Classification
    package var image: String?
    package var command: [String]?
    package var args: [String]?
    package var envNames: [String]
    package var tty: Bool
    package var stdin: Bool
    package var targetContainer: String?
    /// Pod and container level merged.
    package var securityContext: SecurityContext?
    package var profile: DebugProfile?
    package var mounts: [MountPoint]
    /// The time and client (`managedFields`) of the entry that made this name appear; nil unless the name was first seen
    /// within 60 s of that entry's time (`design.md` §4).
    package var requestedAt: Timestamp?
    package var requestedBy: String?
    package var status: PodContainerStatus?

    package init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
        classification = .confirmed
        envNames = []
        tty = false
        stdin = false
        mounts = []
    }
}

/// `ContainerStatus` of the API.
package struct PodContainerStatus: Hashable, Sendable, Codable {
    package enum State: Hashable, Sendable, Codable {
        case waiting(reason: String?, message: String?)
        case running(startedAt: Timestamp?)
        case terminated(PodTermination)
    }

    /// Without its `containerd://` or `cri-o://` prefix; nil while there is none.
    package var containerID: ContainerID?
    package var imageDigest: String?
    package var restartCount: Int
    package var state: State?
    package var lastTermination: PodTermination?

    package init() {
        restartCount = 0
    }
}

/// `ContainerStateTerminated`. Times are whole seconds, cut by the API; year-1 times are nil.
package struct PodTermination: Hashable, Sendable, Codable {
    package var exitCode: Int
    package var reason: String?
    package var message: String?
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    package var containerID: ContainerID?

    package init(exitCode: Int) {
        self.exitCode = exitCode
    }
}
