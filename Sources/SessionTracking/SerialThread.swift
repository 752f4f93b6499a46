// SPDX-License-Identifier: Apache-2.0
import Dispatch

/// An executor of its own for an actor whose operations block in the kernel (SQLite's fsync, reading a log): they must not
/// hold one of the few threads on which everything else runs.
package final class SerialThread: SerialExecutor {
    private let queue: DispatchQueue

    package init(label: String) {
        queue = DispatchQueue(label: label, qos: .userInitiated)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        queue.async { unowned.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}
