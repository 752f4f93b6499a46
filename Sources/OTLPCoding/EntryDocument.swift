// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
package import SessionRecords

/// What an entry's bytes say of themselves.
package struct EntryDocument: Sendable {
    /// Of a session's record, as texts: readable also where the record is a later version's.
    package struct Names: Sendable, Decodable {
        struct Hashes: Sendable, Decodable {
            let sha256: Digest
            let framesSHA256: Digest
        }

        package let node: String
        let namespace: String?
        let pod: String?
        let podUID: String?
        let container: String?
        let containerID: String?
        let output: Hashes?
    }

    package let at: Timestamp
    package let ledger: String
    package let number: Int64
    package let type: String
    /// The record that it tells; nil also where a later version wrote it so that this one cannot read it.
    package let session: Session?
    package let names: Names?
    package let gap: Gap?
    /// The node that it names: the record's, the agent's, the opened ledger's.
    package let node: String?

    /// Reads an entry. Later versions' types and keys are let through; what is not canonical JSON is not, so that no two
    /// readers see two things in it.
    ///
    /// Throws in words what is wrong with the bytes.
    package init(_ bytes: [UInt8]) throws(EntryFault) {
        let isCanonical = bytes.withUnsafeBufferPointer { CanonicalScanner.members(of: $0) != nil }
        guard isCanonical else { throw EntryFault("not canonical JSON") }
        let wire: Wire
        do {
            wire = try JSONDecoder().decode(Wire.self, from: Data(bytes))
        } catch {
            throw EntryFault("not an entry")
        }
        at = wire.at
        ledger = wire.ledger
        number = wire.number
        type = wire.type
        session = wire.session?.session
        names = wire.session?.names
        gap = wire.gap
        node = wire.session?.names.node ?? wire.agent?.node ?? wire.opened?.node
        switch EntryType(rawValue: type) {
        case .sessionStarted, .sessionEnded, .sessionAmended:
            guard names != nil else { throw EntryFault("a session's entry without a record") }
        case .gap:
            guard gap != nil else { throw EntryFault("a gap's entry without a gap") }
        case .ledgerOpened, .agentStarted, .agentStopped, .retention, nil: break
        }
    }

    private struct Wire: Decodable {
        let at: Timestamp
        let ledger: String
        let number: Int64
        let type: String
        let session: Record?
        let gap: Gap?
        let agent: NodeName?
        let opened: NodeName?
    }

    private struct Record: Decodable {
        let names: Names
        let session: Session?

        init(from decoder: any Decoder) throws {
            names = try Names(from: decoder)
            // A later version may have words in it that this one does not know: its bytes are kept all the same.
            session = try? Session(from: decoder)
        }
    }

    private struct NodeName: Decodable {
        let node: String?
    }
}

/// Why bytes are no entry.
package struct EntryFault: Error {
    package let words: String

    init(_ words: String) {
        self.words = words
    }
}
