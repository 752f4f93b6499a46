// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// A head that was kept outside the store: by the collector, or in a journal entry.
package struct KnownHead: Sendable, Hashable {
    /// Who kept it, in words.
    package let keeper: String
    /// Nil if the keeper did not note it.
    package let ledger: String?
    package let head: LedgerHead

    package init(keeper: String, ledger: String?, head: LedgerHead) {
        self.keeper = keeper
        self.ledger = ledger
        self.head = head
    }
}

/// What became of the comparison with one known head.
package enum HeadVerdict: Sendable, Hashable {
    case agrees
    /// The entry of this number has another hash: the chain was rewritten, or the store is another one's copy.
    case differs
    /// The ledger ends before it: the tail was cut.
    case missing
    /// It belongs to another ledger.
    case otherLedger
    /// Retention has removed the entry: nothing to compare with.
    case removed
}

/// One thing that is not as it was written.
package struct VerificationFinding: Sendable, Hashable {
    package enum Kind: String, Sendable {
        /// The entry's bytes or hash were changed, or what stands before it was.
        case altered
        /// Numbers are missing.
        case missing
        /// The bytes are not what a ledger of this version writes, or say another number, ledger or type.
        case malformed
        /// The anchor is not the one that the last retention entry names.
        case anchor
        /// The session's row is not what its entry says.
        case record
        /// The output does not have the SHA-256 that the entry gives.
        case output
        /// Something refers to an entry behind the last one.
        case tail
        /// A head kept elsewhere does not agree.
        case head
    }

    package let kind: Kind
    /// The entry's number, where it is about one.
    package let number: Int64?
    package let text: String
}

/// The result of checking a ledger.
package struct VerificationReport: Sendable {
    package let ledger: String
    package let anchor: LedgerHead
    package let head: LedgerHead
    /// Entries, session rows and outputs that were compared.
    package internal(set) var entries = 0
    package internal(set) var records = 0
    package internal(set) var outputs = 0
    /// Of the ledger's sessions, those whose output retention or nobody has kept.
    package internal(set) var outputsRemoved = 0
    /// The first findings, at most `maxFindings`; `findingCount` counts all.
    package internal(set) var findings: [VerificationFinding] = []
    package internal(set) var findingCount = 0
    package internal(set) var heads: [(head: KnownHead, verdict: HeadVerdict)] = []

    package static let maxFindings = 1000

    package var isSound: Bool { findingCount == 0 }

    /// Whether there was a head to compare with. Without one a cut tail, or a chain rewritten from some entry to its end,
    /// looks like a whole one.
    package var couldSeeCutTail: Bool {
        heads.contains { $0.verdict != .removed && $0.verdict != .otherLedger }
    }

    init(ledger: String, anchor: LedgerHead, head: LedgerHead) {
        self.ledger = ledger
        self.anchor = anchor
        self.head = head
    }

    mutating func find(_ kind: VerificationFinding.Kind, _ number: Int64?, _ text: String) {
        findingCount += 1
        guard findings.count < Self.maxFindings else { return }
        findings.append(VerificationFinding(kind: kind, number: number, text: text))
    }
}
