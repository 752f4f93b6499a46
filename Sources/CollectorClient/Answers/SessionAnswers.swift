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
