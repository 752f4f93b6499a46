// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle
import Synchronization

/// Shows that Swift's threads get on: the endpoint for health stands on event loops of its own, and would answer also if every
/// request hung.
final class Heartbeat: Service {
    private static let interval = Duration.seconds(1)
    private static let limit = Duration.seconds(15)

    private let last = Mutex(ContinuousClock.now)

    var isAlive: Bool { ContinuousClock.now - last.withLock { $0 } < Self.limit }

    func run() async throws {
        await runUntilStopped { [self] in
            while true {
                last.withLock { $0 = .now }
                try await Task.sleep(for: Self.interval)
            }
        }
    }
}
