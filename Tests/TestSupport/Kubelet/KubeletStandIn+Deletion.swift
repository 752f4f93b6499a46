// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

extension KubeletStandIn {
    /// The shortest grace that a kubelet gives, also under `--force --grace-period=0`
    /// (`minimumGracePeriodInSeconds`, `pkg/kubelet/kuberuntime`).
    private static let shortestGrace: Int64 = 2

    /// Deletes a pod in the kubelet's order: stop the containers, all at once; then for each its log files, the link,
    /// RemoveContainer; then the sandbox; then the pod's log directory.
    ///
    /// - Parameters:
    ///   - grace: seconds between TERM and KILL; nil for the pod's own. 0 kills at once, which no kubelet does.
    ///   - force: `kubectl delete --force --grace-period=0`: the shortest grace that a kubelet gives.
    package func deletePod(
        _ pod: RunningPod, grace: Int64? = nil, force: Bool = false, delays: DeletionDelays = .none
    ) async throws {
        let seconds = grace ?? (force ? Self.shortestGrace : max(Self.shortestGrace, pod.specification.gracePeriod))
        try await withThrowingTaskGroup { group in
            for container in containers(of: pod) {
                group.addTask {
                    try await self.runtime.stopContainer(container.id, seconds: seconds)
                    try await Self.pause(delays.exitToLogs)
                    try await self.removeContainer(container, delays: delays)
                }
            }
            try await group.waitForAll()
        }
        try await Self.pause(delays.containerToSandbox)
        try await runtime.removePodSandbox(pod.sandboxID)
        Files.removeTree(pod.logDirectory)
        Files.removeTree("\(paths.kubeletPods)/\(pod.uid)")
        removeCgroups(of: pod)
        forget(pod)
    }

    /// Removes a dead container as the kubelet's garbage collection does: log files, link, container.
    package func removeContainer(_ container: RunningContainer, delays: DeletionDelays = .none) async throws {
        try removeLogs(of: container)
        try await Self.pause(delays.logsToLink)
        try Files.remove(container.linkPath)
        try await Self.pause(delays.linkToContainer)
        try await runtime.removeContainer(container.id)
        forget(container)
    }

    /// Unlinks `N.log` and all that it was rotated to.
    private func removeLogs(of container: RunningContainer) throws {
        let directory = "\(container.pod.logDirectory)/\(container.name)"
        for name in Files.names(in: directory) where name.hasPrefix("\(container.attempt).log") {
            try Files.remove(directory + "/" + name)
        }
    }

    /// runc removes a container's cgroups; the pod's own are the kubelet's.
    private func removeCgroups(of pod: RunningPod) {
        let path = PodConfiguration(paths: paths, pod: pod.specification).cgroup
        // Not there for every controller, and no harm if one stays until teardown.
        for hierarchy in Files.names(in: "/sys/fs/cgroup") { rmdir("/sys/fs/cgroup/\(hierarchy)\(path)") }
        rmdir("/sys/fs/cgroup\(path)")
    }

    private static func pause(_ duration: Duration) async throws {
        if duration > .zero { try await Task.sleep(for: duration) }
    }
}
