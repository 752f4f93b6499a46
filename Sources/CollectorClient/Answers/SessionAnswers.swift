// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
package import SessionRecords

/// One page of sessions. Sessions are read as strictly as the record's own decoder reads them.
package struct CollectorSessions: Decodable, Sendable {
    package let sessions: [Session]
    /// What the next page is asked for with; nil on the last one.
    package let next: String?
}

/// Sessions that changed behind a mark, and the mark to go on with.
package struct CollectorChanges: Decodable, Sendable {
    package let sessions: [Session]
    package let mark: String
}

/// What a collector has decided and heard about a session besides its record.
package struct CollectorDetails: Decodable, Sendable {
    /// Who did something, when and why; words from outside.
    package struct Act: Decodable, Sendable {
        package let actor: String?
        package let reason: String?
        package let at: Timestamp?
    }

    /// What another ledger tells of the same session.
    package struct Other: Decodable, Sendable {
        package let ledger: String
        package let node: String?
        package let number: Int64?
        package let receivedAt: Timestamp?
        package let session: Session
    }

    /// It is kept from retention.
    package let hold: Act?
    /// Its output was erased.
    package let erased: Act?
    /// Nil for a reader of some namespaces.
    package let others: [Other]?
}

struct CollectorSessionDetails: Decodable, Sendable {
    let collector: CollectorDetails
}

/// The output of a session as it was delivered.
package struct CollectorOutput: Sendable, Decodable {
    package let bytes: [UInt8]
    /// In the coding of `OutputFrameCoding`.
    package let frames: [UInt8]

    private enum Keys: String, CodingKey {
        case bytes, frames
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        bytes = Array(try values.decode(Data.self, forKey: .bytes))
        frames = Array(try values.decode(Data.self, forKey: .frames))
    }
}
