// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// One `posix_spawn`: argv, environment, three descriptors, a group or session of its own, default signals.
///
/// `Foundation.Process` is not used: it waits on run loops and tells little of what it does about signals and groups.
struct Spawner {
    let arguments: [String]
    /// Nil: this process's own.
    var environment: [String: String]?
    var workingDirectory: String?
    /// Nil: `/dev/null`.
    var standardInput: Int32?
    var standardOutput: Int32?
    var standardError: Int32?
    /// What the child finds as 3 and the numbers behind it; all of them must be above these numbers.
    var further: [Int32] = []
    /// A session of its own instead of only a process group.
    var newSession = false

    init(_ arguments: [String]) {
        self.arguments = arguments
    }

    /// Starts it; the program is looked for in `PATH`. All descriptors but 0, 1, 2 and `further` are closed in the child.
    func spawn() throws -> pid_t {
        guard let program = arguments.first else { throw RigError.failed("no program to start") }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw RigError.system("cannot open /dev/null") }
        defer { close(null) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput ?? null, 0)
        posix_spawn_file_actions_adddup2(&actions, standardOutput ?? null, 1)
        posix_spawn_file_actions_adddup2(&actions, standardError ?? null, 2)
        for (index, descriptor) in further.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + index))
        }
        try Self.closeFrom(Int32(3 + further.count), &actions)
        if let workingDirectory { try Self.changeDirectory(workingDirectory, &actions) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Test runners ignore and block signals; a child must begin like one started from a shell.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        let group = newSession ? 0x80 : Int32(POSIX_SPAWN_SETPGROUP)  // 0x80: POSIX_SPAWN_SETSID, hidden from Swift
        posix_spawnattr_setflags(
            &attributes, Int16(group | Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)))

        var argv = arguments.map { strdup($0) } + [nil]
        defer { for pointer in argv { free(pointer) } }
        var pid = pid_t()
        let result: Int32
        if let environment {
            var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
            defer { for pointer in variables { free(pointer) } }
            result = posix_spawnp(&pid, program, &actions, &attributes, &argv, &variables)
        } else {
            result = posix_spawnp(&pid, program, &actions, &attributes, &argv, environ)
        }
        guard result == 0 else { throw RigError.system("cannot start \(program)", number: result) }
        return pid
    }

    // GNU's two additions to posix_spawn are hidden from Swift's Glibc module, so they are asked for by name.

    private static func closeFrom(_ first: Int32, _ actions: inout posix_spawn_file_actions_t) throws {
        typealias Function = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
        let name = "posix_spawn_file_actions_addclosefrom_np"
        guard let symbol = dlsym(nil, name) else { throw RigError.failed("the C library has no \(name)") }
        let result = unsafeBitCast(symbol, to: Function.self)(&actions, first)
        guard result == 0 else { throw RigError.system(name, number: result) }
    }

    private static func changeDirectory(_ path: String, _ actions: inout posix_spawn_file_actions_t) throws {
        typealias Function =
            @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>) -> Int32
        let name = "posix_spawn_file_actions_addchdir_np"
        guard let symbol = dlsym(nil, name) else { throw RigError.failed("the C library has no \(name)") }
        let result = unsafeBitCast(symbol, to: Function.self)(&actions, path)
        guard result == 0 else { throw RigError.system(name, number: result) }
    }

    /// Starts it and blocks until it has ended; for places that cannot be asynchronous (`atexit`).
    func runBlocking() throws {
        let pid = try spawn()
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }
}
