// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Synchronization

/// The ids whose records a listing has met, and whether each is a sandbox's.
final class FoundRecords: Sendable {
    private let found = Mutex<[ContainerID: Bool]>([:])

    var all: [ContainerID: Bool] { found.withLock { $0 } }

    func add(_ id: ContainerID, isSandbox: Bool) {
        found.withLock { $0[id] = isSandbox }
    }
}
