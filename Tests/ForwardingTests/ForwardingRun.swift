// SPDX-License-Identifier: Apache-2.0
import AgentStore
import Delivery
import Foundation
import Logging
import OTLPCoding
import SessionRecords
import SessionTracking
import Synchronization
import TestSupport

@testable import Forwarding

/// A store in a directory of its own, and a forwarder on it whose time is made up: what it waits for is over at once.
final class ForwardingRun: Sendable {
    let directory: String
    let store: AgentStore
    let clock: MadeUpClock
    let forwarder: Forwarder
    private let node: String
    private let turn: StoreTurn
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(
        _ url: String, node: String = "worker-0", clock: MadeUpClock = MadeUpClock(),
        configure: (inout ForwardingConfiguration) -> Void = { _ in },
        outbox change: (inout OutboxAccess) -> Void = { _ in }
    ) throws {
        directory = NSTemporaryDirectory() + "forwarding-" + UUID().uuidString
        store = try AgentStore.open(
            directory: directory + "/store", identity: NodeIdentity(node: node, machineID: "m1", bootID: "b1"),
            options: StoreOptions(clock: { clock.now }))
        self.clock = clock
        self.node = node
        var configuration = ForwardingConfiguration(endpoint: try Self.endpoint(url))
        configuration.requestTimeout = .seconds(20)
        configure(&configuration)
        let turn = StoreTurn(store)
        self.turn = turn
        var outbox = OutboxAccess(directory: store.directory, destination: url) { try await turn.perform($0) }
        change(&outbox)
        forwarder = Forwarder(
            configuration: configuration,
            sender: OTLPEncoder.Sender(version: "0.1.0", node: node, cluster: "prod"),
            outbox: outbox,
            clock: ForwarderClock(now: { clock.now }, sleep: { try await clock.sleep($0) }),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    static func endpoint(_ url: String) throws -> ForwardingEndpoint {
        guard let endpoint = ForwardingEndpoint(url) else {
            throw LastwordError(code: "test", message: "\(url) is no endpoint")
        }
        return endpoint
    }

    /// Sessions that have ended, each with an output.
    func record(
        _ numbers: ClosedRange<Int>, output: String = "finding\n", labels: [String: String] = [:]
    ) async throws {
        for number in numbers {
            let commit = Commit.session(Ended.session(number, node: node, output: output, labels: labels))
            _ = try await turn.perform { store in
                _ = try store.commit([commit])
                return true
            }
        }
        forwarder.wake()
    }

    func start() {
        let forwarder = forwarder
        // Ended by `stop`.
        task.withLock { $0 = Task { await forwarder.run() } }
    }

    func stop() async {
        forwarder.finish()
        await task.withLock { $0.take() }?.value
    }

    /// Without the time to drain.
    func kill() async {
        let task = task.withLock { $0.take() }
        task?.cancel()
        await task?.value
    }

    func close() async throws {
        await stop()
        try store.close()
        try FileManager.default.removeItem(atPath: directory)
    }

    func status() throws -> StoreStatus {
        let reader = try StoreReader(directory: store.directory)
        defer { try? reader.close() }
        return try reader.status()
    }

    func waitUntilDelivered(_ limit: Duration = .seconds(60)) async throws {
        try await waitUntil(limit: limit, "everything is delivered") { try status().backlog == 0 }
    }
}

/// The store's writers, one after the other.
actor StoreTurn {
    private let store: AgentStore

    init(_ store: AgentStore) {
        self.store = store
    }

    func perform(_ work: @Sendable (AgentStore) throws -> Bool) throws -> Bool {
        try work(store)
    }
}

/// Time that passes only by being waited for.
final class MadeUpClock: Sendable {
    private let time = Mutex(Timestamp(nanoseconds: 1_795_228_800_000_000_000))
    private let waits = Mutex<[Duration]>([])
    private let sleepers = Mutex(0)
    private let isStanding: Bool

    /// - Parameter isStanding: no wait is ever over.
    init(isStanding: Bool = false) {
        self.isStanding = isStanding
    }

    var isWaitedFor: Bool { sleepers.withLock { $0 > 0 } }
    var now: Timestamp { time.withLock { $0 } }
    /// What was waited for, in order.
    var waited: [Duration] { waits.withLock { $0 } }

    /// A moment of real time, so that the one who waits lets others work.
    func sleep(_ pause: Duration) async throws {
        sleepers.withLock { $0 += 1 }
        defer { sleepers.withLock { $0 -= 1 } }
        try await Task.sleep(for: isStanding ? .seconds(600) : .milliseconds(2))
        waits.withLock { $0.append(pause) }
        let (seconds, attoseconds) = pause.components
        time.withLock {
            $0 = $0.advanced(byNanoseconds: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        }
    }
}

enum Ended {
    static func session(
        _ number: Int, node: String = "worker-0", output: String, labels: [String: String] = [:]
    ) -> SessionCommit {
        let hex = String(number, radix: 16)
        guard let container = ContainerID(String(repeating: "0", count: 64 - hex.utf8.count) + hex) else {
            preconditionFailure("64 hex digits")
        }
        let bytes = Array(output.utf8)
        let frames = [OutputFrame(stream: .stdout, time: nil, length: bytes.count)]
        let summary = OutputSummary(
            bytes: bytes.count, totalBytes: bytes.count, truncated: false, lossy: false, streams: ["stdout"],
            sha256: Digest(of: bytes), framesSHA256: Digest(of: OutputFrameCoding.encode(frames)), pinnedBy: .hardlink)
        var session = Session(id: SessionID(container: container), node: node)
        session.revision = 1
        session.state = .ended
        session.mode = .ephemeral
        session.classification = .confirmed
        session.namespace = "default"
        session.pod = "debug-target"
        session.container = "debugger-\(number)"
        session.labels = labels
        session.containerID = container
        session.exitCode = 42
        session.command = ["sh"]
        session.finishedAt = Timestamp(nanoseconds: 1_795_228_800_000_000_000)
        session.sealedAt = session.finishedAt
        session.output = summary
        session.sealedBy = .taskDelete
        return SessionCommit(
            session: session, facts: nil, entry: .sessionEnded,
            output: CapturedTail(bytes: bytes, frames: frames, summary: summary))
    }
}
