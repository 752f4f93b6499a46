// SPDX-License-Identifier: Apache-2.0
import ManifestSupport
import SessionRecords
import TestSupport
import Testing

/// A pod of a manifest in the words of the kubelet stand-in: what the manifest says is taken from it, never said again.
struct ShippedPod {
    let template: PodTemplate
    /// What stands behind volumes that are no host paths: a directory of the test, by the volume's name.
    let directories: [String: String]

    /// - Parameters:
    ///   - image: the image that stands for the placeholder.
    ///   - environment: what a kubelet adds, and what differs on the rig's one network.
    func container(image: String, environment: [String: String]) throws -> ContainerSpecification {
        let container = try #require(template.containers.first)
        var specification = ContainerSpecification(name: container.name, image: image, command: container.command)
        specification.arguments = container.arguments
        specification.environment = environment
        specification.addedCapabilities = container.security.added
        specification.droppedCapabilities = container.security.dropped
        specification.privileged = container.security.privileged
        var security = ContainerSecurity(
            user: Int64(template.security.user), group: Int64(template.security.group),
            readOnlyRootFilesystem: container.security.readOnlyRoot, noNewPrivileges: !container.security.escalates,
            runtimeDefaultSeccomp: template.security.seccomp == "RuntimeDefault")
        security.supplementalGroups = template.security.fsGroup.map { [Int64($0)] } ?? []
        specification.security = security
        specification.hostMounts = try container.mounts.map(mount)
        return specification
    }

    private func mount(_ mount: VolumeMount) throws -> HostMount {
        let volume = template.volumes.first { $0.name == mount.name }
        let path: String
        if case .host(let hostPath, _)? = volume?.source {
            path = hostPath
        } else {
            path = try #require(directories[mount.name], "nothing stands behind \(mount.name)")
        }
        return HostMount(
            hostPath: path, containerPath: mount.path, readOnly: mount.readOnly,
            hostToContainer: mount.propagation == "HostToContainer")
    }
}
