// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Synchronization

/// The roster, shared by the event stream, the listings and the look-ups of one source. Lives as long as the source.
final class SharedRoster: Sendable {
    private let roster = Mutex(ContainerRoster())

    func with<Result>(_ body: (inout ContainerRoster) throws -> sending Result) rethrows -> sending Result {
        try roster.withLock { try body(&$0) }
    }

    func described(_ id: ContainerID, isSandbox: Bool) {
        roster.withLock { $0.described(id, isSandbox: isSandbox) }
    }
}
