// SPDX-License-Identifier: Apache-2.0
import OTLPCoding
import SessionRecords

/// A ledger as an agent's store has it, with sessions made up.
struct MadeLedger: Sendable {
    /// What the clock of collector and agents shows.
    static let now = Timestamp(nanoseconds: 1_795_228_800_000_000_000)

    let id: String
    let node: String
    private(set) var entries: [OutgoingEntry] = []

    init(_ id: String = "ledger-1", node: String = "worker-0") {
        self.id = id
        self.node = node
        add("ledger.opened", "opened", .object(JSONObject([("node", .string(node))])))
    }

    mutating func add(
        _ type: String, _ key: String, _ content: JSONValue, output: OutgoingEntry.Output? = nil,
        outputAbsence: String? = nil
    ) {
        let number = Int64(entries.count + 1)
        let at = Self.now.advanced(byNanoseconds: number * 1_000_000)
        let bytes = JSONValue.object(
            JSONObject([
                ("at", .string(at.description)), ("ledger", .string(id)), ("number", .integer(number)),
                ("schemaVersion", .integer(1)), ("type", .string(type)), (key, content),
            ])
        ).canonical
        let previous = entries.last?.hash ?? .zero
        entries.append(
            OutgoingEntry(
                ledger: id, number: number, type: type, at: at, previousHash: previous,
                hash: LedgerChain.hash(previous: previous, number: number, bytes: bytes), bytes: bytes, output: output,
                outputAbsence: outputAbsence))
    }

    /// A session that ended, with its output.
    @discardableResult
    mutating func addSession(
        _ seed: Int, namespace: String = "default", exitCode: Int = 42, output text: String = "hello\n",
        revision: Int = 3
    ) -> SessionID {
        let (session, output) = Self.session(
            seed, node: node, namespace: namespace, exitCode: exitCode, output: text, revision: revision)
        add("session.ended", "session", session.json, output: output)
        return session.id
    }

    mutating func addGap(closed: Bool = false) {
        var gap = Gap(source: "runtime", openedAt: Self.now, reason: "connection lost")
        if closed {
            gap.closedAt = Self.now.advanced(byNanoseconds: 5)
            gap.closedBy = GapClosing.relisted
        }
        add("gap", "gap", gap.json)
    }

    static func session(
        _ seed: Int, node: String, namespace: String, exitCode: Int, output text: String, revision: Int
    ) -> (Session, OutgoingEntry.Output) {
        let hex = Hex.encode(Digest(of: Array("\(node)/\(seed)".utf8)).bytes)
        guard let container = ContainerID(hex) else { preconditionFailure("64 hex digits") }
        let bytes = Array(text.utf8)
        let frames = OutputFrameCoding.encode(
            bytes.isEmpty ? [] : [OutputFrame(stream: .stdout, time: now, length: bytes.count)])
        var session = Session(id: SessionID(container: container), node: node)
        session.revision = revision
        session.state = .ended
        session.mode = .ephemeral
        session.classification = .confirmed
        session.cluster = "prod"
        session.namespace = namespace
        session.pod = "web-\(seed)"
        session.container = "debugger-\(seed)"
        session.containerID = container
        session.image = "busybox:1.36"
        session.targetContainer = "nginx"
        session.startedAt = now.advanced(byNanoseconds: Int64(seed) * 1_000_000_000)
        session.finishedAt = now.advanced(byNanoseconds: Int64(seed) * 1_000_000_000 + 5_000_000)
        session.durationNanoseconds = 5_000_000
        session.exitCode = exitCode
        session.ending = .observed
        session.sealedAt = session.finishedAt
        session.output = OutputSummary(
            bytes: bytes.count, totalBytes: bytes.count, truncated: false, lossy: false, streams: ["stdout"],
            sha256: Digest(of: bytes), framesSHA256: Digest(of: frames), pinnedBy: .hardlink)
        session.sealedBy = .taskDelete
        return (session, OutgoingEntry.Output(bytes: bytes, frames: frames))
    }

    private var encoder: OTLPEncoder {
        OTLPEncoder(sender: OTLPEncoder.Sender(version: "0.1.0", node: node, cluster: "prod"))
    }

    /// The protobuf body of these entries, of all if none are named.
    func body(_ range: Range<Int>? = nil) throws -> [UInt8] {
        try encoder.body(Array(entries[range ?? entries.indices]))
    }

    func json(_ range: Range<Int>? = nil) throws -> [UInt8] {
        try encoder.json(Array(entries[range ?? entries.indices]))
    }
}
