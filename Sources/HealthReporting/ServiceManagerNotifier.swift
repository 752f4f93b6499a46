// SPDX-License-Identifier: Apache-2.0
import CSystemd
package import Logging
import ServiceLifecycle
import Telemetry

/// Tells systemd how the program is doing (`sd_notify(3)`): READY at start, STATUS as it changes, WATCHDOG while the main
/// loop gets on, STOPPING at the end. Without systemd (`NOTIFY_SOCKET` is not set) it does nothing.
///
/// Readiness here means "started": a runtime that is absent shows in STATUS and `/readyz`, and must not make systemd
/// kill the agent that waits for it.
package struct ServiceManagerNotifier: Service {
    private let status: @Sendable () -> String
    private let isAlive: @Sendable () -> Bool
    private let statusInterval: Duration
    private let logger: Logging.Logger

    /// - Parameters:
    ///   - status: one line for `systemctl status`; sent when it differs from the last one.
    ///   - isAlive: whether the main loop has got on since it was last asked. While it has not, the watchdog is not fed,
    ///     and systemd restarts the agent after `WatchdogSec`.
    package init(
        status: @escaping @Sendable () -> String, isAlive: @escaping @Sendable () -> Bool,
        statusInterval: Duration = .seconds(5), logger: Logging.Logger
    ) {
        self.status = status
        self.isAlive = isAlive
        self.statusInterval = statusInterval
        self.logger = logger
    }

    /// Until graceful shutdown or cancellation.
    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await notify() }
        } catch is CancellationError {
            // The end of the service, not a fault.
        }
        send("STOPPING=1\nSTATUS=stopping")
    }

    /// Until cancellation, which it throws.
    private func notify() async throws {
        var status = Self.line(self.status())
        send("READY=1\nSTATUS=\(status)")
        let feeding = Self.watchdogInterval()
        let clock = ContinuousClock()
        var nextFeeding = clock.now
        while true {
            let now = clock.now
            if let feeding, now >= nextFeeding {
                nextFeeding = now.advanced(by: feeding)
                feed()
            }
            let current = Self.line(self.status())
            if current != status {
                status = current
                send("STATUS=\(status)")
            }
            let nextStatus = clock.now.advanced(by: statusInterval)
            try await clock.sleep(until: feeding == nil ? nextStatus : min(nextFeeding, nextStatus))
        }
    }

    /// Half of what systemd gives (sd_watchdog_enabled(3)); nil where it watches nothing.
    package static func watchdogInterval() -> Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 1 else { return nil }
        return .microseconds(Int64(clamping: microseconds / 2))
    }

    private func feed() {
        if isAlive() {
            send("WATCHDOG=1")
        } else {
            logger.error("the main loop stands still; systemd's watchdog is not fed")
        }
    }

    private func send(_ state: String) {
        let result = sd_notify(0, state)
        if result < 0 {
            logger.warning(
                "systemd could not be notified", metadata: [LogKey.errorType: "errno \(-Int(result))"])
        }
    }

    /// A newline would begin another assignment of the protocol.
    private static func line(_ text: String) -> String {
        String(text.prefix(512).map { $0.isNewline || $0 == "\0" ? " " : $0 })
    }
}
