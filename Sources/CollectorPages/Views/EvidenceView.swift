// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// What the witnesses said, and where they do not agree.
struct EvidenceView {
    private let session: Session
    /// By fact: different values, each with who said it.
    private let disputes: [String: [(value: String, witnesses: [String])]]

    init(_ session: Session) {
        self.session = session
        var disputes: [String: [(value: String, witnesses: [String])]] = [:]
        for (fact, statements) in Dictionary(grouping: session.evidence, by: \.fact) where fact == "exit" {
            let byValue = Dictionary(grouping: statements) { Self.code($0.value ?? "") }
            guard byValue.count > 1 else { continue }
            disputes[fact] = byValue.map { value, said in (value, Set(said.map(\.witness.rawValue)).sorted()) }
                .sorted { $0.value < $1.value }
        }
        self.disputes = disputes
    }

    /// `42 Error` and `42` are the same: the code is what counts, the reason is the runtime's word for it.
    private static func code(_ value: String) -> String {
        value.split(separator: " ").first.map(String.init) ?? value
    }

    var rows: [View] {
        session.evidence.sorted().map { evidence in
            var row: View = [
                "witness": evidence.witness.rawValue, "fact": VisibleText.line(evidence.fact),
                "said": VisibleText.line(evidence.value ?? ""), "isDisputed": disputes[evidence.fact] != nil,
            ]
            row["saidAt"] = evidence.at.map { PageTime.view($0) }
            return row
        }
    }

    var disagreements: [View] {
        disputes.sorted { $0.key < $1.key }.map { fact, versions in
            let told = versions.map { "\($0.witnesses.joined(separator: ", ")): \($0.value)" }.joined(separator: "; ")
            let ruling = session.exitCode.map { code in
                "What counts is \(code)" + (session.sources["exitCode"].map { ", by \($0.rawValue)." } ?? ".")
            }
            return [
                "disputed": fact == "exit" ? "how it ended" : VisibleText.line(fact),
                "versions": VisibleText.line(told), "ruling": ruling ?? "",
            ]
        }
    }
}
