// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import SwiftProtobuf

/// What the kubelet tells the runtime of a container's security context, beyond capabilities and `privileged`.
package struct ContainerSecurity: Hashable, Sendable {
    package var user: Int64
    package var group: Int64
    package var supplementalGroups: [Int64] = []
    package var readOnlyRootFilesystem: Bool
    /// `allowPrivilegeEscalation: false`.
    package var noNewPrivileges: Bool
    /// `seccompProfile: RuntimeDefault`; else unconfined, the kubelet's default.
    package var runtimeDefaultSeccomp: Bool

    package init(
        user: Int64, group: Int64, readOnlyRootFilesystem: Bool, noNewPrivileges: Bool, runtimeDefaultSeccomp: Bool
    ) {
        self.user = user
        self.group = group
        self.readOnlyRootFilesystem = readOnlyRootFilesystem
        self.noNewPrivileges = noNewPrivileges
        self.runtimeDefaultSeccomp = runtimeDefaultSeccomp
    }

    /// What `procMount: Default` hides (`pkg/securitycontext/util.go` of Kubernetes 1.36).
    private static let masked = [
        "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ]
    private static let readOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    /// Some fields are not in our subset of the protocol, because no agent needs them; as fields unknown to it a message
    /// carries them all the same: the numbers are CRI's (`LinuxContainerSecurityContext`).
    func context() throws -> Runtime_V1_LinuxContainerSecurityContext {
        var wire: [UInt8] = []
        func put(_ field: UInt8, _ content: [UInt8]) {
            // Lengths here are below 128: one byte.
            wire += [field << 3 | 2, UInt8(content.count)] + content
        }
        put(12, group == 0 ? [] : [0x08] + Self.varint(UInt64(group)))
        for path in Self.masked { put(13, Array(path.utf8)) }
        for path in Self.readOnly { put(14, Array(path.utf8)) }
        // SecurityProfile: RuntimeDefault is 0, Unconfined 1.
        put(15, runtimeDefaultSeccomp ? [] : [0x08, 0x01])
        var context = try Runtime_V1_LinuxContainerSecurityContext(serializedBytes: wire)
        context.runAsUser = .with { $0.value = user }
        context.supplementalGroups = supplementalGroups
        context.readonlyRootfs = readOnlyRootFilesystem
        context.noNewPrivs = noNewPrivileges
        return context
    }

    private static func varint(_ number: UInt64) -> [UInt8] {
        var rest = number
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

/// A directory or file of the node in a container.
package struct HostMount: Hashable, Sendable {
    package var hostPath: String
    package var containerPath: String
    package var readOnly: Bool
    /// `mountPropagation: HostToContainer`; else none.
    package var hostToContainer: Bool

    package init(hostPath: String, containerPath: String, readOnly: Bool = false, hostToContainer: Bool = false) {
        self.hostPath = hostPath
        self.containerPath = containerPath
        self.readOnly = readOnly
        self.hostToContainer = hostToContainer
    }

    func mount() throws -> Runtime_V1_Mount {
        // `propagation` is field 5 of CRI's Mount; PROPAGATION_HOST_TO_CONTAINER is 1.
        var mount = try Runtime_V1_Mount(serializedBytes: (hostToContainer ? [0x28, 0x01] : []) as [UInt8])
        mount.hostPath = hostPath
        mount.containerPath = containerPath
        mount.readonly = readOnly
        return mount
    }
}
