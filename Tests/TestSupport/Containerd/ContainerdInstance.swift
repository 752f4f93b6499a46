// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import GRPCCore
import Glibc
import SessionRecords
import Synchronization

/// A private containerd: own root, state, socket, cgroup parent and runc state; a real one beside it is never touched.
///
/// It can be stopped, killed, paused and started again on the same directories. `teardown` ends it for good; a run that is
/// killed is cleaned up by its guardian, or by the next run.
package final class ContainerdInstance: Sendable {
    static let runtimePrefix = "/run/lastword-rig."

    package let paths: NodePaths
    /// For unary calls, also after a restart.
    package let connection: RuntimeConnection
    private let process = Mutex<ChildProcess?>(nil)
    /// Locked as long as this process lives; the sweep of another run tells by it that the node has an owner.
    private let lock: Int32
    /// Where containerd's own lines go; nil for a file.
    private let journal: PrivateJournal?
    private let namespace = Mutex<NodeNamespace?>(nil)

    /// containerd's process; nil before the first start and after teardown.
    package var child: ChildProcess? { process.withLock { $0 } }

    /// Lays out the directories of a new instance. Nothing runs yet.
    ///
    /// - Parameters:
    ///   - directory: where images, layers and logs go; nil for a new one under `/tmp`, removed at teardown.
    ///   - journal: a journald that runs, and is torn down after this; containerd is its `containerd.service` then, and
    ///     logs at level debug, because before 2.0 the line with the exit code exists at no other.
    ///   - hasNodeNames: in a mount namespace in which directories are named as on a node (`NodeNamespace`).
    package init(directory: String? = nil, journal: PrivateJournal? = nil, hasNodeNames: Bool = false) throws {
        guard geteuid() == 0 else {
            throw RigError.failed("a private containerd needs root", remedy: "run this as root or through sudo")
        }
        CleanupScript.sweep(prefix: Self.runtimePrefix)
        if let directory {
            // Both are removed at teardown, so they must be nobody else's: think of /var.
            for taken in [directory + "/containerd", directory + "/log"] where Files.exists(taken) {
                throw RigError.failed("\(taken) exists already", remedy: "name an empty directory")
            }
        }
        self.journal = journal
        let directory = try directory ?? Files.makeTemporaryDirectory(prefix: "/tmp/lw-node.")
        paths = NodePaths(
            directory: directory, runtime: try Files.makeTemporaryDirectory(prefix: Self.runtimePrefix),
            hasNodeNames: hasNodeNames)
        lock = open(paths.ownerLock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            throw RigError.system("cannot lock \(paths.ownerLock)")
        }
        connection = RuntimeConnection(socket: paths.socket)
        try Files.write(CleanupScript.text(paths), to: paths.cleanupScript)
        Guardian.shared?.adopt(node: paths.runtime)
        LiveNodes.add(paths.runtime)
        for path in [paths.root, paths.state, paths.kubeletPods, paths.containerd + "/opt", paths.containerLogs] {
            try Files.makeDirectories(path)
        }
        try Files.makeDirectories(paths.containerd + "/cni")
        try Files.makeDirectories(paths.podLogs, mode: 0o750)
        try Files.write(configuration, to: paths.configuration)
    }

    deinit {
        close(lock)
    }

    /// The runtime's configuration (version 2, which 1.6, 1.7 and 2.x read).
    private var configuration: String {
        // Layers on an overlay file system cannot be stacked once more; that happens where tests run in a container.
        let onOverlay = ProcessTable.fileSystem(of: paths.root) == "overlay"
        return """
            version = 2
            root = "\(paths.root)"
            state = "\(paths.state)"
            [grpc]
              address = "\(paths.socket)"
            [ttrpc]
              address = "\(paths.socket).ttrpc"
            [plugins."io.containerd.internal.v1.opt"]
              path = "\(paths.containerd)/opt"
            [plugins."io.containerd.grpc.v1.cri"]
              sandbox_image = "\(ImageBuilder.pause)"
              # Without CAP_SYS_RESOURCE nobody may lower an oom_score_adj, and runc would fail at it.
              restrict_oom_score_adj = true
              disable_apparmor = true
              [plugins."io.containerd.grpc.v1.cri".cni]
                bin_dir = "\(paths.containerd)/cni"
                conf_dir = "\(paths.containerd)/cni"
              [plugins."io.containerd.grpc.v1.cri".containerd]
                snapshotter = "\(onOverlay ? "native" : "overlayfs")"
                [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                  runtime_type = "io.containerd.runc.v2"
                  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                    Root = "\(paths.runcState)"
                    SystemdCgroup = false

            """
    }

    /// Starts containerd and waits until its CRI answers, also after `stop` or `kill`.
    package func start(limit: Duration = .seconds(60)) async throws {
        guard child?.isRunning != true else { return }
        await connection.reset()
        if paths.hasNodeNames, namespace.withLock({ $0 }) == nil {
            let made = try await NodeNamespace(paths, journal: journal)
            namespace.withLock { $0 = made }
        }
        var environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        // A proxy or a trace exporter of the machine is none of the private runtime's business.
        environment["HOME"] = paths.containerd
        let child: ChildProcess
        do {
            var command = ["containerd", "--config", paths.configuration]
            if let namespace = namespace.withLock({ $0 }) { command = namespace.command(command) }
            if let journal {
                command = try journal.service(
                    "containerd.service", identifier: "containerd", command + ["-l", "debug"])
            }
            child = try ChildProcess.start(command, environment: environment, output: .file(paths.containerdLog))
        } catch {
            throw RigError.failed(
                "cannot start a private containerd", remedy: "apt-get install containerd runc", cause: error)
        }
        process.withLock { $0 = child }
        try await waitUntil(limit: limit, every: .milliseconds(50), "containerd at \(paths.socket) answers") {
            if let ending = child.ending {
                throw RigError.failed("containerd ended with \(ending) while starting: \(lastLogLines())")
            }
            guard Files.exists(paths.socket) else { return false }
            do {
                try await connection.call { client in
                    var options = CallOptions.defaults
                    options.timeout = .seconds(5)
                    let runtime = Runtime_V1_RuntimeService.Client(wrapping: client)
                    _ = try await runtime.version(.init(), options: options)
                    // Version answers before the records are recovered; a listing does not.
                    _ = try await runtime.listPodSandbox(.init(), options: options)
                }
                return true
            } catch is RPCError {
                await connection.reset()
                return false
            }
        }
    }

    /// Ends containerd in an orderly way (SIGTERM). Containers and shims go on.
    package func stop() async throws {
        await connection.reset()
        try await child?.terminate()
    }

    /// Ends containerd at once (SIGKILL). Containers and shims go on.
    package func kill() async throws {
        await connection.reset()
        // Not the group: a shim that is just being started would die with it.
        child?.signal(SIGKILL)
        _ = try await child?.wait()
    }

    /// containerd hangs: it neither answers nor dies (SIGSTOP).
    package func pause() { child?.pause() }

    /// Ends the hanging.
    package func resume() { child?.resume() }

    /// Imports the images of an archive into the CRI's namespace.
    package func importImages(_ archive: [UInt8]) async throws {
        let file = paths.containerd + "/images.tar"
        try Files.write(archive, to: file)
        defer { unlink(file) }
        try await importImages(from: file)
    }

    /// The same for an archive on disk.
    package func importImages(from file: String) async throws {
        try await ChildProcess.require(
            ["ctr", "-a", paths.socket, "-n", "k8s.io", "images", "import", file], limit: .seconds(180))
    }

    /// Ends containerd, its shims and containers, unmounts, removes cgroups and directories.
    ///
    /// - Throws: if something is left, naming it.
    package func teardown() async throws {
        await connection.reset()
        child?.resume()
        let result = try await ChildProcess.run(["/bin/sh", paths.cleanupScript], limit: .seconds(60))
        if let namespace = namespace.withLock({ $0 }) { try await namespace.end() }
        LiveNodes.remove(paths.runtime)
        // A killed process may take a moment more to be gone altogether.
        do {
            try await waitUntil(limit: .seconds(5), "nothing of it is left") { leftovers().isEmpty }
        } catch {
            throw RigError.failed("the private containerd left \(leftovers()) behind: \(result.errorText)")
        }
    }

    /// Every process, mount, cgroup and directory of this instance that there still is; empty after teardown.
    package func leftovers() -> [String] { paths.leftovers() }

    private func lastLogLines() -> String {
        // Only words for an error that is thrown anyway.
        let text = (try? Files.text(paths.containerdLog)) ?? ""
        return text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }
}

/// The nodes that this process has up, ended at its exit even if nobody called `teardown`.
private enum LiveNodes {
    private static let directories = Mutex<[String]>([])
    private static let hook: Void = {
        _ = atexit { LiveNodes.endAll() }
    }()

    static func add(_ runtime: String) {
        _ = hook
        directories.withLock { $0.append(runtime) }
    }

    static func remove(_ runtime: String) {
        directories.withLock { $0.removeAll { $0 == runtime } }
    }

    private static func endAll() {
        let left = directories.withLock { list in
            defer { list = [] }
            return list
        }
        for runtime in left { CleanupScript.runBlocking(runtime) }
    }
}
