// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// An entry on its way off the node.
package struct OutgoingEntry: Sendable {
    /// How much of it goes.
    package enum Form: Sendable, Hashable {
        /// Everything that the policy lets through.
        case whole
        /// The entry alone: the receiver would not have it together with its output.
        case withoutOutput
        /// Number and hashes alone: the receiver would not have the entry either.
        case stub(reason: String)
    }

    /// What a container printed, and its frames as they are stored.
    package struct Output: Sendable {
        package let bytes: [UInt8]
        package let frames: [UInt8]

        package init(bytes: [UInt8], frames: [UInt8]) {
            self.bytes = bytes
            self.frames = frames
        }
    }

    package let ledger: String
    package let number: Int64
    /// As stored: known without reading the bytes.
    package let type: String
    package let at: Timestamp
    package let previousHash: Digest
    package let hash: Digest
    package let bytes: [UInt8]
    package let output: Output?
    /// Why there is no output though the record speaks of one: `gone`, `replaced`, `earlier`.
    package let outputAbsence: String?
    package var form: Form

    package init(
        ledger: String, number: Int64, type: String, at: Timestamp, previousHash: Digest, hash: Digest,
        bytes: [UInt8], output: Output? = nil, outputAbsence: String? = nil, form: Form = .whole
    ) {
        self.ledger = ledger
        self.number = number
        self.type = type
        self.at = at
        self.previousHash = previousHash
        self.hash = hash
        self.bytes = bytes
        self.output = output
        self.outputAbsence = outputAbsence
        self.form = form
    }
}

/// What may leave the node.
package struct SendingPolicy: Sendable {
    package enum Amount: String, Sendable, CaseIterable {
        case full, excerpt, none
    }

    /// What is let through in the namespaces that `applies` names; elsewhere nothing is.
    package struct Rule: Sendable {
        package var amount: Amount
        package var applies: @Sendable (_ namespace: String?) -> Bool

        package init(_ amount: Amount, where applies: @escaping @Sendable (String?) -> Bool = { _ in true }) {
            self.amount = amount
            self.applies = applies
        }

        func amount(in namespace: String?) -> Amount {
            applies(namespace) ? amount : .none
        }
    }

    /// How much of an excerpt of an output is sent.
    package static let excerptBytes = 8192

    package var output: Rule
    /// Of command lines, `excerpt` lets the first word through. The entry's bytes hold the whole command line: where any of
    /// it is to stay, the entry goes as a stub.
    package var arguments: Rule

    package init(output: Rule = Rule(.full), arguments: Rule = Rule(.full)) {
        self.output = output
        self.arguments = arguments
    }
}
