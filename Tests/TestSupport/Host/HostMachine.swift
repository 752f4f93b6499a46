// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import Synchronization

/// A host of a test's own with systemd as process 1: systemd-nspawn on a fresh `/etc`, `/var` and `/run`, with this machine's
/// `/usr` below a layer of its own. No network, and nothing of it reaches this machine. Needs root.
///
/// Packages can be installed before it boots (as into an image) and while it runs.
package final class HostMachine: Sendable {
    static let prefix = "/var/lib/lw-host."

    /// Where the machine's files are on this one; removed at teardown.
    package let directory: String
    private let process = Mutex<ChildProcess?>(nil)
    private let leader = Mutex<Int32?>(nil)
    private let lock: Int32

    /// Why there can be none here; nil: there can.
    package static let obstacle: String? = {
        if geteuid() != 0 { return "a booted systemd needs root" }
        let programs = ["systemd-nspawn", "nsenter", "dpkg", "chroot", "setpriv"]
        let places = ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"]
        let missing = programs.filter { name in !places.contains { Files.exists($0 + name) } }
        return missing.isEmpty ? nil : "not installed: \(missing.joined(separator: ", ")); dev/setup.sh does"
    }()

    /// Lays out the files; nothing runs yet.
    package init() async throws {
        if let obstacle = Self.obstacle { throw RigError.failed("no host to boot: \(obstacle)") }
        CleanupScript.sweep(prefix: Self.prefix)
        directory = try Files.makeTemporaryDirectory(prefix: Self.prefix)
        lock = open(directory + "/owner.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw RigError.system("cannot lock \(directory)/owner.lock")
        }
        try Files.write(HostScripts.cleanup(directory), to: directory + "/cleanup.sh")
        Guardian.shared?.adopt(node: directory)
        try await ChildProcess.require(["/bin/sh", "-c", HostScripts.layout, "layout", directory])
    }

    deinit {
        close(lock)
    }

    /// The path on this machine of one of the host's own: below `/etc` and `/var`, what is mounted there excepted.
    package func path(_ own: String) -> String { directory + "/tree" + own }

    private var name: String {
        directory.split(separator: "/").last.map { String($0).replacing(".", with: "-") } ?? "lw-host"
    }

    /// The command that starts systemd-nspawn, in cgroups of its own.
    private func nspawn(_ arguments: [String]) -> [String] {
        ["/bin/sh", "-c", HostScripts.nspawn, "nspawn", directory, name] + Toolchain.binds + arguments
    }

    /// Runs a command in the files of a machine that is not booted, as in a chroot.
    package func runUnbooted(_ arguments: [String], limit: Duration = .seconds(120)) async throws -> CommandResult {
        try await ChildProcess.run(nspawn(["--as-pid2", "--"] + arguments), limit: limit)
    }

    /// Boots it and waits until systemd says that it is up.
    ///
    /// - Parameter binds: directories of this machine, each as `here:there`.
    package func boot(binds: [String] = []) async throws {
        let child = try ChildProcess.start(
            nspawn(binds.map { "--bind=" + $0 } + ["--boot"]), output: .file(directory + "/console.log"))
        process.withLock { $0 = child }
        let systemd = try await waitFor(limit: .seconds(60), "systemd runs as process 1") { () -> Int32? in
            guard child.isRunning else { throw RigError.failed("the host did not boot:\n\(self.consoleTail)") }
            // The scripts before it have children, too, which come and go.
            return ProcessTable.all().first {
                ProcessTable.parent(of: $0.pid) == child.pid
                    && ProcessTable.link("/proc/\($0.pid)/exe")?.hasSuffix("/systemd") == true
            }?.pid
        }
        leader.withLock { $0 = systemd }
        try await waitUntil(limit: .seconds(90), every: .milliseconds(100), "the host is up:\n\(consoleTail)") {
            guard child.isRunning else { throw RigError.failed("the host did not boot:\n\(self.consoleTail)") }
            let state = try await self.run("systemctl", "is-system-running").text
            return state.hasPrefix("running") || state.hasPrefix("degraded")
        }
    }

    /// Runs a command on the booted host, outside of every unit, as root with every capability that the host has.
    package func run(_ arguments: String...) async throws -> CommandResult {
        try await run(arguments)
    }

    package func run(_ arguments: [String], limit: Duration = .seconds(120)) async throws -> CommandResult {
        guard let leader = leader.withLock({ $0 }) else { throw RigError.failed("the host is not booted") }
        return try await ChildProcess.run(
            ["nsenter", "-t", "\(leader)", "-a", "--"] + arguments,
            environment: [
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SWIFT_BACKTRACE": "enable=no",
            ],
            limit: limit)
    }

    /// The same for a command that must succeed; its standard output.
    @discardableResult
    package func require(_ arguments: String...) async throws -> String {
        let result = try await run(arguments)
        guard result.succeeded else {
            throw RigError.failed(
                "\(arguments.joined(separator: " ")) ended with \(result.ending):\n\(result.text)\(result.errorText)")
        }
        return result.text
    }

    /// Shuts it down in an orderly way; it may be booted again.
    package func shutDown() async throws {
        leader.withLock { $0 = nil }
        try await process.withLock { $0 }?.terminate(limit: .seconds(60))
    }

    /// Ends it and removes its files.
    /// - Throws: if something is left, naming it.
    package func teardown() async throws {
        try await shutDown()
        let result = try await ChildProcess.run(["/bin/sh", directory + "/cleanup.sh"])
        guard leftovers().isEmpty else {
            throw RigError.failed("the host left \(leftovers()) behind: \(result.errorText)")
        }
    }

    package func leftovers() -> [String] {
        let mounts = ProcessTable.mounts(below: [directory]).map { "mount \($0)" }
        let hierarchies = ["/sys/fs/cgroup"] + Files.names(in: "/sys/fs/cgroup").map { "/sys/fs/cgroup/" + $0 }
        return mounts + ([directory] + hierarchies.map { $0 + "/" + name }).filter(Files.exists)
    }

    package var consoleTail: String {
        let text = (try? Files.text(directory + "/console.log")) ?? ""
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }
}

/// Debug builds need the toolchain's libraries, where they are linked to look for them.
private enum Toolchain {
    static let binds: [String] = {
        // The running program was linked the same way: what it has mapped from outside of /usr and the build is that.
        let maps = (try? Files.text("/proc/self/maps")) ?? ""
        let libraries = maps.split(separator: "\n").compactMap { line -> String? in
            guard let start = line.firstIndex(of: "/"), line.contains("/libswift") else { return nil }
            let path = line[start...]
            return path.lastIndex(of: "/").map { String(path[..<$0]) }
        }
        return Set(libraries).filter { !$0.hasPrefix("/usr/") }.sorted().map { "--bind-ro=" + $0 }
    }()
}
