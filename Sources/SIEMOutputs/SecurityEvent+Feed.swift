// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import OTLPCoding
import SIEMFormats
import SessionRecords

extension SecurityEvent {
    /// What a line of the feed says; nil where retention has emptied it.
    init?(_ event: FeedEvent) {
        switch event.subject {
        case .entry(let entry): self.init(entry, event)
        case .alarm(let alarm, let row): self.init(alarm, row: row, event)
        case .audit(let line): self.init(line, event)
        case .gone: return nil
        }
    }

    private init(_ entry: FeedEntry, _ event: FeedEvent) {
        let stored = entry.entry
        // What the collector took in is an entry; bytes that were altered in the file are told as what they are.
        let document = stored.bytes.flatMap { try? EntryDocument($0) }
        let subject: Subject =
            if let gap = document?.gap {
                .gap(gap)
            } else if let document, document.names != nil {
                .session(document.session)
            } else if document != nil {
                .other
            } else {
                .stub(stored.stubReason ?? "unreadable")
            }
        var id = "\(entry.ledger)/\(stored.number)"
        if stored.fork > 0 { id += "/\(stored.fork)" }
        // Its bytes may come later: they are no copy of what stood for them.
        if stored.bytes == nil { id += "/stub" }
        self.init(
            id: id, number: event.number, type: stored.type,
            at: Self.moment(of: subject, stored.type) ?? document?.at ?? event.at, receivedAt: stored.receivedAt,
            subject: subject)
        node = entry.node
        cluster = entry.cluster
        ledger = entry.ledger
        entryNumber = stored.number
        fork = stored.fork
        hash = stored.hash
        record = Self.record(of: subject, stored.bytes)
    }

    private static func moment(of subject: Subject, _ type: String) -> Timestamp? {
        switch (subject, type) {
        case (.session(let session?), "session.started"): session.startedAt
        case (.session(let session?), "session.ended"): session.finishedAt
        case (.gap(let gap), _): gap.closedAt ?? gap.openedAt
        default: nil
        }
    }

    /// The session's own JSON; of other entries the whole entry under its type's name.
    private static func record(of subject: Subject, _ bytes: [UInt8]?) -> String? {
        guard let bytes else { return nil }
        switch subject {
        case .session: return member("session", of: bytes)
        case .gap: return member("gap", of: bytes).map { "{\"gap\":\($0)}" }
        case .other: return "{\"entry\":\(String(decoding: bytes, as: UTF8.self))}"
        case .alarm, .audit, .stub: return nil
        }
    }

    private static func member(_ key: StaticString, of bytes: [UInt8]) -> String? {
        bytes.withUnsafeBufferPointer { buffer in
            guard let members = CanonicalScanner.members(of: buffer) else { return nil }
            return CanonicalScanner.value(key, in: members, of: buffer).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private init(_ alarm: Alarm, row: Int64, _ event: FeedEvent) {
        let isClosing = event.kind == .alarmClosed
        let moment = isClosing ? alarm.closedAt ?? event.at : alarm.openedAt
        let facts = AlarmFacts(
            kind: alarm.kind.rawValue, text: alarm.text, openedAt: alarm.openedAt,
            closedAt: isClosing ? moment : nil, count: alarm.count)
        self.init(
            id: "alarm/\(row)/\(alarm.openedAt.nanoseconds)" + (isClosing ? "/closed" : ""), number: event.number,
            type: isClosing ? "alarm.closed" : "alarm.opened", at: moment, receivedAt: event.at,
            subject: .alarm(facts))
        node = alarm.node
        ledger = alarm.ledger
        entryNumber = alarm.number
        var object = JSONObject([("kind", .string(facts.kind)), ("text", .string(facts.text))])
        object["node"] = .string(alarm.node)
        object["ledger"] = alarm.ledger.map(JSONValue.string)
        object["number"] = alarm.number.map(JSONValue.integer)
        object["openedAt"] = .string(facts.openedAt.description)
        object["closedAt"] = facts.closedAt.map { .string($0.description) }
        object["count"] = .integer(Int64(facts.count))
        record = JSONValue.object(JSONObject([("alarm", .object(object))])).compact
    }

    private init(_ line: AuditLine, _ event: FeedEvent) {
        self.init(
            id: "audit/\(line.number)/\(line.at.nanoseconds)", number: event.number, type: "audit", at: line.at,
            receivedAt: event.at,
            subject: .audit(
                AuditFacts(
                    actor: line.actor, action: line.action, session: line.session, reason: line.reason,
                    detail: line.detail)))
        var object = JSONObject([("actor", .string(line.actor)), ("action", .string(line.action))])
        object["session"] = line.session.map { .string($0.rawValue) }
        object["reason"] = line.reason.map(JSONValue.string)
        object["detail"] = line.detail.map(JSONValue.string)
        record = JSONValue.object(JSONObject([("audit", .object(object))])).compact
    }
}
