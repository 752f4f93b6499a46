// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestSupport

/// One run of a program, timed from the fork to its end; its output goes nowhere.
struct TimedCommand: Sendable {
    let wallNanoseconds: Int64
    /// User and system time of the program.
    let processorNanoseconds: Int64
    /// The exit code; nil if a signal ended it.
    let exitCode: Int32?

    /// Blocks until it has ended.
    init(_ arguments: [String], environment: [String: String] = ["PATH": "/usr/bin:/bin"]) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var argv = arguments.map { strdup($0) }
        var envp = environment.map { strdup("\($0.key)=\($0.value)") }
        argv.append(nil)
        envp.append(nil)
        defer { for text in argv + envp { free(text) } }
        var pid = pid_t()
        let began = Clock.monotonic()
        let result = posix_spawn(&pid, arguments.first ?? "", &actions, nil, argv, envp)
        guard result == 0 else { throw RigError.system("cannot start \(arguments.first ?? "")", number: result) }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
        wallNanoseconds = Clock.monotonic() - began
        processorNanoseconds = Self.nanoseconds(usage.ru_utime) + Self.nanoseconds(usage.ru_stime)
        exitCode = status & 0x7F == 0 ? status >> 8 & 0xFF : nil
    }

    private static func nanoseconds(_ time: timeval) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_usec) * 1000
    }
}
