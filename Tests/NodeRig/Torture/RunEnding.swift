// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import TestSupport

/// Whether the run is to come to its end: told so, out of time, or asked to by a signal.
final class RunEnding: Sendable {
    private let deadline: ContinuousClock.Instant
    private let wasEnded = Atomic(false)

    init(deadline: ContinuousClock.Instant) {
        self.deadline = deadline
    }

    var isOver: Bool {
        wasEnded.load(ordering: .relaxed) || ContinuousClock.now >= deadline || TerminationSignal.hasCome
    }

    func end() {
        wasEnded.store(true, ordering: .relaxed)
    }
}

/// Numbers from the environment, as `make` hands them on; an empty one counts as none.
enum Environment {
    static func number(_ name: String) -> Int? {
        getenv(name).map { String(cString: $0) }.flatMap { Int($0) }
    }
}
