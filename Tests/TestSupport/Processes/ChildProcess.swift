// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import Synchronization

/// A process that a test starts, in a process group of its own, killed with the group when this process ends.
package final class ChildProcess: Sendable {
    /// Where output goes.
    package enum Output: Sendable {
        case discard
        case inherit
        /// Appended to the file, which is made if need be; standard output and error together.
        case file(String)
    }

    /// How it ended: an exit code or a signal.
    package enum Ending: Hashable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    package let pid: Int32
    package let arguments: [String]
    private let state = Mutex<Ending?>(nil)

    /// Nil while it runs.
    package var ending: Ending? { state.withLock { $0 } }

    package var isRunning: Bool { ending == nil }

    private init(pid: pid_t, arguments: [String]) {
        self.pid = pid
        self.arguments = arguments
    }

    /// Starts a program, looked for in `PATH`.
    ///
    /// - Parameters:
    ///   - environment: the whole environment; nil for this process's own.
    ///   - further: descriptors that the program finds as 3 and the numbers behind it; at most 5 of them.
    package static func start(
        _ arguments: [String], environment: [String: String]? = nil, workingDirectory: String? = nil,
        output: Output = .discard, further: [Int32] = []
    ) throws -> ChildProcess {
        // Out of the way of the numbers that they are to have.
        let raised = further.map { fcntl($0, F_DUPFD_CLOEXEC, 16) }
        defer { for descriptor in raised { close(descriptor) } }
        guard raised.allSatisfy({ $0 >= 0 }) else { throw RigError.system("cannot duplicate a descriptor") }
        var spawner = Spawner(arguments)
        spawner.further = raised
        spawner.environment = environment
        spawner.workingDirectory = workingDirectory
        switch output {
        case .discard:
            break
        case .inherit:
            spawner.standardOutput = 1
            spawner.standardError = 2
        case .file(let path):
            let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            guard file >= 0 else { throw RigError.system("cannot open \(path)") }
            spawner.standardOutput = file
            spawner.standardError = file
        }
        defer { if case .file = output, let file = spawner.standardOutput { close(file) } }
        return try start(spawner)
    }

    static func start(_ spawner: Spawner) throws -> ChildProcess {
        let child = ChildProcess(pid: try spawner.spawn(), arguments: spawner.arguments)
        Guardian.shared?.adopt(group: child.pid)
        // A thread of its own per child: waiting for a process blocks, and the pool of Swift tasks must not.
        try Self.startThread { child.reap() }
        return child
    }

    /// Sends a signal to the process; false if it has ended.
    @discardableResult
    package func signal(_ number: Int32) -> Bool {
        state.withLock { $0 == nil && Glibc.kill(pid, number) == 0 }
    }

    /// Sends a signal to its whole process group; false if the process has ended.
    @discardableResult
    package func signalGroup(_ number: Int32) -> Bool {
        state.withLock { $0 == nil && Glibc.kill(-pid, number) == 0 }
    }

    /// Stops it where it stands (SIGSTOP).
    package func pause() { signal(SIGSTOP) }

    /// Lets it go on (SIGCONT).
    package func resume() { signal(SIGCONT) }

    /// Waits for its end.
    package func wait(limit: Duration = .seconds(30)) async throws -> Ending {
        try await waitFor(limit: limit, every: .milliseconds(5), "\(arguments.joined(separator: " ")) ends") { ending }
    }

    /// Asks it to end (SIGTERM) and kills it if it has not within `limit`.
    @discardableResult
    package func terminate(limit: Duration = .seconds(10)) async throws -> Ending {
        signal(SIGTERM)
        do {
            return try await wait(limit: limit)
        } catch let error as LastwordError where error.code == "rig.timeout" {
            return try await kill()
        }
    }

    /// Kills it and its group at once and waits until it is gone.
    @discardableResult
    package func kill() async throws -> Ending {
        signalGroup(SIGKILL)
        return try await wait()
    }

    private func reap() {
        // Wait without reaping first: as long as the zombie stands, its number belongs to nobody else, so that a signal
        // sent under the lock can never hit a stranger.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        state.withLock { ending in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            ending = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
        }
        Guardian.shared?.release(group: pid)
    }

    private final class ThreadBody: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) throws {
        let box = Unmanaged.passRetained(ThreadBody(body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { pointer in
                if let pointer { Unmanaged<ThreadBody>.fromOpaque(pointer).takeRetainedValue().run() }
                return nil
            }, box.toOpaque())
        guard result == 0 else {
            box.release()
            throw RigError.system("cannot start a thread", number: result)
        }
        pthread_detach(thread)
    }
}
