// SPDX-License-Identifier: Apache-2.0
package import Logging
package import SessionTracking

/// A running source of pods: two implementations, the API server's watch and the kubelet's `/pods`.
package protocol PodSource: Sendable {
    /// Where the observations wait: `pod`, `podDeleted`, `podListing`, `sourceLost`, `sourceRestored`,
    /// `sourceOverflowed`. Finished when `run` returns.
    var queue: ObservationQueue { get }
    /// How it stands, for `/readyz` and `status`.
    var status: PodSourceStatus { get }
    /// Until the task is cancelled. Reconnects for ever; trouble shows in `status`, the queue, metrics and logs.
    func run() async throws
    /// One try of everything that the source needs, for `check` and `doctor`.
    /// - Throws: `LastwordError` with a remedy: unreachable, wrong certificate, 401, 403 with the missing verb, bad
    ///   credentials.
    func trialAccess() async throws
}

extension PodSource {
    /// Whether the source sees the node's pods right now.
    package var isAvailable: Bool { status.isAvailable }
}

package struct PodSourceStatus: Hashable, Sendable {
    package var isAvailable: Bool
    /// Why it is not available, in words; nil while it is, or has not begun.
    package var trouble: String?
}

extension PodSourceConfiguration {
    /// The source that the configuration asks for; nil for none.
    /// - Parameter clock: tells the moment of receipt.
    package func makeSource(logger: Logger, clock: AgentClock = .system) -> (any PodSource)? {
        switch origin {
        case .none: return nil
        case .api(let access):
            return KubernetesPodSource(access: access, configuration: self, logger: logger, clock: clock)
        case .kubelet(let access):
            return KubeletPodSource(access: access, configuration: self, logger: logger, clock: clock)
        }
    }
}
