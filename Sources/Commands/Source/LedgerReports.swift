// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// One entry as the ledger holds it.
package struct LedgerLine: Hashable, Sendable {
    /// Nil where there is but one.
    package var ledger: String?
    package var number: Int64
    package var hash: Digest
    /// The very bytes that were hashed and are sent; nil where only number and hash were delivered.
    package var bytes: [UInt8]?

    package init(ledger: String? = nil, number: Int64, hash: Digest, bytes: [UInt8]?) {
        self.ledger = ledger
        self.number = number
        self.hash = hash
        self.bytes = bytes
    }
}

/// A ledger's state as somebody noted it elsewhere: `number:hash`. Against such a note `verify` finds a cut tail and a
/// rewritten chain.
package struct NotedHead: Hashable, Sendable, CustomStringConvertible {
    package var number: Int64
    package var hash: Digest

    package init(number: Int64, hash: Digest) {
        self.number = number
        self.hash = hash
    }

    package init(_ text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int64(parts[0]), number > 0, let bytes = Hex.decode(parts[1]),
            let hash = Digest(bytes: bytes)
        else {
            throw LastwordError(
                code: "cli.head", message: "\"\(Bounds.name(text))\" is no ledger head",
                remedy: "give number:hash, the hash in 64 hex digits")
        }
        self.number = number
        self.hash = hash
    }

    package var description: String { "\(number):\(hash)" }
}

/// What `verify` found.
package struct VerifyReport: Hashable, Sendable {
    package enum Verdict: String, Sendable {
        case agrees
        /// The entry of that number has another hash.
        case differs
        /// The ledger ends before it.
        case missing
        /// The head is of another ledger.
        case otherLedger = "other-ledger"
        /// Retention has removed the entry: nothing to compare with.
        case removed
    }

    package struct Comparison: Hashable, Sendable {
        package var head: NotedHead
        /// Who kept it: `--head`, `journal`, `collector`.
        package var keeper: String
        package var verdict: Verdict
        /// Of how many heads of this keeper that is the verdict; `head` is the newest of them.
        package var count: Int

        package init(head: NotedHead, keeper: String, verdict: Verdict, count: Int = 1) {
            self.head = head
            self.keeper = keeper
            self.verdict = verdict
            self.count = count
        }
    }

    /// The keeper of a head that was given on the command line.
    package static let given = "--head"
    /// The keeper of the heads in the agent's journal entries.
    package static let journal = "journal"
    /// The keeper of the head that was delivered.
    package static let collector = "collector"

    package var ledger: String?
    /// Whose ledger it is, where the source has several.
    package var node: String?
    /// How many entries, session rows and outputs were compared; of the latter two nil where there was nothing to compare
    /// entries with.
    package var entries: Int64 = 0
    package var records: Int64?
    package var outputs: Int64?
    /// Entries of which there is only the hash: they link the chain, and nothing shows what they said.
    package var stubs: Int64 = 0
    package var firstNumber: Int64?
    package var head: NotedHead?
    /// Last entry that retention removed; the chain begins behind it.
    package var anchor: NotedHead?
    package var comparisons: [Comparison] = []
    /// Which journal was looked through for heads, and what came of it; nil if none was.
    package var journal: String?
    /// Which collector was asked, and what it has; nil if none was.
    package var collector: String?
    /// One sentence for each finding, in ledger order.
    package var problems: [String] = []

    package init() {}

    /// A head that was asked for and could not be compared leaves the question open: that is not intact.
    package var isIntact: Bool {
        problems.isEmpty
            && comparisons.allSatisfy { comparison in
                switch comparison.verdict {
                case .agrees: true
                case .differs, .missing: false
                case .otherLedger, .removed: comparison.keeper != Self.given
                }
            }
    }
}

/// The heads of one ledger that were found in a place where they keep themselves.
package struct KeptHeads: Sendable {
    /// `VerifyReport.journal` or `VerifyReport.collector`.
    package var keeper: String
    package var heads: [NotedHead]
    /// The place, and what is in the way, in one line; nil where none was to be looked at.
    package var note: String?
    /// Why that there are none is itself a finding; nil where it is not.
    package var problem: String?

    package init(
        keeper: String = VerifyReport.journal, heads: [NotedHead] = [], note: String? = nil, problem: String? = nil
    ) {
        self.keeper = keeper
        self.heads = heads
        self.note = note
        self.problem = problem
    }
}

/// What `verify` is to look at.
package struct VerifyRequest: Sendable {
    /// Nil: every ledger that the source has.
    package var ledger: String?
    /// Heads that were given on the command line.
    package var heads: [NotedHead]
    /// Heads of a ledger that keep themselves elsewhere.
    package var kept: @Sendable (_ ledger: String) async throws -> [KeptHeads]

    package init(
        ledger: String? = nil, heads: [NotedHead] = [],
        kept: @escaping @Sendable (String) async throws -> [KeptHeads] = { _ in [] }
    ) {
        self.ledger = ledger
        self.heads = heads
        self.kept = kept
    }
}

extension VerifyReport {
    /// Takes down where heads were looked for.
    mutating func add(_ kept: [KeptHeads]) {
        for place in kept {
            switch place.keeper {
            case Self.collector: collector = place.note
            default: journal = place.note
            }
            if let problem = place.problem { problems.append(problem) }
        }
    }

    /// Of the many heads in the journal one for each verdict stands for all, the newest. What is wrong is among the problems,
    /// one by one.
    mutating func add(_ head: NotedHead, by keeper: String, _ verdict: Verdict) {
        let alike = comparisons.firstIndex { $0.keeper == keeper && $0.verdict == verdict }
        guard keeper == Self.journal, let alike else {
            comparisons.append(Comparison(head: head, keeper: keeper, verdict: verdict))
            return
        }
        comparisons[alike].count += 1
        if head.number > comparisons[alike].head.number { comparisons[alike].head = head }
    }
}
