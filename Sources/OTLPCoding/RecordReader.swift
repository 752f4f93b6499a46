// SPDX-License-Identifier: Apache-2.0
import OTLPProto
import SessionRecords

/// The attributes of one log record, or of a resource, as far as they are asked for.
struct AttributeReader {
    private var values: [String: AnyValue] = [:]
    /// A key that is there twice: which of the two counts would be anybody's guess.
    private(set) var repeated: String?

    init(_ attributes: [KeyValue], wanted: Set<String>) {
        for attribute in attributes where wanted.contains(attribute.key) {
            if values.updateValue(attribute.value, forKey: attribute.key) != nil { repeated = attribute.key }
        }
    }

    var isEmpty: Bool { values.isEmpty }

    func has(_ key: String) -> Bool { values[key] != nil }

    /// Nil if it is absent; throws if it is of another type or longer than `limit` bytes.
    func text(_ key: String, limit: Int) throws(EntryFault) -> String? {
        guard let value = values[key] else { return nil }
        guard case .stringValue(let text)? = value.value, text.utf8.count <= limit else {
            throw EntryFault("\(key) is not a text of at most \(limit) bytes")
        }
        return text
    }

    func number(_ key: String) throws(EntryFault) -> Int64? {
        guard let value = values[key] else { return nil }
        guard case .intValue(let number)? = value.value else { throw EntryFault("\(key) is not an integer") }
        return number
    }

    func flag(_ key: String) throws(EntryFault) -> Bool? {
        guard let value = values[key] else { return nil }
        guard case .boolValue(let flag)? = value.value else { throw EntryFault("\(key) is not a boolean") }
        return flag
    }

    func bytes(_ key: String) throws(EntryFault) -> [UInt8]? {
        guard let value = values[key] else { return nil }
        guard case .bytesValue(let bytes)? = value.value else { throw EntryFault("\(key) is not bytes") }
        return Array(bytes)
    }

    func digest(_ key: String) throws(EntryFault) -> Digest {
        guard let bytes = try bytes(key), let digest = Digest(bytes: bytes) else {
            throw EntryFault("\(key) is not a hash of 32 bytes")
        }
        return digest
    }
}

/// Reads one log record of ours and compares its attributes with its bytes.
struct RecordReader {
    private static let nameLimit = 1024
    private static let wanted = AttributeName.counting.union([AttributeName.recordUID])
    private static let resourceKeys: Set = [
        AttributeName.nodeName, AttributeName.namespace, AttributeName.podName, AttributeName.podUID,
        AttributeName.containerName, AttributeName.containerID,
    ]

    private let resource: AttributeReader

    init(resource: Opentelemetry_Proto_Resource_V1_Resource) {
        self.resource = AttributeReader(resource.attributes, wanted: Self.resourceKeys)
    }

    /// Nil for a record of somebody else: nothing in it has one of our names.
    func entry(_ record: Opentelemetry_Proto_Logs_V1_LogRecord) throws(RecordFault) -> IncomingEntry? {
        let attributes = AttributeReader(record.attributes, wanted: Self.wanted)
        guard AttributeName.counting.contains(where: attributes.has) else { return nil }
        do {
            return try read(attributes)
        } catch let fault as RecordFault {
            throw fault
        } catch let fault as EntryFault {
            throw RecordFault(.malformed, fault.words)
        } catch {
            throw RecordFault(.malformed, "not readable")
        }
    }

    private func read(_ attributes: AttributeReader) throws -> IncomingEntry {
        if let key = attributes.repeated ?? resource.repeated { throw EntryFault("\(key) is there twice") }
        guard let ledger = try attributes.text(AttributeName.ledgerID, limit: 128), !ledger.isEmpty,
            let number = try attributes.number(AttributeName.entryNumber), number > 0,
            let type = try attributes.text(AttributeName.entryType, limit: 128), !type.isEmpty
        else { throw EntryFault("ledger, number or type is missing") }
        guard try attributes.text(AttributeName.recordUID, limit: Self.nameLimit) == "\(ledger):\(number)" else {
            throw RecordFault(.disagreement, "the uid is not ledger and number")
        }
        guard let node = try resource.text(AttributeName.nodeName, limit: Self.nameLimit), !node.isEmpty else {
            throw EntryFault("the resource names no k8s.node.name")
        }
        let head = Head(
            ledger: ledger, number: number, type: type, hash: try attributes.digest(AttributeName.entryHash),
            previousHash: try attributes.digest(AttributeName.previousHash), node: node)
        if number == 1, head.previousHash != .zero {
            throw RecordFault(.disagreement, "the first entry's previous hash is not zero")
        }
        let omitted = try attributes.text(AttributeName.outputOmitted, limit: Self.nameLimit)
        if try attributes.flag(AttributeName.stub) == true {
            guard !attributes.has(AttributeName.entry), !attributes.has(AttributeName.output),
                !attributes.has(AttributeName.outputFrames)
            else { throw EntryFault("a stub with bytes") }
            let reason = try attributes.text(AttributeName.stubReason, limit: Self.nameLimit)
            return head.stub(reason ?? "not said", omitted: omitted)
        }
        guard let bytes = try attributes.bytes(AttributeName.entry) else {
            throw EntryFault("lastword.entry is missing")
        }
        guard LedgerChain.hash(previous: head.previousHash, number: number, bytes: bytes) == head.hash else {
            throw RecordFault(.disagreement, "the hash is not that of the bytes")
        }
        let document = try EntryDocument(bytes)
        try compare(document, head)
        return head.entry(bytes, document, output: try output(attributes, document), omitted: omitted)
    }

    private func compare(_ document: EntryDocument, _ head: Head) throws {
        func agree(_ isSame: Bool, _ what: String) throws(RecordFault) {
            guard isSame else { throw RecordFault(.disagreement, "\(what) is not what the bytes say") }
        }
        try agree(document.ledger == head.ledger, AttributeName.ledgerID)
        try agree(document.number == head.number, AttributeName.entryNumber)
        try agree(document.type == head.type, AttributeName.entryType)
        if let node = document.node { try agree(node == head.node, AttributeName.nodeName) }
        let names = document.names
        for (key, said) in [
            (AttributeName.namespace, names?.namespace), (AttributeName.podName, names?.pod),
            (AttributeName.podUID, names?.podUID), (AttributeName.containerName, names?.container),
            (AttributeName.containerID, names?.containerID),
        ] {
            // What the resource leaves out it does not contradict.
            guard let claimed = try resource.text(key, limit: 8192) else { continue }
            try agree(claimed == said, key)
        }
    }

    private func output(
        _ attributes: AttributeReader, _ document: EntryDocument
    ) throws -> IncomingEntry.CapturedOutput? {
        let bytes = try attributes.bytes(AttributeName.output)
        let frames = try attributes.bytes(AttributeName.outputFrames)
        guard bytes != nil || frames != nil else { return nil }
        guard let bytes, let frames else {
            throw EntryFault("an output without its frames, or frames without an output")
        }
        guard let hashes = document.names?.output else {
            throw RecordFault(.disagreement, "an output that the bytes do not speak of")
        }
        guard Digest(of: bytes) == hashes.sha256, Digest(of: frames) == hashes.framesSHA256 else {
            throw RecordFault(.disagreement, "the output does not have the SHA-256 that the bytes name")
        }
        guard OutputFrameCoding.describedBytes(frames) == bytes.count else {
            throw RecordFault(.disagreement, "the frames do not describe the output")
        }
        return IncomingEntry.CapturedOutput(bytes: bytes, frames: frames)
    }

    private struct Head {
        let ledger: String
        let number: Int64
        let type: String
        let hash: Digest
        let previousHash: Digest
        let node: String

        func stub(_ reason: String, omitted: String?) -> IncomingEntry {
            IncomingEntry(
                ledger: ledger, number: number, type: type, at: nil, previousHash: previousHash, hash: hash, bytes: nil,
                stubReason: reason, node: node, session: nil, gap: nil, output: nil, outputOmitted: omitted)
        }

        func entry(
            _ bytes: [UInt8], _ document: EntryDocument, output: IncomingEntry.CapturedOutput?, omitted: String?
        ) -> IncomingEntry {
            IncomingEntry(
                ledger: ledger, number: number, type: type, at: document.at, previousHash: previousHash, hash: hash,
                bytes: bytes, stubReason: nil, node: node, session: document.session, gap: document.gap, output: output,
                outputOmitted: output == nil ? omitted : nil)
        }
    }
}

/// What is wrong with one record.
struct RecordFault: Error {
    let kind: OTLPRefusal.Kind
    let words: String

    init(_ kind: OTLPRefusal.Kind, _ words: String) {
        self.kind = kind
        self.words = words
    }
}
