// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords

/// A ledger as an agent would have written it: real bytes, numbers and hashes.
struct MadeLedger {
    let id: String
    let node: String
    var number: Int64 = 0
    var hash = Digest.zero
    /// Of the next entry; each is a second after the one before it.
    var now = TestClock.epoch

    init(_ name: String = "a", node: String = "worker-0") {
        id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - min(12, name.utf8.count)) + name
        self.node = node
    }

    mutating func entry(
        _ type: EntryType, key: String, _ content: JSONValue, session: Session? = nil, gap: Gap? = nil,
        output: (bytes: [UInt8], frames: [UInt8])? = nil, omitted: String? = nil
    ) -> ReceivedEntry {
        number += 1
        now = now.advanced(byNanoseconds: 1_000_000_000)
        let bytes = JSONValue.object(
            JSONObject([
                ("at", .string(now.description)), ("ledger", .string(id)), ("number", .integer(number)),
                ("schemaVersion", .integer(1)), ("type", .string(type.rawValue)), (key, content),
            ])
        ).canonical
        let previous = hash
        hash = Self.hash(previous, number, bytes)
        return ReceivedEntry(
            ledger: id, number: number, type: type.rawValue, at: now, previousHash: previous, hash: hash, bytes: bytes,
            node: node, session: session, gap: gap, output: output, outputOmitted: omitted)
    }

    static func hash(_ previous: Digest, _ number: Int64, _ bytes: [UInt8]) -> Digest {
        let bigEndian = (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
        return Digest(concatenating: [previous.bytes, bigEndian, bytes])
    }

    mutating func agentStarted() -> ReceivedEntry {
        entry(.agentStarted, key: "agent", .object(JSONObject([("version", .string("1"))])))
    }

    mutating func agentStarted(count: Int) -> [ReceivedEntry] {
        (0..<count).map { _ in agentStarted() }
    }

    mutating func gap(_ gap: Gap) -> ReceivedEntry {
        entry(.gap, key: "gap", gap.json, gap: gap)
    }

    mutating func session(
        _ session: Session, _ type: EntryType = .sessionEnded, output: (bytes: [UInt8], frames: [UInt8])? = nil,
        omitted: String? = nil
    ) -> ReceivedEntry {
        entry(type, key: "session", session.json, session: session, output: output, omitted: omitted)
    }

    /// A session that ended, with its output.
    mutating func ended(
        _ number: Int, output text: String = "finding", _ change: (inout Session) -> Void = { _ in }
    ) -> ReceivedEntry {
        let output = Sample.output(Array(text.utf8))
        var session = Sample.ended(number, node: node)
        session.output = Sample.summary(output)
        change(&session)
        return self.session(session, output: output)
    }

    mutating func started(_ number: Int, _ change: (inout Session) -> Void = { _ in }) -> ReceivedEntry {
        var session = Sample.running(number, node: node)
        change(&session)
        return self.session(session, .sessionStarted)
    }
}

enum Sample {
    static func containerID(_ number: Int) -> ContainerID? {
        let hex = String(number, radix: 16)
        return ContainerID(String(repeating: "0", count: 64 - hex.utf8.count) + hex)
    }

    static func id(_ number: Int) -> SessionID {
        guard let container = containerID(number) else { preconditionFailure("64 hex digits are a container ID") }
        return SessionID(container: container)
    }

    static func running(_ number: Int, node: String = "worker-0") -> Session {
        var session = Session(id: id(number), node: node)
        session.revision = 1
        session.state = .running
        session.mode = .ephemeral
        session.classification = .confirmed
        session.cluster = "prod"
        session.namespace = "default"
        session.pod = "debug-target"
        session.container = "debugger-\(number)"
        session.containerID = containerID(number)
        session.targetContainer = "nginx"
        session.image = "busybox:1.36"
        session.startedAt = TestClock.epoch.advanced(byNanoseconds: Int64(number) * 1_000_000_000)
        return session
    }

    static func ended(_ number: Int, node: String = "worker-0") -> Session {
        var session = running(number, node: node)
        session.revision = 3
        session.state = .ended
        session.exitCode = 42
        session.ending = .observed
        session.finishedAt = session.startedAt?.advanced(byNanoseconds: 10_012_345_678)
        session.sealedAt = session.finishedAt
        session.sealedBy = .taskDelete
        return session
    }

    static func output(_ bytes: [UInt8]) -> (bytes: [UInt8], frames: [UInt8]) {
        (
            bytes,
            OutputFrameCoding.encode([OutputFrame(stream: .stdout, time: TestClock.epoch, length: bytes.count)])
        )
    }

    static func summary(_ output: (bytes: [UInt8], frames: [UInt8])) -> OutputSummary {
        OutputSummary(
            bytes: output.bytes.count, totalBytes: output.bytes.count, truncated: false, lossy: false,
            streams: ["stdout"], sha256: Digest(of: output.bytes), framesSHA256: Digest(of: output.frames),
            pinnedBy: .hardlink)
    }
}
