// SPDX-License-Identifier: Apache-2.0
import HealthReporting
import Logging
import Metrics
import ServiceLifecycle
import SessionRecords
import Telemetry

/// Looks every few seconds whether the files of `tls.*` have changed, and serves new connections with what they hold then.
/// Files that cannot be used change nothing: the ones before are kept, which the log and `/readyz` say.
struct CertificateWatcher: Service {
    static let interval = Duration.seconds(2)

    let files: TLSFiles
    let mark: TLSFiles.Mark
    let current: SecureChannel.Current
    let health: HealthState
    let logger: Logging.Logger
    var interval = CertificateWatcher.interval

    func run() async throws {
        await runUntilStopped {
            var seen = mark
            while true {
                try await Task.sleep(for: interval)
                let now = files.mark
                guard now != seen else { continue }
                seen = now
                reload()
            }
        }
    }

    private func reload() {
        do {
            try current.replace(try files.configuration())
            health.report(HealthState.Part.certificates, .ok)
            Counter(label: "lastword_collector_certificate_reloads_total", dimensions: [("outcome", "ok")]).increment()
            logger.notice("certificates read again")
        } catch {
            // Anybody may ask `/readyz`: paths and causes are for the log.
            health.report(
                HealthState.Part.certificates, .failing((error as? LastwordError)?.code ?? "certificates.unusable"))
            Counter(label: "lastword_collector_certificate_reloads_total", dimensions: [("outcome", "failed")])
                .increment()
            logger.error(
                "new certificates cannot be used, the ones before are kept",
                metadata: [LogKey.errorMessage: "\(error)"])
        }
    }
}

extension HealthState.Part {
    package static let certificates = "certificates"
    package static let keys = "service-account-keys"
    package static let listener = "listener"
}
