// SPDX-License-Identifier: Apache-2.0
package import SessionRecords
package import SessionTracking

/// The forwarder's sense of time; a test puts its own in place.
package struct ForwarderClock: Sendable {
    package var now: @Sendable () -> Timestamp
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    package init(_ clock: AgentClock) {
        self.init(now: { clock.now().wall }, sleep: { try await Task.sleep(for: $0) })
    }
}
