// SPDX-License-Identifier: Apache-2.0
import HealthReporting
import Logging
import ServiceLifecycle
import SessionRecords
import Telemetry

/// Reads the issuer's keys at the start and every `interval`. As long as none could be read, it tries more often and
/// `/readyz` says so; once there are some, a failure leaves them in force.
struct KeyRefreshService: Service {
    private static let retry = Duration.seconds(10)

    let keys: ServiceAccountKeys
    let interval: Duration
    let health: HealthState
    let logger: Logging.Logger

    func run() async throws {
        await runUntilStopped {
            var hasKeys = false
            while true {
                do throws(LastwordError) {
                    try await keys.load()
                    hasKeys = true
                    if health.report(HealthState.Part.keys, .ok) {
                        logger.info("the ServiceAccount issuer's keys were read")
                    }
                } catch {
                    // Anybody may ask `/readyz`: paths and causes are for the log.
                    health.report(HealthState.Part.keys, .failing(error.code))
                    logger.warning(
                        "the ServiceAccount issuer's keys could not be read",
                        metadata: [LogKey.errorMessage: "\(error)"])
                }
                try await Task.sleep(for: hasKeys ? interval : min(interval, Self.retry))
            }
        }
    }
}
