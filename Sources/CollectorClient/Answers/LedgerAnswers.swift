// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
package import SessionRecords

/// What the collector has of one ledger.
package struct CollectorLedger: Decodable, Sendable {
    package struct Head: Decodable, Sendable {
        package let number: Int64
        package let hash: Digest
    }

    package let ledger: String
    package let node: String?
    package let first: Int64?
    /// Nil where it has no entry of it any more.
    package let head: Head?
    /// The last entry that the collector's own retention removed; nil if none was.
    package let anchor: Head?
    /// Numbers that are missing: first and last of each hole.
    package let holes: [[Int64]]?
}

/// Entries of one ledger, in its order.
package struct CollectorEntries: Decodable, Sendable {
    package struct Entry: Decodable, Sendable {
        package let number: Int64
        package let hash: Digest
        /// The hash that it was made to stand on.
        package let previousHash: Digest?
        /// Nil for a stub: the collector got number and hash alone.
        package let bytes: [UInt8]?

        private enum Keys: String, CodingKey {
            case number, hash, previousHash, bytes
        }

        package init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Keys.self)
            number = try values.decode(Int64.self, forKey: .number)
            hash = try values.decode(Digest.self, forKey: .hash)
            previousHash = try values.decodeIfPresent(Digest.self, forKey: .previousHash)
            bytes = try values.decodeIfPresent(Data.self, forKey: .bytes).map(Array.init)
        }
    }

    package let entries: [Entry]
    /// The number to go on behind; nil on the last page.
    package let next: Int64?
}
