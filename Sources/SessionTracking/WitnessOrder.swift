// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Whom to believe, field by field: the first witness of a row that spoke wins (`design.md` §4, the tracker).
///
/// | field              | order                                                              |
/// |--------------------|--------------------------------------------------------------------|
/// | exit code, finish  | containerd event > CRI status > pod status > journal               |
/// | start              | `/tasks/start` envelope > CRI status > pod status > journal        |
/// | created            | container record > CRI status > containerd event > journal         |
/// | start failure      | CRI status or pod status (`StartError`, 128) before all, while nobody saw a start |
/// | made-up endings    | after every real one, whoever says them: 255 `Unknown`, 137 `ContainerStatusUnknown` |
/// | exits afterwards   | never: a containerd event of 137 or 255 from after the runtime had said that nothing was left |
package enum WitnessOrder {
    static let exit: [Witness] = [.containerdEvent, .criStatus, .podStatus, .journal]
    static let start: [Witness] = [.containerdEvent, .criStatus, .podStatus, .journal]
    static let created: [Witness] = [.containerRecord, .criStatus, .containerdEvent, .journal]

    /// Position in the order; witnesses that are not in it come last.
    static func rank(_ witness: Witness, in order: [Witness]) -> Int {
        order.firstIndex(of: witness) ?? order.count
    }

    static func best<Value>(_ claims: [Witness: Value], in order: [Witness]) -> (witness: Witness, value: Value)? {
        for witness in order {
            if let value = claims[witness] { return (witness, value) }
        }
        return nil
    }
}

/// One witness's account of how the container ended.
package struct ExitClaim: Hashable, Sendable, Codable {
    package var exitCode: Int
    package var finishedAt: Timestamp?
    package var reason: String?
    package var message: String?

    package init(exitCode: Int, finishedAt: Timestamp?, reason: String? = nil, message: String? = nil) {
        self.exitCode = exitCode
        // 0 is "never" (`reference/cri.md` §2).
        self.finishedAt = finishedAt.flatMap { $0.nanoseconds > 0 ? $0 : nil }
        self.reason = reason.map { Bounds.name($0) }
        self.message = message.flatMap { $0.isEmpty ? nil : Bounds.clip($0, to: Bounds.messageBytes) }
    }

    /// Somebody's invention: code and time are no evidence (`reference/containerd.md` §3, `cri.md` §2). CRI-O says -1 for
    /// "stopped, code unknown".
    package var isMadeUp: Bool {
        isOfUnknownCode || reason == "ContainerStatusUnknown" || exitCode < 0
    }

    /// The runtime's own word for "it has ended, nobody knows how".
    var isOfUnknownCode: Bool { exitCode == 255 && reason == "Unknown" }

    /// The runtime could not start it: no task ever ran.
    package var isStartFailure: Bool {
        reason == "StartError" && exitCode == 128
    }

    /// The same witness may speak twice: the runtime shows `Error` before it finds out about the OOM kill. Which of the
    /// two counts must not depend on the order in which they arrived.
    func preferred(over other: ExitClaim) -> Bool {
        if isMadeUp != other.isMadeUp { return !isMadeUp }
        let left = finishedAt?.nanoseconds ?? .max
        let right = other.finishedAt?.nanoseconds ?? .max
        if left != right { return left < right }
        if exitCode != other.exitCode { return exitCode < other.exitCode }
        if reason != other.reason { return Self.reasonRank(reason) < Self.reasonRank(other.reason) }
        return (message ?? "") > (other.message ?? "")
    }

    private static func reasonRank(_ reason: String?) -> String {
        switch reason {
        case "OOMKilled": "0"
        case nil: "9"
        case let other?: "5" + other
        }
    }
}
