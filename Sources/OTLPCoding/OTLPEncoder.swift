// SPDX-License-Identifier: Apache-2.0
import OTLPProto
import SessionRecords
import SwiftProtobuf

/// Writes entries as OTLP log records: each entry's own bytes, and a view of them in attributes for receivers that know
/// nothing of Lastword (`docs/wire-format.md`).
package struct OTLPEncoder: Sendable {
    /// Who sends.
    package struct Sender: Sendable {
        package let version: String
        package let node: String
        package let cluster: String?
        package let clusterUID: String?

        package init(version: String, node: String, cluster: String? = nil, clusterUID: String? = nil) {
            self.version = version
            self.node = node
            self.cluster = cluster
            self.clusterUID = clusterUID
        }
    }

    static let scopeName = "lastword-agent"

    private let sender: Sender
    private let policy: SendingPolicy

    package init(sender: Sender, policy: SendingPolicy = SendingPolicy()) {
        self.sender = sender
        self.policy = policy
    }

    /// The body of one request, in protobuf; the entries in the order given.
    package func body(_ entries: [OutgoingEntry]) throws -> [UInt8] {
        do {
            return try request(entries).serializedBytes()
        } catch {
            throw LastwordError(code: "otlp.encode", message: "cannot encode \(entries.count) entries", cause: error)
        }
    }

    /// The same as OTLP's JSON.
    package func json(_ entries: [OutgoingEntry]) throws -> [UInt8] {
        var options = JSONEncodingOptions()
        options.alwaysPrintEnumsAsInts = true
        do {
            return try request(entries).jsonUTF8Bytes(options: options)
        } catch {
            throw LastwordError(code: "otlp.encode", message: "cannot encode \(entries.count) entries", cause: error)
        }
    }

    /// One `ResourceLogs` for each run of entries that tell of the same container.
    func request(_ entries: [OutgoingEntry]) -> Opentelemetry_Proto_Collector_Logs_V1_ExportLogsServiceRequest {
        var groups: [Opentelemetry_Proto_Logs_V1_ResourceLogs] = []
        for entry in entries {
            // Our own bytes that cannot be read are the receiver's to refuse: they go as they are, without a view.
            let document = try? EntryDocument(entry.bytes)
            let attributes = resource(document, hasView: entry.form.hasView)
            let record = record(entry, document)
            if let last = groups.indices.last, groups[last].resource.attributes == attributes {
                groups[last].scopeLogs[0].logRecords.append(record)
            } else {
                groups.append(
                    .with {
                        $0.resource.attributes = attributes
                        $0.scopeLogs = [
                            .with {
                                $0.scope.name = Self.scopeName
                                $0.scope.version = sender.version
                                $0.logRecords = [record]
                            }
                        ]
                    })
            }
        }
        return .with { $0.resourceLogs = groups }
    }

    // MARK: Resource

    private func resource(_ document: EntryDocument?, hasView: Bool) -> [KeyValue] {
        var list = AttributeList()
        // What a receiver refuses may be in here: a label, or a name that it has no place for.
        let session = hasView ? document?.session : nil
        list.add(AttributeName.clusterName, session.map(\.cluster) ?? sender.cluster)
        list.add(AttributeName.clusterUID, session.map(\.clusterUID) ?? sender.clusterUID)
        list.add(AttributeName.nodeName, document?.node ?? sender.node)
        if let session { SessionView.addResource(session, to: &list) }
        return list.values
    }

    // MARK: Record

    private func record(
        _ entry: OutgoingEntry, _ document: EntryDocument?
    ) -> Opentelemetry_Proto_Logs_V1_LogRecord {
        var list = AttributeList()
        list.add(AttributeName.recordUID, "\(entry.ledger):\(entry.number)")
        list.add(AttributeName.ledgerID, entry.ledger)
        list.add(AttributeName.entryNumber, entry.number)
        list.add(AttributeName.entryType, entry.type)
        list.add(AttributeName.entryHash, bytes: entry.hash.bytes)
        list.add(AttributeName.previousHash, bytes: entry.previousHash.bytes)
        let stubReason = stubReason(entry, document)
        if let stubReason {
            list.add(AttributeName.stub, true)
            list.add(AttributeName.stubReason, Bounds.clip(stubReason, to: Bounds.evidenceValueBytes))
        } else {
            list.add(AttributeName.entry, bytes: entry.bytes)
        }
        addOutput(entry, document, isStub: stubReason != nil, to: &list)
        if let session = document?.session, entry.form.hasView {
            SessionView.addRecord(
                session, arguments: policy.arguments.amount(in: session.namespace),
                output: policy.output.amount(in: session.namespace), to: &list)
        }
        if let gap = document?.gap, entry.form.hasView { Self.add(gap, to: &list) }
        let view = EntryView(entry, document)
        return .with {
            $0.timeUnixNano = view.time.unsignedNanoseconds
            $0.observedTimeUnixNano = entry.at.unsignedNanoseconds
            $0.severityNumber = view.isWarning ? .warn : .info
            $0.severityText = view.isWarning ? "WARN" : "INFO"
            $0.eventName = "lastword.\(entry.type)"
            $0.body.stringValue = view.summary
            $0.attributes = list.values
        }
    }

    /// Why the entry's bytes stay; nil where they go.
    private func stubReason(_ entry: OutgoingEntry, _ document: EntryDocument?) -> String? {
        if case .stub(let reason) = entry.form { return reason }
        guard holdsCommand(document) else { return nil }
        let amount = policy.arguments.amount(in: document?.names?.namespace)
        return amount == .full ? nil : "policy: arguments \(amount.rawValue)"
    }

    /// What cannot be read may hold one.
    private func holdsCommand(_ document: EntryDocument?) -> Bool {
        guard let document else { return true }
        guard let session = document.session else { return document.names != nil }
        return session.command?.isEmpty == false || session.args?.isEmpty == false
    }

    private func addOutput(
        _ entry: OutgoingEntry, _ document: EntryDocument?, isStub: Bool, to list: inout AttributeList
    ) {
        guard document?.names?.output != nil else { return }
        let amount = policy.output.amount(in: document?.names?.namespace)
        guard amount != .none else {
            list.add(AttributeName.outputOmitted, amount.rawValue)
            return
        }
        guard let output = entry.output else {
            list.add(AttributeName.outputOmitted, entry.outputAbsence)
            return
        }
        guard entry.form == .whole else {
            list.add(AttributeName.outputOmitted, "refused")
            return
        }
        guard amount == .full else {
            list.add(AttributeName.outputOmitted, amount.rawValue)
            list.add("lastword.output.excerpt", OneLine.readable(output.bytes, last: SendingPolicy.excerptBytes))
            return
        }
        guard !isStub else {
            list.add(AttributeName.outputOmitted, "stub")
            return
        }
        list.add(AttributeName.output, bytes: output.bytes)
        list.add(AttributeName.outputFrames, bytes: output.frames)
    }

    private static func add(_ gap: Gap, to list: inout AttributeList) {
        list.add("lastword.gap.id", OneLine.text(gap.id))
        list.add("lastword.gap.source", OneLine.text(gap.source))
        list.add("lastword.gap.opened_at", gap.openedAt)
        list.add("lastword.gap.closed_at", gap.closedAt)
        list.add("lastword.gap.reason", OneLine.text(gap.reason))
        list.add("lastword.gap.closed_by", gap.closedBy.map(OneLine.text))
        list.add("lastword.gap.dropped", gap.dropped)
    }
}

extension OutgoingEntry.Form {
    /// A stub that the receiver asked for by refusing has as little in it as can be.
    fileprivate var hasView: Bool {
        if case .stub = self { return false }
        return true
    }
}

extension Timestamp {
    /// OTLP's unsigned nanoseconds; what was before 1970 is 0, which means unknown.
    fileprivate var unsignedNanoseconds: UInt64 {
        UInt64(max(0, nanoseconds))
    }
}
