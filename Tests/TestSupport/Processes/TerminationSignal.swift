// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// SIGTERM and SIGINT as a state to wait for, for the programs of the rig.
package enum TerminationSignal {
    private static let wasSeen = Atomic<Bool>(false)

    /// From now on the two signals no longer end the process.
    package static func catchSignals() {
        _ = wasSeen.load(ordering: .relaxed)  // made before a handler may touch it
        for number in [SIGTERM, SIGINT, SIGHUP] {
            signal(number) { _ in TerminationSignal.wasSeen.store(true, ordering: .relaxed) }
        }
    }

    package static var hasCome: Bool { wasSeen.load(ordering: .relaxed) }

    /// Returns when one has come, also if it came before the call.
    package static func wait() async throws {
        while !hasCome { try await Task.sleep(for: .milliseconds(100)) }
    }
}
