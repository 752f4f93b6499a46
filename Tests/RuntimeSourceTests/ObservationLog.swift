// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import SessionRecords
import SessionTracking
import Synchronization
import Testing

@testable import RuntimeSource

/// Everything a source has told, in order.
final class ObservationLog: Sendable {
    struct TimedOut: Error, CustomStringConvertible {
        let what: String
        let told: String
        var description: String { "waited in vain until \(what); told was: \(told)" }
    }

    private let told = Mutex<[Fact]>([])
    private let pause = Mutex(false)

    var facts: [Fact] { told.withLock { $0 } }
    var isPaused: Bool {
        get { pause.withLock { $0 } }
        set { pause.withLock { $0 = newValue } }
    }

    func clear() {
        told.withLock { $0.removeAll() }
    }

    func follow(_ queue: ObservationQueue) async {
        while true {
            while isPaused, !Task.isCancelled {
                do { try await Task.sleep(for: .milliseconds(5)) } catch { return }
            }
            guard let batch = await queue.nextBatch(max: 64) else { return }
            told.withLock { $0 += batch.map(\.fact) }
        }
    }

    /// Waits until it holds of what was told so far.
    func wait(
        until what: String, limit: Duration = .seconds(30), _ holds: @Sendable ([Fact]) -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while !told.withLock({ holds($0) }) {
            guard ContinuousClock.now < end else {
                throw TimedOut(
                    what: what, told: told.withLock { facts in facts.suffix(6).map { "\($0)".prefix(200) } }.description
                )
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}

extension Fact {
    var isRestored: Bool { self == .sourceRestored(.runtime) }
    var lostReason: String? { if case .sourceLost(.runtime, let reason) = self { reason } else { nil } }
    var listing: [ContainerID: RuntimeStatus.State]? {
        if case .runtimeListing(let listing) = self { listing.containers } else { nil }
    }
    var described: ContainerDescription? { if case .container(let description) = self { description } else { nil } }
    var started: ContainerID? { if case .taskStarted(let id, _, _) = self { id } else { nil } }
    var removed: ContainerID? { if case .containerRemoved(let id, _) = self { id } else { nil } }
    var status: RuntimeStatus? { if case .containerStatus(let status) = self { status } else { nil } }
}

/// Waits until it holds.
func waitUntil(_ what: String, limit: Duration = .seconds(30), _ holds: () async -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while await !holds() {
        guard ContinuousClock.now < end else { throw ObservationLog.TimedOut(what: what, told: "") }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// Runs a source, and follows it, for as long as the body takes.
func watching<Result: Sendable>(
    _ configuration: RuntimeSourceConfiguration, log: ObservationLog = ObservationLog(),
    _ body: @Sendable (RuntimeSource, ObservationLog) async throws -> Result
) async throws -> Result {
    let source = RuntimeSource(
        configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await withThrowingTaskGroup { group in
        group.addTask { try await source.run() }
        group.addTask { await log.follow(source.queue) }
        defer { group.cancelAll() }
        return try await body(source, log)
    }
}

/// A directory of one test's own, gone with it. Short, for a socket's path.
func withScratchDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    var template = Array("/tmp/lw-rt-XXXXXX".utf8CString)
    guard let path = mkdtemp(&template).map({ String(cString: $0) }) else {
        throw RecordedStreams.Failure(text: "no scratch directory")
    }
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
