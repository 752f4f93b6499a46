// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import Synchronization

/// A journald of a test's own, in a mount namespace of its own: its sockets and files are in one directory, and the
/// machine's journal is never touched.
///
/// Services write into it as under systemd: their output is a stream of journald's, and their cgroup says which unit they
/// are, so that `_SYSTEMD_UNIT` is journald's own word. Needs root.
package final class PrivateJournal: Sendable {
    static let prefix = "/tmp/lw-journal."

    package let directory: String
    private let configuration: String
    private let process = Mutex<ChildProcess?>(nil)
    private let lock: Int32
    private let writes = Mutex(0)
    private let writers = Mutex<[ChildProcess]>([])

    /// Where the journal's files are, for `JournalPlace.directory`.
    package var files: String { directory + "/log" }
    /// Where entries of the native protocol go, for `JournalSender`.
    package var socket: String { directory + "/run/socket" }

    /// Lays out the directories; nothing runs yet.
    /// - Parameter settings: `journald.conf`'s, `RateLimitBurst` and the like.
    package init(settings: [String: String] = [:]) throws {
        guard geteuid() == 0 else {
            throw RigError.failed("a private journald needs root", remedy: "run this as root or through sudo")
        }
        for program in [Self.journald, Self.systemdCat] where !Files.exists(program) {
            throw RigError.failed("there is no \(program)", remedy: "apt-get install systemd")
        }
        CleanupScript.sweep(prefix: Self.prefix)
        directory = try Files.makeTemporaryDirectory(prefix: Self.prefix)
        // The kernel's messages and its audit log are the machine's, not the test's.
        let all = ["Storage": "volatile", "ReadKMsg": "no", "Audit": "", "Compress": "no"]
            .merging(settings) { _, given in given }
        configuration = "[Journal]\n" + all.map { "\($0.key)=\($0.value)\n" }.sorted().joined()
        lock = open(directory + "/owner.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw RigError.system("cannot lock \(directory)/owner.lock")
        }
        for name in ["log", "run", "conf"] { try Files.makeDirectories(directory + "/" + name) }
        try Files.write(configuration, to: directory + "/conf/rig.conf")
        try Files.write(cleanup, to: directory + "/cleanup.sh")
        Guardian.shared?.adopt(node: directory)
    }

    deinit {
        close(lock)
    }

    private static let journald = "/lib/systemd/systemd-journald"
    private static let systemdCat = "/usr/bin/systemd-cat"

    /// Starts journald and waits until it listens; also after `stop` or `kill`.
    package func start() async throws {
        guard process.withLock({ $0?.isRunning }) != true else { return }
        try Files.remove(directory + "/run/stdout")
        // /run is emptied for it, so that nothing has to be made on the machine's own.
        let script = """
            mount --make-rprivate / && mount -t tmpfs tmpfs /run || exit 1
            mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
            mount --bind "$1/run" /run/systemd/journal && mount --bind "$1/log" /run/log/journal || exit 1
            mount --bind "$1/conf" /run/systemd/journald.conf.d || exit 1
            exec \(Self.journald)
            """
        let child = try ChildProcess.start(
            ["unshare", "-m", "/bin/sh", "-c", script, "journald", directory],
            output: .file(directory + "/journald.log"))
        process.withLock { $0 = child }
        try await waitUntil(limit: .seconds(30), "journald listens at \(directory)/run") {
            guard child.isRunning else {
                let log = (try? Files.text(self.directory + "/journald.log")) ?? ""
                throw RigError.failed("journald ended while starting: \(log)")
            }
            return Files.exists(self.socket) && Files.exists(self.directory + "/run/stdout")
        }
        // Its first entry makes its first file.
        try await waitUntil(limit: .seconds(30), "journald has written") {
            Files.tree(self.files).contains { $0.hasSuffix("/system.journal") }
        }
    }

    /// journald's process; nil before the first start.
    package var child: ChildProcess? { process.withLock { $0 } }

    /// Ends journald in an orderly way. Streams of services are cut, as `systemctl stop` cuts them.
    package func stop() async throws {
        try await child?.terminate()
    }

    /// The command that runs a program as a service of that unit, with its output in the journal. The process that it is
    /// started as becomes the program: same pid, same mount namespace as this process.
    package func service(_ unit: String, identifier: String, _ arguments: [String]) throws -> [String] {
        guard let journald = child?.pid else { throw RigError.failed("the private journald does not run") }
        let script = """
            mkdir -p "$1" && echo $$ > "$1/cgroup.procs" || exit 1
            journald=$2 here=$3 name=$4
            shift 4
            exec nsenter -t "$journald" -m \(Self.systemdCat) -t "$name" nsenter -t "$here" -m "$@"
            """
        return [
            "/bin/sh", "-c", script, identifier, "\(Self.hierarchy)/\(slice)/\(unit)", "\(journald)", "\(getpid())",
            identifier,
        ] + arguments
    }

    /// Writes lines as a service of that unit, one entry each.
    ///
    /// - Parameter isWaiting: return once the journal has them (with a line of the rig's own behind them); not where
    ///   journald may drop them.
    package func write(
        unit: String, identifier: String, _ lines: [String], isWaiting: Bool = true
    ) async throws {
        let number = writes.withLock { count in
            count += 1
            return count
        }
        let mark = "rig: \(number) written"
        let (input, written) = (directory + "/lines.\(number)", directory + "/written.\(number)")
        try Files.write((lines + (isWaiting ? [mark] : [])).map { $0 + "\n" }.joined(), to: input)
        // The shell writes itself and lives on until journald has it all: journald looks at the very process that wrote,
        // and of one that has ended it cannot say which unit it was.
        let script = #"while IFS= read -r line; do printf '%s\n' "$line"; done < "$1"; : > "$2"; exec sleep 600"#
        let writer = try ChildProcess.start(
            service(unit, identifier: identifier, ["/bin/sh", "-c", script, "writer", input, written]))
        writers.withLock { $0.append(writer) }
        try await waitUntil(limit: .seconds(60), "\(unit) has written") { Files.exists(written) }
        guard isWaiting else { return }
        try await waitUntil(limit: .seconds(60), every: .milliseconds(50), "the journal has what was written") {
            let found = try await ChildProcess.run(
                ["journalctl", "-q", "-D", self.files, "-n", "20", "-o", "cat", "_SYSTEMD_UNIT=\(unit)"])
            return found.text.split(separator: "\n").contains { $0 == mark }
        }
        try await endWriters()
    }

    private func endWriters() async throws {
        let all = writers.withLock { list in
            defer { list = [] }
            return list
        }
        for writer in all { try await writer.kill() }
    }

    /// Returns once what was written before is on file.
    package func sync() async throws { try await journalctl("--sync") }

    /// The files are closed and new ones begun (`journalctl --rotate`).
    package func rotate() async throws { try await journalctl("--rotate") }

    /// Of the closed files only so many are kept.
    package func vacuum(keeping count: Int) async throws {
        try await journalctl("--vacuum-files=\(count)")
    }

    private func journalctl(_ arguments: String...) async throws {
        guard let journald = child?.pid else { throw RigError.failed("the private journald does not run") }
        try await ChildProcess.require(["nsenter", "-t", "\(journald)", "-m", "journalctl", "-q"] + arguments)
    }

    /// Ends journald and what still runs as its services, removes cgroups and files.
    /// - Throws: if something is left, naming it.
    package func teardown() async throws {
        child?.resume()
        try await endWriters()
        let result = try await ChildProcess.run(["/bin/sh", directory + "/cleanup.sh"])
        do {
            try await waitUntil(limit: .seconds(5), "nothing of it is left") { leftovers().isEmpty }
        } catch {
            throw RigError.failed("the private journald left \(leftovers()) behind: \(result.errorText)")
        }
    }

    /// Processes, cgroups and files that there still are; empty after teardown.
    package func leftovers() -> [String] {
        let processes = ProcessTable.all().filter { $0.cgroups.contains("/\(slice)") }.map(\.description)
        let daemon = child?.isRunning == true ? ["journald"] : []
        return daemon + processes + [directory, "\(Self.hierarchy)/\(slice)"].filter(Files.exists)
    }

    /// The name of the services' slice: systemd's rules take what is below it for a unit.
    private var slice: String { (directory.split(separator: "/").last.map { String($0) } ?? "lw-journal") + ".slice" }

    /// The hierarchy of cgroups by which systemd knows its units.
    private static let hierarchy: String = {
        let mixed = "/sys/fs/cgroup/unified"
        if Files.exists("/sys/fs/cgroup/cgroup.procs") { return "/sys/fs/cgroup" }
        return Files.exists(mixed) ? mixed : "/sys/fs/cgroup/systemd"
    }()

    /// Ends it from outside and in any state, for teardown, the guardian and the next run's sweep.
    private var cleanup: String {
        """
        dir=\(Shell.quoted(directory))
        slice=\(Shell.quoted("\(Self.hierarchy)/\(slice)"))
        # journald is the one whose log is ours.
        daemons() {
            for file in /proc/[0-9]*/comm; do
                read -r name 2>/dev/null < "$file" || continue
                [ "$name" = systemd-journal ] || continue
                pid=${file#/proc/}; pid=${pid%/comm}
                [ "$(readlink "/proc/$pid/fd/1")" = "$dir/journald.log" ] && echo "$pid"
            done
        }
        round=0
        while [ $round -lt 200 ]; do
            pids="$(daemons) $(find "$slice" -name cgroup.procs -exec cat {} + 2>/dev/null)"
            [ -n "${pids# }" ] || break
            kill -KILL $pids 2>/dev/null
            round=$((round + 1))
            sleep 0.05
        done
        find "$slice" -depth -type d -exec rmdir {} + 2>/dev/null
        rm -rf "$dir"
        exit 0

        """
    }
}
