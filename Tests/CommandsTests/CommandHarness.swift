// SPDX-License-Identifier: Apache-2.0
import CollectorClient
import SessionRecords
import Synchronization
import SystemJournal

@testable import Commands

/// Runs command lines inside the test process, over values in memory, at a fixed moment.
struct CommandHarness {
    struct Result {
        var code: Int32
        var bytes: [UInt8]
        var err: String
        var out: String { String(decoding: bytes, as: UTF8.self) }
    }

    static let now = Samples.time("2026-11-21T03:00:00Z")

    var openStore: @Sendable (String) async throws -> SessionSource
    /// The real one: only a test that names a collector gets there.
    var openCollector: @Sendable (CollectorAccess) async throws -> SessionSource = {
        try CollectorSessionSource.open($0)
    }
    /// Whether a store is found where none is named.
    var hasStore = false
    var program = ProgramName.lastword
    var environment: [String: String] = [:]
    var isTerminal = false
    var checks: [DoctorCheck] = []
    /// No journal, unless a test says so: the machine's own is not its business.
    var journalHeads: @Sendable (JournalPlace, String) -> KeptHeads = { _, _ in KeptHeads() }
    var pause: @Sendable (Duration) async throws -> Void = { _ in throw CancellationError() }
    /// Called with each piece of standard output; may throw as a closed pipe does.
    var onOutput: @Sendable ([UInt8]) throws -> Void = { _ in }

    init(_ memory: MemorySource = .samples) {
        let source = memory.source
        openStore = { _ in source }
    }

    func run(_ arguments: String...) async -> Result {
        await run(arguments)
    }

    func run(_ arguments: [String]) async -> Result {
        let out = Received()
        let err = Received()
        var context = CommandContext(
            standardOutput: OutputSink(capacity: 4096) { [onOutput] bytes in
                try onOutput(bytes)
                out.append(bytes)
            },
            standardError: OutputSink(capacity: 0) { err.append($0) }, environment: environment,
            isTerminal: isTerminal, columns: 100, now: { Self.now }, pause: pause, openStore: openStore,
            hasStore: { [hasStore] _ in hasStore }, openCollector: openCollector,
            journalHeads: journalHeads, doctorChecks: { [checks] _ in checks })
        context.program = program
        let code = await LastwordCommandLine.run(arguments: arguments, context: context)
        return Result(code: code, bytes: out.bytes, err: String(decoding: err.bytes, as: UTF8.self))
    }
}

/// Bytes that were written.
final class Received: Sendable {
    private let received = Mutex<[UInt8]>([])

    var bytes: [UInt8] { received.withLock { $0 } }

    func append(_ bytes: [UInt8]) {
        received.withLock { $0 += bytes }
    }
}
