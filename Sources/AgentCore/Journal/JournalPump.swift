// SPDX-License-Identifier: Apache-2.0
import AgentStore
import JournalSource
import Logging
import Metrics
import ServiceLifecycle
import SessionRecords
import SessionTracking
import Telemetry

/// From the journal's queue to the session loop.
///
/// Unlike what is seen live, history can wait: it is read no faster than the store takes it. And it may speak of sessions that
/// are over and told long ago; those the tracker has forgotten, and the store has not.
struct JournalPump: Service {
    let source: JournalSource
    let sessions: SessionService
    let writer: StoreWriter
    let stores: CurrentStore
    let logger: Logger

    /// Commits that may wait before reading goes on: far below where the writer would refuse.
    private static let backlogLimit = 2_000

    func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await runUntilStopped { try await source.run() } }
            while let batch = await source.queue.nextBatch(max: 256) {
                while writer.backlog > Self.backlogLimit, !Task.isCancelled { await pause(.milliseconds(20)) }
                await sessions.send(await news(in: batch))
            }
        }
    }

    /// Without what is said of sessions that are settled.
    private func news(in batch: [Observation]) async -> [Observation] {
        let strangers = Set(batch.compactMap(\.fact.namedByJournal).filter { !sessions.isTracking($0) })
        guard !strangers.isEmpty else { return batch }
        // Not answered: it is read again after the next start.
        guard let settled = await settled(among: strangers) else { return [] }
        guard !settled.isEmpty else { return batch }
        let news = batch.filter { $0.fact.namedByJournal.map { !settled.contains($0) } ?? true }
        Counter(label: "lastword_journal_known_total").increment(by: batch.count - news.count)
        return news
    }

    /// Asks until it is answered: what is told twice cannot be taken back. Nil if the time to ask is over.
    private func settled(among containers: Set<ContainerID>) async -> Set<ContainerID>? {
        while !Task.isCancelled {
            do {
                return try await writer.perform { [stores] in
                    try stores.perform { try $0.settled(among: containers) }
                }
            } catch {
                logger.warning(
                    "the store could not be asked for sessions of the journal",
                    metadata: [LogKey.errorMessage: "\(error)"])
                await pause(.seconds(1))
            }
        }
        return nil
    }

    /// Ends early when the task is cancelled, which its caller looks at.
    private func pause(_ duration: Duration) async {
        try? await Task.sleep(for: duration)
    }
}

extension Fact {
    /// The container that a line of the journal is about.
    fileprivate var namedByJournal: ContainerID? {
        switch self {
        case .journal(let statement): statement.container
        case .container(let description) where description.witness == .journal: description.id
        default: nil
        }
    }
}
