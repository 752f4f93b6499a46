// SPDX-License-Identifier: Apache-2.0

/// A mount namespace in which the rig's directories have the names that they have on a node: `/var/log`, `/run/containerd`,
/// `/var/lib/lastword`, `/run/log/journal`, `/run/systemd/journal`. Every mount in it is shared, as systemd has it on a node.
///
/// The runtime runs in it, so that a pod's host paths can be taken from a manifest as they are. The rig itself stays
/// outside and sees the same files under their long names. It ends, with all its mounts, when the last process in it does.
final class NodeNamespace: Sendable {
    /// Paths as the runtime sees them, by the beginning of those outside.
    static func inside(_ path: String, _ paths: NodePaths) -> String {
        path.hasPrefix(paths.log + "/") ? "/var/log" + path.dropFirst(paths.log.utf8.count) : path
    }

    private let keeper: ChildProcess

    /// - Parameter journal: whose files and socket stand for the node's; nil: there are two empty directories.
    init(_ paths: NodePaths, journal: PrivateJournal?) async throws {
        let ready = paths.runtime + "/namespace.ready"
        let stage = paths.containerd + "/run"
        for directory in [stage, paths.nodeStore] { try Files.makeDirectories(directory) }
        // Without mount's own table (-n), which is below /run. The new /run is built elsewhere and moved: this runtime's own directory lies in the old one. That one is bound a
        // second time only when mounts are shared: both names are of one peer group then, and a container's root file
        // system shows up below both.
        let script = """
            run=$1 stage=$2 log=$3 store=$4 files=$5 socket=$6 ready=$7
            mount -n --make-rprivate / && mount -n -t tmpfs -o mode=0755 tmpfs "$stage" || exit 1
            mkdir -p "$stage/${run#/run/}" "$stage/containerd" "$stage/log/journal" "$stage/systemd/journal" || exit 1
            mount -n --bind "$run" "$stage/${run#/run/}" || exit 1
            [ -z "$files" ] || mount -n --bind "$files" "$stage/log/journal" || exit 1
            [ -z "$socket" ] || mount -n --bind "$socket" "$stage/systemd/journal" || exit 1
            mount -n --move "$stage" /run && mount -n -t tmpfs -o mode=0755 tmpfs /var/lib || exit 1
            mkdir /var/lib/lastword && mount -n --bind "$store" /var/lib/lastword || exit 1
            mount -n --bind "$log" /var/log && mount -n --make-rshared / || exit 1
            mount -n --bind "$run" /run/containerd || exit 1
            : > "$ready"
            exec sleep infinity
            """
        let child = try ChildProcess.start(
            [
                "unshare", "-m", "/bin/sh", "-c", script, "node", paths.runtime, stage, paths.log, paths.nodeStore,
                journal?.files ?? "", journal.map { $0.directory + "/run" } ?? "", ready,
            ], output: .file(paths.containerd + "/namespace.log"))
        keeper = child
        try await waitUntil("the node's mount namespace is made") {
            guard child.isRunning else {
                throw RigError.failed(
                    "cannot make a node's mount namespace: \(try Files.text(paths.containerd + "/namespace.log"))")
            }
            return Files.exists(ready)
        }
    }

    /// The command, to run inside.
    func command(_ arguments: [String]) -> [String] {
        ["nsenter", "-t", "\(keeper.pid)", "-m"] + arguments
    }

    func end() async throws {
        try await keeper.kill()
    }
}
