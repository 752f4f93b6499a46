// SPDX-License-Identifier: Apache-2.0

/// Names of attributes (`docs/wire-format.md`).
package enum AttributeName {
    // MARK: What counts: the collector reads these and nothing else

    package static let recordUID = "log.record.uid"
    package static let ledgerID = "lastword.ledger.id"
    package static let entry = "lastword.entry"
    package static let entryNumber = "lastword.entry.number"
    package static let entryType = "lastword.entry.type"
    package static let entryHash = "lastword.entry.hash"
    package static let previousHash = "lastword.entry.previous_hash"
    package static let stub = "lastword.entry.stub"
    package static let stubReason = "lastword.entry.stub_reason"
    package static let output = "lastword.output"
    package static let outputFrames = "lastword.output.frames"
    package static let outputOmitted = "lastword.output.omitted"

    /// Those of a record that say it is one of ours.
    static let counting: Set<String> = [
        ledgerID, entry, entryNumber, entryType, entryHash, previousHash, stub, stubReason, output, outputFrames,
        outputOmitted,
    ]

    // MARK: Of the resource

    package static let nodeName = "k8s.node.name"
    static let clusterName = "k8s.cluster.name"
    static let clusterUID = "k8s.cluster.uid"
    static let namespace = "k8s.namespace.name"
    static let podName = "k8s.pod.name"
    static let podUID = "k8s.pod.uid"
    static let containerName = "k8s.container.name"
    static let containerID = "container.id"
}
