// SPDX-License-Identifier: Apache-2.0

/// A pod as the kubelet stand-in runs it.
package struct PodSpecification: Hashable, Sendable {
    package var namespace = "default"
    package var name: String
    /// Random, of version 4.
    package var uid = PodSpecification.randomUID()
    package var labels: [String: String] = [:]
    package var annotations: [String: String] = [:]
    package var nodeName = "node-1"
    /// `ownerReferences[0]`, of `kind` and `name`.
    package var owner: (kind: String, name: String)? {
        get { ownerKind.flatMap { kind in ownerName.map { (kind, $0) } } }
        set {
            ownerKind = newValue?.kind
            ownerName = newValue?.name
        }
    }
    private var ownerKind: String?
    private var ownerName: String?
    package var restartPolicy = "Always"
    package var shareProcessNamespace = false
    package var hostPID = false
    package var hostIPC = false
    /// Only for what the pod's spec says: every pod of the rig is on the host's network, since there is no CNI.
    package var hostNetwork = false
    /// At least one of its containers is privileged.
    package var privileged = false
    /// `terminationGracePeriodSeconds`.
    package var gracePeriod: Int64 = 30

    package init(name: String) {
        self.name = name
    }

    /// The name of its directory in `/var/log/pods`.
    package var logDirectoryName: String { "\(namespace)_\(name)_\(uid)" }

    package static func randomUID() -> String {
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }
}
