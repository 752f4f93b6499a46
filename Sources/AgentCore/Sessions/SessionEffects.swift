// SPDX-License-Identifier: Apache-2.0
package import SessionRecords
package import SessionTracking
package import TailCapture

/// What the session service can have done, as closures: the seam between deciding and doing.
package struct SessionEffects: Sendable {
    /// Queue a look-up; its answer comes through the runtime source's own queue.
    package var describe: @Sendable (ContainerID) -> Void
    package var askStatus: @Sendable (ContainerID) -> Void
    /// One attempt to link the log; blocks for some system calls.
    package var pin: @Sendable (ContainerID, String) -> LogPin
    package var release: @Sendable (ContainerID) -> Void
    /// Reads the tail; blocks for some milliseconds.
    package var capture: @Sendable (ContainerID, String?) -> CapturedTail
    /// What shows whether the log has been written to; nil if only reading it can tell.
    package var mark: @Sendable (ContainerID) -> LogMark?

    package init(
        describe: @escaping @Sendable (ContainerID) -> Void, askStatus: @escaping @Sendable (ContainerID) -> Void,
        pin: @escaping @Sendable (ContainerID, String) -> LogPin, release: @escaping @Sendable (ContainerID) -> Void,
        capture: @escaping @Sendable (ContainerID, String?) -> CapturedTail,
        mark: @escaping @Sendable (ContainerID) -> LogMark?
    ) {
        self.describe = describe
        self.askStatus = askStatus
        self.pin = pin
        self.release = release
        self.capture = capture
        self.mark = mark
    }
}

/// Blocking work on log files, off the threads that everything else runs on.
actor FileWorker {
    private let thread: SerialThread

    init(label: String) {
        thread = SerialThread(label: label)
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func run<Result: Sendable>(_ work: @Sendable () -> Result) -> Result {
        work()
    }

    func attempt<Result: Sendable>(_ work: @Sendable () throws -> Result) throws -> Result {
        try work()
    }
}
