// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// An entry before it has a number: what it tells, as canonical JSON under one key.
struct EntryDraft {
    let type: EntryType
    /// The key that the content stands under: `session`, `gap`, `agent`, `opened`, `retention`.
    let key: String
    /// RFC 8785 JSON.
    let content: [UInt8]
    /// Row and revision of the session that it tells of.
    var session: (id: SessionID, row: Int64, revision: Int)?

    init(_ type: EntryType, key: String, content: JSONValue) {
        self.type = type
        self.key = key
        self.content = content.canonical
    }

    /// A session's entry, from its record's canonical bytes.
    init(_ type: EntryType, record: [UInt8], id: SessionID, row: Int64, revision: Int) {
        self.type = type
        key = "session"
        content = record
        session = (id, row, revision)
    }

    /// The entry's bytes. The content is put in as it is: canonical parts, joined in the order of their keys, are
    /// canonical.
    func bytes(ledger: String, number: Int64, at: Timestamp) -> [UInt8] {
        var members: [(key: String, value: [UInt8])] = [
            ("at", JSONValue.string(at.description).canonical),
            ("ledger", JSONValue.string(ledger).canonical),
            ("number", JSONValue.integer(number).canonical),
            ("schemaVersion", JSONValue.integer(Int64(Session.schemaVersion)).canonical),
            ("type", JSONValue.string(type.rawValue).canonical),
            (key, content),
        ]
        members.sort { $0.key < $1.key }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count + 256)
        for member in members {
            bytes.append(UInt8(ascii: bytes.isEmpty ? "{" : ","))
            bytes.append(contentsOf: JSONValue.string(member.key).canonical)
            bytes.append(UInt8(ascii: ":"))
            bytes.append(contentsOf: member.value)
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
