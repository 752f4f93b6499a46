// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

/// What one line of the runtime, the kubelet or the kernel says.
enum JournalLine: Hashable, Sendable {
    /// A sandbox was made, for this pod; or a line speaks of it as a sandbox, and does not say whose.
    case sandbox(ContainerID, PodName?)
    /// A container was made in a sandbox.
    case created(ContainerID, sandbox: ContainerID, name: String, attempt: Int?)
    /// Whose container it is; what the line does not say is nil.
    case named(ContainerID, PodName, container: String?)
    /// What happened to a container.
    case event(ContainerID, JournalStatement.Event)
    /// A task ended that may be a container's or a sandbox's: runtimes before containerd 2.0 say no more.
    case taskExited(ContainerID, code: Int, at: Timestamp?)
}

/// A pod, as far as a line names it.
struct PodName: Hashable, Sendable {
    var namespace: String?
    var name: String?
    var uid: PodUID?
}

/// Text from a line that is to be kept.
enum LineText {
    /// A name of Kubernetes': bounded, and nothing that is no text. Longer ones exist nowhere.
    static func name(_ bytes: some Collection<UInt8>) -> String? {
        guard (1...253).contains(bytes.count) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    static func podUID(_ bytes: some Collection<UInt8>) -> PodUID? {
        name(bytes).flatMap { PodUID($0) }
    }

    /// A container's id, with the runtime's name in front (`containerd://…`) or without.
    static func containerID(_ bytes: some Collection<UInt8>) -> ContainerID? {
        var rest = Array(bytes)[...]
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            guard rest[colon...].starts(with: Array("://".utf8)) else { return nil }
            rest = rest[(colon + 3)...]
        }
        return String(validating: rest, as: UTF8.self).flatMap { ContainerID($0) }
    }
}
