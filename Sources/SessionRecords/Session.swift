// SPDX-License-Identifier: Apache-2.0

/// One debug container's life: the record that Lastword exists to keep (`design.md` §5, `docs/record-format.md`).
///
/// What is unknown is nil, never a made-up default.
package struct Session: Hashable, Sendable {
    // MARK: Identity
    package var id: SessionID
    /// Counts the committed versions of this record, from 1.
    package var revision: Int
    package var state: SessionState
    package var mode: SessionMode?
    package var classification: Classification
    package var classificationSource: Witness?

    // MARK: Where
    package var cluster: String?
    package var clusterUID: String?
    package var node: String
    package var namespace: String?
    package var pod: String?
    package var podUID: PodUID?
    package var owner: Owner?
    /// Only the labels on the configured allow-list.
    package var labels: [String: String] = [:]

    // MARK: What
    package var container: String?
    package var containerID: ContainerID?
    package var sandboxID: String?
    package var attempt: Int?
    package var targetContainer: String?
    package var targetContainerID: String?
    package var runtime: String?
    package var runtimeVersion: String?
    package var image: String?
    package var imageDigest: String?
    package var command: [String]?
    package var args: [String]?
    /// Names only: environment values are never recorded.
    package var envNames: [String]?
    package var tty: Bool?
    package var stdin: Bool?
    package var securityContext: SecurityContext?
    package var profile: DebugProfile?
    package var mounts: [MountPoint]?
    /// `network`, `pid`, `ipc`: the host's namespaces that the container shares, sorted.
    package var hostNamespaces: [String]?
    package var pid: Int?

    // MARK: When
    package var requestedAt: Timestamp?
    /// The API client that asked (`managedFields` manager): a program's name, never a user's.
    package var requestedBy: String?
    package var createdAt: Timestamp?
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// When the agent first heard of the ending.
    package var observedAt: Timestamp?
    package var sealedAt: Timestamp?
    package var durationNanoseconds: Int64?
    /// Whether the wall clock was stepped during the session, so that the duration is by our boot-time receipts.
    package var clockStepped: Bool?

    // MARK: How it ended
    package var exitCode: Int?
    package var reason: String?
    package var message: String?
    package var oomKilled: Bool?
    package var cause: EndingCause?
    package var ending: Ending?
    /// Which witness gave which of `startedAt`, `finishedAt`, `exitCode`, `createdAt`, `oomKilled`.
    package var sources: [String: Witness] = [:]

    // MARK: Afterwards, output, evidence
    package var podFate: PodFate?
    package var output: OutputSummary?
    package var sealedBy: SealedBy?
    /// For a session whose container came after all: that container's session.
    package var successor: SessionID?
    package var evidence: [Evidence] = []

    package init(id: SessionID, node: String) {
        self.id = id
        self.node = node
        revision = 0
        state = .waiting
        classification = .unresolved
    }

    /// When it began, as lists are sorted by: started, or else created, asked for, or noticed.
    package var beganAt: Timestamp? { startedAt ?? createdAt ?? requestedAt ?? observedAt }

    /// The signal by the shells' convention (128 + n): 137 may as well be a plain exit with 137, hence "derived". Nil for
    /// codes outside 129…192, and where the code was made up (255 `Unknown`, 137 `ContainerStatusUnknown`).
    package var derivedSignal: Int? {
        guard let exitCode, (129...192).contains(exitCode), !isMadeUpEnding else { return nil }
        return exitCode - 128
    }

    /// Whether code and time are not evidence of how the process ended (`reference/containerd.md` §3).
    package var isMadeUpEnding: Bool {
        reason == "Unknown" || reason == "ContainerStatusUnknown"
    }

    /// `namespace/pod/container`, with `-` for what is unknown.
    package var path: String {
        "\(namespace ?? "-")/\(pod ?? "-")/\(container ?? "-")"
    }
}
