// SPDX-License-Identifier: Apache-2.0
import OTLPProto
import SessionRecords
import SwiftProtobuf

@testable import OTLPCoding

typealias Request = Opentelemetry_Proto_Collector_Logs_V1_ExportLogsServiceRequest
typealias LogRecord = Opentelemetry_Proto_Logs_V1_LogRecord

/// Entries as the agent's store has them, chained as it chains them.
struct SampleLedger {
    static let id = "0b9f8f58-6f0c-4b6e-9a53-5a0b6f0c1d2e"
    static let epoch = Timestamp(nanoseconds: 1_795_228_800_000_000_000)
    private(set) var entries: [OutgoingEntry] = []

    mutating func add(_ type: String, _ key: String, _ content: JSONValue, output: OutgoingEntry.Output? = nil) {
        let number = Int64(entries.count + 1)
        let at = Self.epoch.advanced(byNanoseconds: number * 1_000_000)
        let bytes = JSONValue.object(
            JSONObject([
                ("at", .string(at.description)), ("ledger", .string(Self.id)), ("number", .integer(number)),
                ("schemaVersion", .integer(1)), ("type", .string(type)), (key, content),
            ])
        ).canonical
        add(type: type, at: at, bytes: bytes, output: output)
    }

    mutating func add(type: String, at: Timestamp, bytes: [UInt8], output: OutgoingEntry.Output? = nil) {
        let number = Int64(entries.count + 1)
        let previous = entries.last?.hash ?? .zero
        entries.append(
            OutgoingEntry(
                ledger: Self.id, number: number, type: type, at: at, previousHash: previous,
                hash: LedgerChain.hash(previous: previous, number: number, bytes: bytes), bytes: bytes, output: output))
    }

    mutating func add(_ session: Session, _ type: EntryType = .sessionEnded, output: OutgoingEntry.Output? = nil) {
        add(type.rawValue, "session", session.json, output: output)
    }

    /// The agent's start, a session's start and end with its output, a gap, retention.
    static var everyKind: SampleLedger {
        var ledger = SampleLedger()
        ledger.add("ledger.opened", "opened", .object(JSONObject([("node", .string("worker-0"))])))
        ledger.add("agent.started", "agent", .object(JSONObject([("node", .string("worker-0"))])))
        ledger.add(Sample.running, .sessionStarted)
        ledger.add(Sample.ended, output: Sample.output)
        var gap = Gap(source: "runtime", openedAt: epoch, reason: "connection lost")
        ledger.add("gap", "gap", gap.json)
        gap.closedAt = epoch.advanced(byNanoseconds: 5)
        gap.closedBy = GapClosing.relisted
        ledger.add("gap", "gap", gap.json)
        ledger.add("retention", "retention", .object(JSONObject([("reasons", .strings(["age"]))])))
        return ledger
    }
}

enum Sample {
    static let outputBytes = Array("finding\r\n\u{1B}[31mred\u{1B}[0m \0 \n".utf8) + [0xFF]
    static let frames = OutputFrameCoding.encode([
        OutputFrame(stream: .stdout, time: SampleLedger.epoch, length: outputBytes.count)
    ])
    static let output = OutgoingEntry.Output(bytes: outputBytes, frames: frames)

    static var running: Session {
        let container = String(repeating: "ab", count: 32)
        guard let containerID = ContainerID(container) else { preconditionFailure("64 hex digits") }
        var session = Session(id: SessionID(container: containerID), node: "worker-0")
        session.revision = 1
        session.state = .running
        session.mode = .ephemeral
        session.classification = .confirmed
        session.cluster = "prod"
        session.namespace = "default"
        session.pod = "debug-target"
        session.podUID = PodUID("f17d02b7-aa5e-4c3e-8a4b-0f3a9f1b2c3d")
        session.owner = Owner(kind: "Deployment", name: "web")
        session.labels = ["app": "web"]
        session.container = "debugger-x7k2p"
        session.containerID = containerID
        session.runtime = "containerd"
        session.attempt = 0
        session.targetContainer = "nginx"
        session.image = "busybox:1.36"
        session.imageDigest = "sha256:11"
        session.command = ["sh"]
        session.args = ["-c", "echo \"hidden words\""]
        session.tty = true
        session.startedAt = SampleLedger.epoch
        return session
    }

    static var ended: Session {
        var session = running
        session.revision = 3
        session.state = .ended
        session.exitCode = 42
        session.reason = "Error"
        session.ending = .observed
        session.finishedAt = SampleLedger.epoch.advanced(byNanoseconds: 10_012_345_678)
        session.durationNanoseconds = 10_012_345_678
        session.sealedAt = session.finishedAt
        session.output = OutputSummary(
            bytes: outputBytes.count, totalBytes: outputBytes.count, truncated: false, lossy: false,
            streams: ["stdout"], sha256: Digest(of: outputBytes), framesSHA256: Digest(of: frames), pinnedBy: .hardlink)
        session.sealedBy = .taskDelete
        return session
    }
}

extension OTLPEncoder {
    static let sample = OTLPEncoder(sender: Sender(version: "0.1.0", node: "worker-0", cluster: "prod"))

    static func sample(_ policy: SendingPolicy) -> OTLPEncoder {
        OTLPEncoder(sender: Sender(version: "0.1.0", node: "worker-0", cluster: "prod"), policy: policy)
    }
}

extension Request {
    var records: [LogRecord] { resourceLogs.flatMap { $0.scopeLogs.flatMap(\.logRecords) } }

    /// Changes every record.
    mutating func change(_ body: (inout LogRecord) -> Void) {
        for resource in resourceLogs.indices {
            for scope in resourceLogs[resource].scopeLogs.indices {
                for record in resourceLogs[resource].scopeLogs[scope].logRecords.indices {
                    body(&resourceLogs[resource].scopeLogs[scope].logRecords[record])
                }
            }
        }
    }

    func decoded(limit: Int = OTLPDecoder.maximumRecords) throws -> IncomingBatch {
        try OTLPDecoder(maximumRecords: limit).decode(try serializedBytes(), as: .protobuf)
    }
}

extension LogRecord {
    subscript(_ key: String) -> Opentelemetry_Proto_Common_V1_AnyValue? {
        get { attributes.first { $0.key == key }?.value }
        set {
            attributes.removeAll { $0.key == key }
            guard let newValue else { return }
            attributes.append(
                .with {
                    $0.key = key
                    $0.value = newValue
                })
        }
    }
}
