// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// An entry with everything done that can be done outside the transaction, and by many callers at once.
struct PreparedEntry: Sendable {
    /// A larger one is refused: an agent's own is some KiB, and whoever reads entries holds a page of them.
    static let maxBytes = 8 << 20

    let entry: ReceivedEntry
    let session: PreparedSession?

    init(_ entry: ReceivedEntry) throws {
        guard entry.number > 0, entry.number < .max, (1...64).contains(entry.ledger.utf8.count), !entry.type.isEmpty,
            !entry.node.isEmpty, entry.bytes?.isEmpty != true
        else {
            throw LastwordError(
                code: "ingest.malformed", message: "an entry has no ledger, no number from 1, no type or no node")
        }
        guard entry.bytes?.count ?? 0 <= Self.maxBytes else {
            throw LastwordError(
                code: "ingest.malformed", message: "entry \(entry.number) has more than \(Self.maxBytes) bytes")
        }
        self.entry = entry
        session = try entry.session.map { try PreparedSession($0, entry) }
    }
}

/// A session as one entry tells it.
struct PreparedSession: Sendable {
    typealias Output = (bytes: [UInt8], frames: [UInt8], sha256: Digest, framesSHA256: Digest)

    let session: Session
    /// The record's JSON, as the agent made it.
    let record: String
    let output: Output?
    /// The output's words.
    let text: String

    init(_ session: Session, _ entry: ReceivedEntry) throws {
        self.session = session
        let raw = try entry.bytes.flatMap { try EntryMembers.value(of: "session", in: $0) }
        record = String(decoding: raw ?? session.json.canonical[...], as: UTF8.self)
        if let sent = entry.output, let summary = session.output {
            output = (sent.bytes, sent.frames, summary.sha256, summary.framesSHA256)
            text = SearchText.cleaned(sent.bytes)
        } else {
            output = nil
            text = ""
        }
    }

    /// What the index is to be given of it; nil if no output came.
    func indexText(fresh: Int64?) -> IndexWork.Text? {
        output.map { IndexWork.Text(sha256: $0.sha256, text: text, fresh: fresh) }
    }

    /// How sure the ending is: observed before recovered before inferred before none at all.
    var rank: Int {
        switch session.ending {
        case .observed: 3
        case .recovered: 2
        case .inferred: 1
        case nil: 0
        }
    }

    /// -1 where the record says nothing of an output.
    var outputBytes: Int { session.output?.bytes ?? -1 }
}

extension Session {
    /// What lists are sorted by.
    func sortAt(_ otherwise: Timestamp) -> Timestamp {
        beganAt ?? otherwise
    }
}
