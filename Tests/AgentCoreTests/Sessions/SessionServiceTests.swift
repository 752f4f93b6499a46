// SPDX-License-Identifier: Apache-2.0
import HealthReporting
import Logging
import SessionRecords
import SessionTracking
import Synchronization
import TestSupport
import Testing

@testable import AgentCore
@testable import TailCapture

@Suite("The session loop")
struct SessionServiceTests {
    /// A log that a runtime writes, as the effects see it.
    private final class Log: Sendable {
        struct State {
            var text = "one\n"
            /// Nil: the kernel does not say.
            var isOpen: Bool? = false
            /// Before a reading, after it where that can settle it, and after each pause.
            var looks = 0
            var readings = 0
            /// What happens at the so-manieth look.
            var events: [Int: @Sendable (inout State) -> Void] = [:]
        }

        let state: Mutex<State>

        init(_ state: State) {
            self.state = Mutex(state)
        }

        func mark() -> LogMark {
            state.withLock { state in
                state.looks += 1
                state.events[state.looks]?(&state)
                return LogMark(
                    files: [.init(inode: 1, size: Int64(state.text.utf8.count), modifiedAt: 0)], isOpen: state.isOpen)
            }
        }

        func read() -> CapturedTail {
            let text = state.withLock { state in
                state.readings += 1
                return state.text
            }
            return TailReader.read(
                bytes: Array("2026-11-21T08:00:00Z stdout F \(text)".utf8), pinnedBy: .hardlink)
        }
    }

    /// Plays one debug container's life; gives what became durable as its output, and how often its log was read.
    private func play(
        _ state: Log.State = Log.State(), isDeleted: Bool = true, sealDeadline: Int64 = 60_000_000_000
    ) async throws -> (output: String, sealedBy: SealedBy?, readings: Int) {
        let log = Log(state)
        let outputs = Mutex<[CapturedTail]>([])
        let sealed = Mutex<SealedBy?>(nil)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let writer = StoreWriter(health: HealthState(), logger: logger) { commits in
            for case .session(let commit) in commits {
                if let output = commit.output { outputs.withLock { $0.append(output) } }
                if let sealedBy = commit.session.sealedBy { sealed.withLock { $0 = sealedBy } }
            }
        }
        var configuration = TrackerConfiguration(origin: RecordOrigin(node: "worker-0"))
        configuration.hasPodSource = false
        configuration.sealDeadline = sealDeadline
        let service = SessionService(
            tracker: SessionTracker(configuration: configuration),
            effects: SessionEffects(
                describe: { _ in }, askStatus: { _ in }, pin: { _, _ in .held(.hardlink) }, release: { _ in },
                capture: { _, _ in log.read() }, mark: { _ in log.mark() }),
            writer: writer, clock: .system, logger: logger)
        let id = try #require(ContainerID(String(repeating: "a", count: 64)))
        var record = ContainerDescription(id: id, isSandbox: false, witness: .containerRecord)
        record.podUID = PodUID("f17d02b7")
        record.container = "debugger-x7k2p"
        record.logPath = "/var/log/pods/x/0.log"
        let receipt = AgentClock.system.now()
        var facts: [Fact] = [
            .container(record), .taskCreated(id, pid: 7, at: receipt.wall), .taskStarted(id, pid: 7, at: receipt.wall),
            .taskExited(id, TaskExit(exitCode: 3, exitedAt: receipt.wall, at: receipt.wall)),
        ]
        if isDeleted { facts.append(.taskDeleted(id, at: receipt.wall)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await writer.run() }
            group.addTask { await service.run() }
            await service.send(facts.map { Observation($0, receipt: receipt) })
            try await waitUntil("the output is durable") { outputs.withLock { !$0.isEmpty } }
            service.finish()
            writer.finish()
            try await group.waitForAll()
        }
        return (
            outputs.withLock { String(decoding: $0.last?.bytes ?? [], as: UTF8.self) }, sealed.withLock { $0 },
            log.state.withLock { $0.readings }
        )
    }

    @Test("a log that its writer has closed is read once")
    func closed() async throws {
        let end = try await play()
        #expect(end.output == "one\n")
        #expect(end.sealedBy == .taskDelete)
        #expect(end.readings == 1)
    }

    @Test("a log that is still open for writing is waited for, however late its last words come")
    func late() async throws {
        var state = Log.State()
        state.isOpen = true
        // Long after two looks have agreed.
        state.events[12] = {
            $0.text = "one and the last words\n"
            $0.isOpen = false
        }
        let end = try await play(state)
        #expect(end.output == "one and the last words\n")
        #expect(end.readings == 2)
    }

    @Test("where nobody can say who writes, the log is read again if it was touched, and else not")
    func unknown() async throws {
        var state = Log.State()
        state.isOpen = nil
        #expect(try await play(state).readings == 1)
        state.events[2] = { $0.text = "one and more\n" }
        let end = try await play(state)
        #expect(end.output == "one and more\n")
        #expect(end.readings >= 2)
    }

    @Test("a log that stays open does not keep its session from being told")
    func endless() async throws {
        var state = Log.State()
        state.isOpen = true
        let end = try await play(state)
        #expect(end.output == "one\n")
        #expect(end.readings == 1)
    }

    @Test("the loop wakes for a deadline that is set while it sleeps")
    func deadline() async throws {
        let end = try await play(isDeleted: false, sealDeadline: 100_000_000)
        #expect(end.output == "one\n")
        #expect(end.sealedBy == .deadline)
    }
}
