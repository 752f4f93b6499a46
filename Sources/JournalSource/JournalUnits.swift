// SPDX-License-Identifier: Apache-2.0
/// The services whose lines are read, and what each may speak of.
struct JournalUnits: Sendable {
    let names: [String]

    init(_ names: [String]) {
        self.names = names
    }

    func contains(_ unit: String) -> Bool { names.contains(unit) }

    /// A unit named after one daemon is believed that daemon's lines only; the ones with both in one process (k3s, RKE2,
    /// or what somebody else names) both.
    static func speaksForRuntime(_ unit: String) -> Bool { !unit.hasPrefix("kubelet") }

    static func speaksForKubelet(_ unit: String) -> Bool {
        !["containerd", "crio", "cri-o", "docker"].contains { unit.hasPrefix($0) }
    }
}

/// Messages of systemd's with an id of their own (`sd-messages.h`).
enum JournalMessage {
    /// journald suppressed lines of a service at its rate limit.
    static let dropped = "a596d6fe7bfa4994828e72309e95d61e"
    /// The kernel's ring buffer went round before journald had read it.
    static let missed = "e9bf28e6e834481bb6f48f548ad13606"
}
