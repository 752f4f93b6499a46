// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// The last entry of a ledger, or the last one removed: enough to continue the chain behind it.
package struct LedgerHead: Sendable, Hashable {
    /// 0 where there is no entry yet; `hash` is then 32 zero bytes.
    package let number: Int64
    package let hash: Digest

    package init(number: Int64, hash: Digest) {
        self.number = number
        self.hash = hash
    }

    package static let none = LedgerHead(number: 0, hash: .zero)
}

/// An entry that has just become durable; its number and hash are what a head kept elsewhere is made of.
package struct CommittedEntry: Sendable, Hashable {
    package let number: Int64
    package let type: EntryType
    package let at: Timestamp
    package let hash: Digest
    /// Which session's which revision it tells; nil for entries about the agent itself.
    package let session: SessionID?
    package let revision: Int?
}

/// An entry as it is stored and sent.
package struct LedgerEntry: Sendable, Hashable {
    package let number: Int64
    /// As stored: a later version's ledger may have types that this one does not know.
    package let type: String
    package let at: Timestamp
    package let session: SessionID?
    /// RFC 8785 JSON, made once.
    package let bytes: [UInt8]
    package let hash: Digest
    /// The collector would not have it.
    package let refused: Bool
    /// It is with the collector.
    package let delivered: Bool
}

/// The ledger that stood here before, as far as it could still be read.
package struct Predecessor: Sendable, Hashable {
    /// The file's name inside the store's directory.
    package let file: String
    package let ledger: String?
    package let head: LedgerHead?
}

/// How the store was found when it was opened.
package enum StoreOpening: Sendable, Hashable {
    case existing
    case created
    /// A damaged store was set aside, and why; the new ledger's first entry says the same.
    case replaced(Predecessor, reason: String)
}
