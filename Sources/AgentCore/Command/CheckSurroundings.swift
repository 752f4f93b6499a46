// SPDX-License-Identifier: Apache-2.0
import CSystemCalls
import Glibc
import SessionRecords

/// What the machine says of clock and confinement; tests say something else, because neither can be provoked on every one.
package struct CheckSurroundings: Sendable {
    /// Nil where the kernel does not say.
    var isClockSynchronised: @Sendable () -> Bool?
    /// `/proc/self/attr/current`: with SELinux `user:role:type:level`.
    var securityContext: @Sendable () -> String?
    /// `/sys/fs/selinux/enforce`; nil where that is not mounted, as in most containers.
    var isEnforcing: @Sendable () -> Bool?

    package static let system = CheckSurroundings(
        isClockSynchronised: {
            switch lastword_clock_is_synchronised() {
            case 1: true
            case 0: false
            default: nil
            }
        },
        securityContext: { word(of: "/proc/self/attr/current") },
        isEnforcing: { word(of: "/sys/fs/selinux/enforce").map { $0 == "1" } })

    /// Sessions are ordered by number and measured by the runtime's clock; a token, a certificate and a SIEM go by the
    /// node's. So this is told and keeps nobody from starting.
    func clock() -> NodeCheck {
        switch isClockSynchronised() {
        case true?: return NodeCheck(name: "clock", finding: "kept right", failure: nil)
        case nil: return NodeCheck(name: "clock", finding: "the kernel does not say", failure: nil)
        case false?:
            return warning(
                "clock", "check.clock-unsynchronised", "nobody keeps this node's clock right",
                "run chrony, systemd-timesyncd or another NTP client on the node")
        }
    }

    /// Whether SELinux confines the agent as it confines any container: then socket and logs are out of its reach.
    func confinement() -> NodeCheck {
        guard let type = Self.type(of: securityContext()) else {
            return NodeCheck(name: "selinux", finding: "not confined by it", failure: nil)
        }
        guard Self.confined.contains(type), isEnforcing() != false else {
            return NodeCheck(name: "selinux", finding: "runs as \(type)", failure: nil)
        }
        return warning(
            "selinux", "check.selinux-confined",
            "SELinux confines the agent as \(type), which may neither use the runtime's socket nor link logs",
            "run it as spc_t: the overlay selinux does, or the component of that name in another overlay")
    }

    private static let confined: Set<String> = [
        "container_t", "container_init_t", "container_kvm_t", "svirt_lxc_net_t",
    ]

    /// The third of four fields; nil for another module's words, such as AppArmor's `unconfined`.
    private static func type(of context: String?) -> String? {
        guard let fields = context?.split(separator: ":", omittingEmptySubsequences: false), fields.count >= 3 else {
            return nil
        }
        return String(fields[2])
    }

    private func warning(_ name: String, _ code: String, _ message: String, _ remedy: String) -> NodeCheck {
        NodeCheck(
            name: name, finding: "", failure: nil,
            warning: LastwordError(code: code, message: message, remedy: remedy))
    }

    /// The first word of a small file; nil where it cannot be read.
    private static func word(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].prefix { $0 > 0x20 && $0 < 0x7F }, as: UTF8.self)
    }
}
