// SPDX-License-Identifier: Apache-2.0
import Logging
import SessionRecords
import SessionTracking
import Synchronization
import SystemJournal
import TestSupport

@testable import JournalSource

/// A source at work, and everything that it has told.
final class RunningSource: Sendable {
    let source: JournalSource
    private let told = Mutex<[Fact]>([])
    private let tasks = Mutex<[Task<Void, any Error>]>([])

    init(
        _ directory: String, cursor: String? = nil, place: JournalPlace? = nil,
        _ change: (inout JournalSourceConfiguration) -> Void = { _ in }
    ) {
        var configuration = JournalSourceConfiguration(place: place ?? .directory(directory))
        configuration.retryInterval = .milliseconds(100)
        change(&configuration)
        source = JournalSource(
            configuration: configuration, cursor: cursor,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let source = source
        let run = Task { try await source.run() }
        let consume = Task<Void, any Error> { [weak self] in
            while let batch = await source.queue.nextBatch(max: 64) {
                self?.told.withLock { $0 += batch.map(\.fact) }
            }
        }
        tasks.withLock { $0 = [run, consume] }
    }

    var facts: [Fact] { told.withLock { $0 } }

    /// What was said of containers, one line each, without names and cursors.
    var statements: [String] {
        facts.compactMap { fact in
            guard case .journal(let statement) = fact else { return nil }
            return switch statement.event {
            case .started: "\(statement.container) started"
            case .exited(let code, _): "\(statement.container) exited \(code)"
            case .outOfMemory: "\(statement.container) oom"
            case .removed: "\(statement.container) removed"
            case .attachClosed: "\(statement.container) attach"
            }
        }
    }

    var missed: [(from: Timestamp, to: Timestamp, reason: String, dropped: Int?)] {
        facts.compactMap { fact in
            guard case .intervalMissed(.journal, let from, let to, let reason, let dropped) = fact else { return nil }
            return (from, to, reason, dropped)
        }
    }

    var cursor: String? {
        facts.compactMap { fact in
            if case .readUpTo(.journal, let cursor) = fact { cursor } else { nil }
        }.last
    }

    func descriptions(of id: String) -> [ContainerDescription] {
        facts.compactMap { fact in
            if case .container(let it) = fact, it.id.rawValue == id { it } else { nil }
        }
    }

    func waitUntilLive() async throws {
        try await waitUntil("the source is live") { source.isLive && facts.contains(.sourceRestored(.journal)) }
    }

    func waitFor(_ line: String) async throws {
        try await waitUntil("\(line) is told") { self.statements.contains(line) }
    }

    /// Ends it, and waits until it has.
    func stop() async throws {
        let all = tasks.withLock { $0 }
        all.first?.cancel()
        for task in all { try await task.value }
    }
}

/// Lines of containerd for containers with short ids.
enum Lines {
    static func started(_ id: String) -> String {
        LineSamples.logrus(#"StartContainer for "\#(id)" returns successfully"#)
    }

    static func removed(_ id: String) -> String {
        LineSamples.logrus(#"RemoveContainer for "\#(id)" returns successfully"#)
    }

    static func created(_ id: String, name: String, sandbox: String) -> String {
        LineSamples.logrus(
            #"CreateContainer within sandbox "\#(sandbox)" for name:"\#(name)" returns container id "\#(id)""#)
    }

    static func sandbox(_ id: String, pod: String) -> String {
        LineSamples.logrus(
            #"RunPodSandbox for name:"\#(pod)" uid:"uid-\#(pod)" namespace:"default" returns sandbox id "\#(id)""#)
    }
}
