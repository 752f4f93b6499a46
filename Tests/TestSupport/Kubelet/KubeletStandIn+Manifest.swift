// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

extension KubeletStandIn {
    /// The pod as the kubelet would report it now: every container made in it and not removed, with what CRI says of it.
    ///
    /// - Parameter requestedAt: when ephemeral containers were last asked for; nil: the time of the last one's creation.
    package func manifest(of pod: RunningPod, requestedAt: Timestamp? = nil) async throws -> PodManifest {
        var manifest = PodManifest(pod: pod.specification, createdAt: pod.createdAt, entries: [])
        for container in containers(of: pod) {
            guard let status = try await status(container) else { continue }
            var entry = PodManifest.Entry(
                container.specification, kind: container.kind,
                state: Self.state(of: container, status, restartPolicy: pod.specification.restartPolicy))
            entry.containerID = container.id
            entry.imageID = status.imageReference
            entry.restartCount = container.attempt
            if status.reason == "StartError" { entry.lastTermination = Self.termination(of: container, status) }
            if container.kind == .ephemeral {
                manifest.ephemeralAt = max(
                    manifest.ephemeralAt ?? Timestamp(nanoseconds: 0), requestedAt ?? status.createdAt ?? pod.createdAt)
            }
            if let earlier = manifest.entries.firstIndex(where: { $0.specification.name == container.name }) {
                if case .terminated(let ended) = manifest.entries[earlier].state { entry.lastTermination = ended }
                manifest.entries[earlier] = entry
            } else {
                manifest.entries.append(entry)
            }
        }
        return manifest
    }

    private static func state(
        of container: RunningContainer, _ status: RuntimeStatus, restartPolicy: String
    ) -> PodManifest.State {
        switch status.state {
        case .created, .unknown:
            return .waiting(reason: "ContainerCreating", message: "")
        case .running:
            return .running(startedAt: status.startedAt)
        case .exited where status.reason == "StartError" && restartPolicy != "Never":
            // The API says that it waits; the ending stands under lastState.
            return .waiting(reason: "RunContainerError", message: status.message)
        case .exited:
            return .terminated(termination(of: container, status))
        }
    }

    private static func termination(of container: RunningContainer, _ status: RuntimeStatus) -> PodManifest.Termination
    {
        var ended = PodManifest.Termination(exitCode: status.exitCode, reason: status.reason)
        ended.message = status.message
        ended.startedAt = status.startedAt
        ended.finishedAt = status.finishedAt
        ended.containerID = container.id
        return ended
    }
}
