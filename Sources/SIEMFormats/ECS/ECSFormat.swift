// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Writes events as lines of JSON with the fields of the Elastic Common Schema; what it has no field for stands in the
/// record itself, under `lastword`.
package struct ECSFormat: Sendable, Hashable {
    /// The schema whose fields are used.
    package static let schemaVersion = "9.0.0"
    /// `process.args` holds so much of a command line; the record has all of it.
    static let argumentBytes = 32 << 10

    package var version: String

    package init(version: String) {
        self.version = version
    }

    /// One JSON object and a newline, which stands nowhere else in it.
    package func line(_ event: SecurityEvent) -> [UInt8] {
        var document = ECSDocument()
        document["@timestamp"] = .string(event.at.description)
        document["ecs.version"] = .string(Self.schemaVersion)
        document["message"] = .string(Bounds.clip(event.summary, to: Bounds.messageBytes))
        writeEvent(event, to: &document)
        document["service.type"] = .string("lastword")
        document["service.version"] = .string(version)
        document["host.name"] = event.node.map(JSONValue.string)
        document["orchestrator.cluster.name"] = (event.session?.cluster ?? event.cluster).map(JSONValue.string)
        switch event.subject {
        case .session(let session?): ECSSession.write(session, event, to: &document)
        case .audit(let audit): document["user.name"] = .string(audit.actor)
        case .session(nil), .gap, .alarm, .other, .stub: break
        }
        document["lastword_derived.podDeletedAfterSeconds"] = event.podDeletedAfter.map(JSONValue.integer)
        document["lastword_derived.runningForSeconds"] = event.runningFor.map(JSONValue.integer)
        var bytes = Array(document.json.utf8)
        // The record goes in as the agent wrote it, with keys that this version does not know.
        if let record = event.record, bytes.popLast() != nil { bytes += ",\"lastword\":\(record)}".utf8 }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private func writeEvent(_ event: SecurityEvent, to document: inout ECSDocument) {
        let meaning = ECSMeaning(event)
        document["event.kind"] = .string(meaning.kind)
        document["event.category"] = .strings(meaning.categories)
        document["event.type"] = .strings(meaning.types)
        document["event.action"] = .string(event.type)
        document["event.outcome"] = meaning.outcome.map(JSONValue.string)
        document["event.severity"] = .integer(Int64(event.severity.rawValue))
        document["event.module"] = .string("lastword")
        document["event.dataset"] = .string("lastword.\(meaning.dataset)")
        document["event.provider"] = .string("lastword-collector")
        document["event.id"] = .string(event.id)
        document["event.sequence"] = .integer(event.number)
        document["event.hash"] = event.hash.map { .string($0.description) }
        document["event.ingested"] = .string(event.receivedAt.description)
        switch event.subject {
        case .session(let session?):
            document["event.created"] = session.observedAt.map { .string($0.description) }
            document["event.start"] = session.startedAt.map { .string($0.description) }
            document["event.end"] = session.finishedAt.map { .string($0.description) }
            document["event.duration"] = session.durationNanoseconds.map(JSONValue.integer)
            document["event.reason"] = session.reason.map(JSONValue.string)
        case .gap(let gap):
            document["event.start"] = .string(gap.openedAt.description)
            document["event.end"] = gap.closedAt.map { .string($0.description) }
            document["event.duration"] = gap.closedAt.map { .integer(max(0, $0.nanoseconds(since: gap.openedAt))) }
            document["event.reason"] = .string(gap.reason)
        case .alarm(let alarm):
            document["event.start"] = .string(alarm.openedAt.description)
            document["event.end"] = alarm.closedAt.map { .string($0.description) }
            document["event.reason"] = .string(alarm.text)
        case .audit(let audit): document["event.reason"] = audit.reason.map(JSONValue.string)
        case .stub(let reason): document["event.reason"] = .string(reason)
        case .session(nil), .other: break
        }
    }
}
