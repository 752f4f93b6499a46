// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which machine the store is on: stands in `ledger.opened`, `agent.started` and `agent.stopped`.
package struct NodeIdentity: Sendable, Hashable {
    /// The node's name in the cluster.
    package let node: String
    /// `/etc/machine-id`: survives reboots, is copied with a cloned disk.
    package let machineID: String?
    /// The kernel's random id of this boot.
    package let bootID: String?

    package init(node: String, machineID: String?, bootID: String?) {
        self.node = node
        self.machineID = machineID
        self.bootID = bootID
    }

    /// Both ids as the running system has them; `root` stands before the paths in a container with the host's `/etc`
    /// mounted elsewhere.
    package static func read(node: String, root: String = "") -> NodeIdentity {
        NodeIdentity(
            node: node, machineID: word(of: root + "/etc/machine-id"),
            bootID: word(of: "/proc/sys/kernel/random/boot_id"))
    }

    private static func word(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(file, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let word = buffer[..<count].prefix { (48...57).contains($0) || (97...122).contains($0) || $0 == 0x2D }
        return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
    }
}
