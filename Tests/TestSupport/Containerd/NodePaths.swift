// SPDX-License-Identifier: Apache-2.0

/// Where a private containerd keeps what is its own, and the log tree of the node that it plays.
package struct NodePaths: Hashable, Sendable {
    /// Images, layers, containerd's log, the pods' own files and the log tree. May be long, may be on a disk.
    package let directory: String
    /// Sockets and runtime state: short, because a socket's path must stay under 108 bytes.
    package let runtime: String
    /// Whether the runtime sees the log tree as `/var/log` (`NodeNamespace`).
    package let hasNodeNames: Bool

    package init(directory: String, runtime: String, hasNodeNames: Bool = false) {
        self.directory = directory
        self.runtime = runtime
        self.hasNodeNames = hasNodeNames
    }

    /// A path of the log tree as the runtime has to be told it.
    func named(_ path: String) -> String { hasNodeNames ? NodeNamespace.inside(path, self) : path }

    package var socket: String { runtime + "/containerd.sock" }
    /// containerd's `state`: bundles, FIFOs of the containers' streams.
    package var state: String { runtime + "/state" }
    package var configuration: String { runtime + "/config.toml" }
    var cleanupScript: String { runtime + "/cleanup.sh" }
    var ownerLock: String { runtime + "/owner.lock" }
    var runcState: String { runtime + "/runc" }

    /// Everything of `directory` but the log tree.
    var containerd: String { directory + "/containerd" }
    /// containerd's `root`: content, snapshots, metadata.
    package var root: String { containerd + "/root" }
    package var containerdLog: String { containerd + "/containerd.log" }
    /// The kubelet's directory of pods: termination logs, `etc-hosts`.
    var kubeletPods: String { containerd + "/kubelet/pods" }
    /// What `/var/lib/lastword` is in a `NodeNamespace`.
    package var nodeStore: String { containerd + "/lastword" }

    /// What `/var/log` is on a node.
    package var log: String { directory + "/log" }
    /// What `/var/log/pods` is.
    package var podLogs: String { log + "/pods" }
    /// What `/var/log/containers` is.
    package var containerLogs: String { log + "/containers" }
    /// Where the agent's pins belong on this node.
    package var pins: String { log + "/.lastword/pins" }

    /// The name under which the node's containers are in every cgroup hierarchy.
    var cgroup: String { String(runtime.split(separator: "/").last ?? "lastword-rig") }
}

extension NodePaths {
    /// Every process, mount, cgroup and directory of this node that there still is; empty once it is down.
    package func leftovers() -> [String] {
        let name = "/" + cgroup
        let processes = ProcessTable.all().filter { process in
            process.commandLine.contains(runtime + "/")
                || process.cgroups.split(separator: "\n").contains { line in
                    line.hasSuffix(name) || line.contains(name + "/")
                }
        }
        let mounts = ProcessTable.mounts(below: [runtime, directory]).map { "mount \($0)" }
        let hierarchies = ["/sys/fs/cgroup"] + Files.names(in: "/sys/fs/cgroup").map { "/sys/fs/cgroup/" + $0 }
        let directories = [runtime, containerd, log] + hierarchies.map { $0 + name }
        return processes.map(\.description) + mounts + directories.filter(Files.exists).map { "directory \($0)" }
    }
}
