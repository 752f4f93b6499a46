// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking

extension PodTranslator {
    /// All containers of the spec, in the API's order of lists: init, regular, ephemeral.
    static func containers(of pod: WirePod) -> [PodContainer] {
        guard let spec = pod.spec else { return [] }
        let hostPaths = Dictionary(
            spec.volumes.compactMap { volume in volume.hostPath.map { (volume.name, $0.path) } },
            uniquingKeysWith: { first, _ in first })
        let lists: [(PodContainer.Kind, [WireContainer], [WireContainerStatus])] = [
            (.initialization, spec.initContainers, pod.status?.initContainerStatuses ?? []),
            (.regular, spec.containers, pod.status?.containerStatuses ?? []),
            (.ephemeral, spec.ephemeralContainers, pod.status?.ephemeralContainerStatuses ?? []),
        ]
        return lists.flatMap { kind, containers, statuses in
            let byName = Dictionary(statuses.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            return containers.map { wire in
                var container = container(wire, kind: kind, hostPaths: hostPaths)
                container.securityContext = effective(pod: spec.securityContext, container: wire.securityContext)
                container.status = byName[wire.name].map(status)
                return container
            }
        }
    }

    private static func container(
        _ wire: WireContainer, kind: PodContainer.Kind, hostPaths: [String: String]
    ) -> PodContainer {
        var container = PodContainer(name: Bounds.name(wire.name), kind: kind)
        container.image = wire.image.map { Bounds.clip($0, to: Bounds.pathBytes) }
        container.command = wire.command.map(Bounds.command)
        container.args = wire.args.map(Bounds.command)
        container.envNames = wire.env.prefix(Bounds.arguments).map { Bounds.name($0.name) }
        container.tty = wire.tty
        container.stdin = wire.stdin
        container.targetContainer = wire.targetContainerName.flatMap { $0.isEmpty ? nil : Bounds.name($0) }
        container.mounts = wire.volumeMounts.prefix(Bounds.mounts).map { mount in
            let source = hostPaths[mount.name].map { path in
                mount.subPath.map { path + "/" + $0 } ?? path
            }
            return MountPoint(destination: mount.mountPath, source: source, readOnly: mount.readOnly ?? false)
        }.sorted()
        return container
    }

    /// Pod and container level merged: the container's word wins where both may speak (user, non-root, seccomp). Nil
    /// where neither says anything.
    static func effective(pod: WireSecurityContext?, container: WireSecurityContext?) -> SecurityContext? {
        var merged = SecurityContext()
        merged.privileged = container?.privileged
        merged.runAsUser = container?.runAsUser ?? pod?.runAsUser
        merged.runAsNonRoot = container?.runAsNonRoot ?? pod?.runAsNonRoot
        merged.allowPrivilegeEscalation = container?.allowPrivilegeEscalation
        merged.readOnlyRootFilesystem = container?.readOnlyRootFilesystem
        merged.capabilitiesAdded = capabilities(container?.capabilities?.add)
        merged.capabilitiesDropped = capabilities(container?.capabilities?.drop)
        merged.seccompProfile = (container?.seccompProfile ?? pod?.seccompProfile).map { Bounds.name($0.type) }
        return merged == SecurityContext() ? nil : merged
    }

    static func capabilities(_ names: [String]?) -> [String] {
        Set((names ?? []).map { Bounds.name($0.hasPrefix("CAP_") ? String($0.dropFirst(4)) : $0) }).sorted()
    }

    private static func status(_ wire: WireContainerStatus) -> PodContainerStatus {
        var status = PodContainerStatus()
        status.containerID = containerID(wire.containerID)
        status.imageDigest = wire.imageID.flatMap(digest)
        status.restartCount = max(0, wire.restartCount)
        if let terminated = wire.state?.terminated {
            status.state = .terminated(termination(terminated))
        } else if let running = wire.state?.running {
            status.state = .running(startedAt: running.startedAt.flatMap { Timestamp(rfc3339: $0) })
        } else if let waiting = wire.state?.waiting {
            status.state = .waiting(
                reason: waiting.reason.map(Bounds.name),
                message: waiting.message.map { Bounds.clip($0, to: Bounds.messageBytes) })
        }
        status.lastTermination = wire.lastState?.terminated.map(termination)
        return status
    }

    private static func termination(_ wire: WireContainerState.Terminated) -> PodTermination {
        var termination = PodTermination(exitCode: wire.exitCode)
        termination.reason = wire.reason.map(Bounds.name)
        termination.message = wire.message.map { Bounds.clip($0, to: Bounds.messageBytes) }
        termination.startedAt = wire.startedAt.flatMap { Timestamp(rfc3339: $0) }
        termination.finishedAt = wire.finishedAt.flatMap { Timestamp(rfc3339: $0) }
        termination.containerID = containerID(wire.containerID)
        return termination
    }

    /// `containerd://<id>` and `cri-o://<id>` without their scheme.
    static func containerID(_ text: String?) -> ContainerID? {
        guard let text else { return nil }
        if let scheme = text.firstRange(of: "://") { return ContainerID(text[scheme.upperBound...]) }
        return ContainerID(text)
    }

    /// The `sha256:…` at the end of an image ID: of the manifest after an `@`, of the image's configuration where the
    /// image was loaded by hand (`fixtures/`, §3).
    static func digest(_ imageID: String) -> String? {
        guard let start = imageID.firstRange(of: "sha256:") else { return nil }
        let text = imageID[start.lowerBound...]
        let hex = imageID[start.upperBound...]
        guard hex.utf8.count == 64, Hex.decode(hex) != nil else { return nil }
        return String(text)
    }
}
