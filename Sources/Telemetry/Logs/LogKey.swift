// SPDX-License-Identifier: Apache-2.0

/// The names under which values stand in log lines: those of OpenTelemetry's semantic conventions where there is one,
/// `lastword.…` otherwise. A message is constant; what varies is metadata under one of these.
package enum LogKey {
    // MARK: OpenTelemetry

    package static let nodeName = "k8s.node.name"
    package static let clusterName = "k8s.cluster.name"
    package static let namespace = "k8s.namespace.name"
    package static let podName = "k8s.pod.name"
    package static let podUID = "k8s.pod.uid"
    package static let containerName = "k8s.container.name"
    package static let containerID = "container.id"
    package static let imageName = "container.image.name"
    package static let runtimeName = "container.runtime.name"
    package static let runtimeVersion = "container.runtime.version"
    package static let exitCode = "process.exit.code"
    package static let processID = "process.pid"
    package static let filePath = "file.path"
    package static let serverAddress = "server.address"
    package static let url = "url.full"
    package static let peerAddress = "network.peer.address"
    package static let httpStatus = "http.response.status_code"
    /// A `LastwordError`'s code, or the type of another error.
    package static let errorType = "error.type"
    package static let errorMessage = "error.message"
    package static let serviceVersion = "service.version"

    // MARK: Our own

    package static let sessionID = "lastword.session.id"
    package static let sessionState = "lastword.session.state"
    package static let ledgerID = "lastword.ledger.id"
    package static let entryNumber = "lastword.entry.number"
    package static let entryType = "lastword.entry.type"
    package static let entryHash = "lastword.entry.hash"
    package static let source = "lastword.source"
    /// The login of whoever delivers: a certificate, a ServiceAccount, a token.
    package static let sender = "lastword.sender"
    package static let part = "lastword.part"
    /// The name of a SIEM output.
    package static let output = "lastword.output"
    package static let topic = "lastword.topic"
    package static let reason = "lastword.reason"
    package static let remedy = "lastword.remedy"
    package static let count = "lastword.count"
    package static let bytes = "lastword.bytes"
    /// Seconds, as a decimal number.
    package static let duration = "lastword.duration"
    /// Seconds until the next attempt.
    package static let retryAfter = "lastword.retry_after"
    package static let configuration = "lastword.configuration"
}
