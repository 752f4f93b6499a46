// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import TestSupport

/// A node's ledger as the collector's endpoint hands it to the store: one ended session an entry, each with its output.
struct DeliveredLedger {
    private static let words = [
        "connection", "refused", "pool", "exhausted", "timeout", "request", "retry", "upstream", "listening", "port",
        "memory", "limit", "socket", "resolver", "certificate", "expired", "permission", "denied", "latency", "queue",
    ]

    let node: String
    let id: String
    private var number: Int64 = 0
    private var hash = Digest.zero

    init(_ index: Int) {
        node = "worker-\(index)"
        let digits = String(index)
        id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.utf8.count) + digits
    }

    /// The next entry, of a session as `FilledSession` has it.
    mutating func next(_ filled: FilledSession) throws -> ReceivedEntry {
        guard let container = ContainerID(filled.containerID) else {
            throw StoreFiller.failure("\(filled.containerID) is no container id")
        }
        let started = Timestamp(nanoseconds: filled.startedAt)
        let text = Self.output(filled.startedAt)
        let frames = OutputFrameCoding.encode([OutputFrame(stream: .stdout, time: started, length: text.count)])
        var session = Session(id: SessionID(container: container), node: node)
        session.revision = 3
        session.state = .ended
        session.mode = .ephemeral
        session.classification = .confirmed
        session.cluster = "prod"
        session.namespace = filled.namespace
        session.pod = filled.pod
        session.container = filled.container
        session.containerID = container
        session.targetContainer = filled.target
        session.image = "busybox:1.36"
        session.imageDigest = "sha256:" + String(repeating: "9", count: 64)
        session.command = ["sh", "-c", "echo 'finding: connection pool exhausted'; sleep 10; exit 42"]
        session.startedAt = started
        session.finishedAt = started.advanced(byNanoseconds: 10_012_345_678)
        session.sealedAt = session.finishedAt
        session.exitCode = filled.exitCode ?? 0
        session.reason = "Error"
        session.ending = .observed
        session.sealedBy = .taskDelete
        session.output = OutputSummary(
            bytes: text.count, totalBytes: text.count, truncated: false, lossy: false, streams: ["stdout"],
            sha256: Digest(of: text), framesSHA256: Digest(of: frames), pinnedBy: .hardlink)
        session.evidence = [Evidence(witness: .containerdEvent, fact: "exit", at: session.finishedAt)]
        return entry(session, output: (text, frames))
    }

    private mutating func entry(_ session: Session, output: (bytes: [UInt8], frames: [UInt8])) -> ReceivedEntry {
        number += 1
        let at = session.sealedAt ?? Timestamp(nanoseconds: 0)
        let bytes = JSONValue.object(
            JSONObject([
                ("at", .string(at.description)), ("ledger", .string(id)), ("number", .integer(number)),
                ("schemaVersion", .integer(1)), ("session", session.json),
                ("type", .string(EntryType.sessionEnded.rawValue)),
            ])
        ).canonical
        let previous = hash
        hash = LedgerChain.hash(previous: previous, number: number, bytes: bytes)
        return ReceivedEntry(
            ledger: id, number: number, type: EntryType.sessionEnded.rawValue, at: at, previousHash: previous,
            hash: hash, bytes: bytes, node: node, session: session, output: output)
    }

    /// About 1 KiB of words that differ from session to session.
    private static func output(_ seed: Int64) -> [UInt8] {
        var state = UInt64(bitPattern: seed)
        var text: [UInt8] = []
        while text.count < 1000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text += Array(words[Int(state >> 33) % words.count].utf8)
            text.append(text.count % 80 > 70 ? 0x0A : 0x20)
        }
        text.append(0x0A)
        return text
    }
}
