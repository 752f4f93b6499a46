// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// An entry as it came: everything in it agrees with its bytes, or, in a stub, could not be compared with any.
package struct IncomingEntry: Sendable {
    /// What a container printed; both hashes are those that the record names.
    package struct CapturedOutput: Sendable, Hashable {
        package let bytes: [UInt8]
        /// As stored (`OutputFrameCoding`); they describe as many bytes as there are.
        package let frames: [UInt8]
    }

    package let ledger: String
    /// From 1.
    package let number: Int64
    /// An `EntryType`, or one of a later version.
    package let type: String
    /// When it was made; nil in a stub.
    package let at: Timestamp?
    package let previousHash: Digest
    package let hash: Digest
    /// Canonical JSON; nil in a stub.
    package let bytes: [UInt8]?
    package let stubReason: String?
    /// Whose it says it is: the credential says whether that may be.
    package let node: String
    /// The record, of a session's entry that this version can read.
    package let session: Session?
    package let gap: Gap?
    package let output: CapturedOutput?
    /// Why the output that the record speaks of is not with it: `none`, `excerpt`, `refused`, `gone`, `replaced`, `earlier`.
    package let outputOmitted: String?
}

/// What one request held.
package struct IncomingBatch: Sendable {
    /// In the order of the request.
    package let entries: [IncomingEntry]
    /// Log records of somebody else, which are not looked at.
    package let foreign: Int
}

/// Why a request is not taken, as a whole.
package struct OTLPRefusal: Error, Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// Not OTLP, or one of our records without what it must have.
        case malformed
        /// Attributes and bytes contradict each other: damaged, or forged.
        case disagreement
        /// More records than are taken at once.
        case tooMany
    }

    package let kind: Kind
    /// For the sender: which record, and what is wrong with it. Text of the request is not repeated.
    package let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
