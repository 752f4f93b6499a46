// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords

/// A ledger as an agent would have written it, with sessions made up.
struct MadeLedger {
    static let epoch = Timestamp(nanoseconds: 1_795_228_800_000_000_000)

    let id: String
    let node: String
    private(set) var number: Int64 = 0
    private var hash = Digest.zero

    init(_ name: String = "a", node: String = "worker-0") {
        id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - min(12, name.utf8.count)) + name
        self.node = node
    }

    mutating func entry(
        _ type: String, _ key: String, _ content: JSONValue, session: Session? = nil, gap: Gap? = nil,
        output: [UInt8]? = nil
    ) -> ReceivedEntry {
        number += 1
        let at = Self.epoch.advanced(byNanoseconds: number * 1_000_000)
        let bytes = JSONValue.object(
            JSONObject([
                ("at", .string(at.description)), ("ledger", .string(id)), ("number", .integer(number)),
                ("schemaVersion", .integer(1)), ("type", .string(type)), (key, content),
            ])
        ).canonical
        let previous = hash
        hash = LedgerChain.hash(previous: previous, number: number, bytes: bytes)
        return ReceivedEntry(
            ledger: id, number: number, type: type, at: at, previousHash: previous, hash: hash, bytes: bytes,
            node: node, session: session, gap: gap, output: output.map { ($0, Self.frames($0)) })
    }

    mutating func session(_ session: Session, _ type: EntryType = .sessionEnded, output: [UInt8]? = nil)
        -> ReceivedEntry
    {
        entry(type.rawValue, "session", session.json, session: session, output: output)
    }

    /// A session that ended, with its output.
    mutating func ended(
        _ seed: Int, output text: String = "finding", _ change: (inout Session) -> Void = { _ in }
    ) -> ReceivedEntry {
        let output = Array(text.utf8)
        var session = Self.ended(seed, node: node)
        session.output = OutputSummary(
            bytes: output.count, totalBytes: output.count, truncated: false, lossy: false, streams: ["stdout"],
            sha256: Digest(of: output), framesSHA256: Digest(of: Self.frames(output)), pinnedBy: .hardlink)
        change(&session)
        return self.session(session, output: output)
    }

    mutating func gap(_ gap: Gap) -> ReceivedEntry {
        entry("gap", "gap", gap.json, gap: gap)
    }

    private static func frames(_ output: [UInt8]) -> [UInt8] {
        OutputFrameCoding.encode(
            output.isEmpty ? [] : [OutputFrame(stream: .stdout, time: epoch, length: output.count)])
    }

    static func running(_ seed: Int, node: String = "worker-0") -> Session {
        let hex = Hex.encode(Digest(of: Array("\(node)/\(seed)".utf8)).bytes)
        guard let container = ContainerID(hex) else { preconditionFailure("64 hex digits are a container ID") }
        var session = Session(id: SessionID(container: container), node: node)
        session.revision = 1
        session.state = .running
        session.mode = .ephemeral
        session.classification = .confirmed
        session.cluster = "prod"
        session.namespace = "default"
        session.pod = "web-\(seed)"
        session.container = "debugger-\(seed)"
        session.containerID = container
        session.targetContainer = "nginx"
        session.image = "busybox:1.36"
        session.startedAt = epoch.advanced(byNanoseconds: Int64(seed) * 1_000_000)
        return session
    }

    static func ended(_ seed: Int, node: String = "worker-0") -> Session {
        var session = running(seed, node: node)
        session.revision = 3
        session.state = .ended
        session.exitCode = seed % 250
        session.ending = .observed
        session.durationNanoseconds = 10_012_345_678
        session.finishedAt = session.startedAt?.advanced(byNanoseconds: 10_012_345_678)
        session.sealedAt = session.finishedAt
        session.sealedBy = .taskDelete
        return session
    }
}

extension CollectorStore {
    /// Ingests what a ledger's own node sent.
    @discardableResult
    func take(_ entries: [ReceivedEntry], at moment: Timestamp? = nil) async throws -> IngestResult {
        try await ingest(
            entries, sender: Sender(node: entries.first?.node, kind: .certificate, name: "CN=node"),
            receivedAt: moment ?? entries.compactMap(\.at).max() ?? MadeLedger.epoch)
    }
}
