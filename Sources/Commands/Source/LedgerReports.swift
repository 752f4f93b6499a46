// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// One entry as the ledger holds it.
package struct LedgerLine: Hashable, Sendable {
    package var number: Int64
    package var hash: Digest
    /// The very bytes that were hashed and are sent.
    package var bytes: [UInt8]

    package init(number: Int64, hash: Digest, bytes: [UInt8]) {
        self.number = number
        self.hash = hash
        self.bytes = bytes
    }
}

/// A ledger's state as somebody noted it elsewhere: `number:hash`. Against such a note `verify` finds a cut tail and a
/// rewritten chain.
package struct LedgerHead: Hashable, Sendable, CustomStringConvertible {
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
    /// Where a head was kept.
    package enum Keeper: String, Sendable {
        /// By whoever typed `--head`.
        case given
        case journal, collector
    }

    package struct Comparison: Hashable, Sendable {
        package var head: LedgerHead
        package var keptIn: Keeper
        /// Nil where the entry is no longer (or not yet) in the ledger, so that nothing could be compared.
        package var agrees: Bool?

        package init(head: LedgerHead, keptIn: Keeper, agrees: Bool?) {
            self.head = head
            self.keptIn = keptIn
            self.agrees = agrees
        }
    }

    package var ledger: String?
    /// How many entries were hashed again.
    package var entries: Int64 = 0
    package var firstNumber: Int64?
    package var head: LedgerHead?
    /// Last entry that retention removed; the chain begins behind it.
    package var anchor: LedgerHead?
    package var comparisons: [Comparison] = []
    /// One sentence for each finding, in ledger order.
    package var problems: [String] = []

    package init() {}

    /// A head that was asked for and could not be compared leaves the question open: that is not intact.
    package var isIntact: Bool {
        problems.isEmpty
            && comparisons.allSatisfy { $0.agrees == true || ($0.agrees == nil && $0.keptIn != .given) }
    }
}
