// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// One ledger entry as the endpoint has decoded it: everything here agrees with the entry's bytes, hashes included.
package struct ReceivedEntry: Sendable {
    package var ledger: String
    package var number: Int64
    /// `EntryType`'s text, or a later version's.
    package var type: String
    package var at: Timestamp?
    package var previousHash: Digest
    package var hash: Digest
    /// Nil: a stub, of which only number and hashes were sent.
    package var bytes: [UInt8]?
    package var stubReason: String?
    package var node: String
    /// The record inside `session.…` entries.
    package var session: Session?
    /// The gap inside `gap` entries.
    package var gap: Gap?
    /// The output that the record names by its SHA-256; nil if it was not sent.
    package var output: (bytes: [UInt8], frames: [UInt8])?
    /// Why the output was not sent.
    package var outputOmitted: String?

    package init(
        ledger: String, number: Int64, type: String, at: Timestamp?, previousHash: Digest, hash: Digest,
        bytes: [UInt8]?, stubReason: String? = nil, node: String, session: Session? = nil, gap: Gap? = nil,
        output: (bytes: [UInt8], frames: [UInt8])? = nil, outputOmitted: String? = nil
    ) {
        self.ledger = ledger
        self.number = number
        self.type = type
        self.at = at
        self.previousHash = previousHash
        self.hash = hash
        self.bytes = bytes
        self.stubReason = stubReason
        self.node = node
        self.session = session
        self.gap = gap
        self.output = output
        self.outputOmitted = outputOmitted
    }

    /// About what it takes in memory while it waits to be committed.
    var size: Int {
        (bytes?.count ?? 0) * 2 + (output.map { $0.bytes.count * 2 + $0.frames.count } ?? 0) + 512
    }
}

/// Who sent a batch, as its credential says.
package struct Sender: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case certificate
        case serviceAccount = "service-account"
        case token
    }

    /// The node that the credential is for; nil where it is for any.
    package var node: String?
    package var kind: Kind
    package var anyNode: Bool
    /// The certificate's subject, the ServiceAccount, the token's name.
    package var name: String

    package init(node: String?, kind: Kind, anyNode: Bool = false, name: String) {
        self.node = node
        self.kind = kind
        self.anyNode = anyNode
        self.name = name
    }

    /// What a node's page says of its identity.
    package var identity: String { anyNode ? NodeOverview.anyNodeToken : kind.rawValue }
}

/// What became of one batch, once it is durable.
package struct IngestResult: Sendable, Hashable {
    /// Entries that were not there yet, forks among them.
    package var stored = 0
    /// Entries that were there already, or that retention has removed.
    package var duplicates = 0
    package var forks = 0
    /// Alarms and notices that this batch opened.
    package var alarms: [Alarm] = []

    package init() {}
}
