// SPDX-License-Identifier: Apache-2.0
import Logging
import PodSource
import SessionRecords
import SessionTracking
import Synchronization
import Testing

/// A pod source that runs in a test, and everything it has told.
final class SourceRun: Sendable {
    let source: any PodSource
    private let observed = Mutex<[Fact]>([])

    private init(_ source: any PodSource) {
        self.source = source
    }

    var facts: [Fact] { observed.withLock { $0 } }

    /// Pods as last told.
    var pods: [String: PodFacts] {
        var pods: [String: PodFacts] = [:]
        for case .pod(let pod) in facts { pods[pod.name] = pod }
        return pods
    }

    func count(_ matches: (Fact) -> Bool) -> Int { facts.count(where: matches) }

    var restorations: Int { count { $0 == .sourceRestored(.pods) } }
    var listings: [Set<PodUID>] { facts.compactMap { if case .podListing(let uids) = $0 { uids } else { nil } } }
    var losses: [String] {
        facts.compactMap { if case .sourceLost(.pods, let reason) = $0 { reason } else { nil } }
    }
    var deletions: [PodUID] { facts.compactMap { if case .podDeleted(let uid, _) = $0 { uid } else { nil } } }

    /// Waits for a state, at most 20 s.
    func until(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () throws -> Bool
    ) async throws {
        let limit = ContinuousClock.now + .seconds(20)
        while try !condition() {
            try #require(
                ContinuousClock.now < limit, "not within 20 s: \(what); told: \(facts.suffix(8))",
                sourceLocation: sourceLocation)
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Runs the source, and takes from its queue unless told not to, while `body` lasts.
    static func with(
        _ configuration: PodSourceConfiguration, taking: Bool = true, _ body: (SourceRun) async throws -> Void
    ) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let run = SourceRun(try #require(configuration.makeSource(logger: logger)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run.source.run() }
            if taking { group.addTask { await run.take() } }
            do {
                try await body(run)
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            // The end of `run` is part of what is tested: a source that does not stop hangs the test.
            try await group.waitForAll()
        }
    }

    /// Moves what is told into `facts` until the source finishes or the task is cancelled.
    func take() async {
        while let batch = await source.queue.nextBatch(max: 100) {
            observed.withLock { $0 += batch.map(\.fact) }
        }
    }
}
