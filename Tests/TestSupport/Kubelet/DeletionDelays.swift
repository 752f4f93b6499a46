// SPDX-License-Identifier: Apache-2.0

/// How long the kubelet takes from one step of a pod's deletion to the next.
package struct DeletionDelays: Hashable, Sendable {
    /// From a container's exit, as the runtime told it, to the unlinking of its log files.
    package var exitToLogs: Duration
    /// From there to the removal of the link in `/var/log/containers`.
    package var logsToLink: Duration
    /// From there to RemoveContainer.
    package var linkToContainer: Duration
    /// From the last RemoveContainer to the removal of sandbox and log directory: the kubelet's clean-up runs once a minute.
    package var containerToSandbox: Duration

    package init(exitToLogs: Duration, logsToLink: Duration, linkToContainer: Duration, containerToSandbox: Duration) {
        self.exitToLogs = exitToLogs
        self.logsToLink = logsToLink
        self.linkToContainer = linkToContainer
        self.containerToSandbox = containerToSandbox
    }

    /// Faster than any kubelet: nothing waits.
    package static let none = DeletionDelays(
        exitToLogs: .zero, logsToLink: .zero, linkToContainer: .zero, containerToSandbox: .zero)

    /// The shortest that were measured on a 1.36 node under a forced delete (265 ms to the unlink, then 2 and 5 ms), but for
    /// the sandbox and the directory, which stood there for 8 to 60 s: here they go at once.
    package static let measured = DeletionDelays(
        exitToLogs: .milliseconds(265), logsToLink: .milliseconds(2), linkToContainer: .milliseconds(3),
        containerToSandbox: .zero)
}
