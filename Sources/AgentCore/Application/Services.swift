// SPDX-License-Identifier: Apache-2.0
import PodSource
import RuntimeSource
import ServiceLifecycle
import SessionRecords
import SessionTracking
import TailCapture

/// Drains what is queued when it is told to stop.
struct WriterService: Service {
    let writer: StoreWriter

    func run() async throws {
        await withGracefulShutdownHandler {
            await writer.run()
        } onGracefulShutdown: {
            writer.finish()
        }
    }
}

struct SessionLoop: Service {
    let sessions: SessionService
    let resumed: [(session: Session, facts: SessionFacts)]
    /// On disk at the start, of any container.
    let pinsFound: [ContainerID]
    let clock: AgentClock

    func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await sessions.run(resuming: resumed) }
                // With a row: the session is told that it has its pin, so that it lets go of it in the end. Without one
                // the agent died between the two, and the pin is the witness.
                group.addTask {
                    let receipt = clock.now()
                    await sessions.send(
                        pinsFound.map { Observation(.logPinned($0, .held(.hardlink)), receipt: receipt) })
                }
            }
        } onGracefulShutdown: {
            sessions.finish()
        }
    }
}

/// From the runtime's queue to the session loop.
struct RuntimePump: Service {
    let source: RuntimeSource
    let pods: (any PodSource)?
    let sessions: SessionService
    let clock: AgentClock
    /// Told when the runtime is about to be let out of sight for good.
    let isEnding: @Sendable () -> Void

    func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await withGracefulShutdownHandler {
                    await Self.headStart(pods)
                    await runUntilStopped { try await source.run() }
                } onGracefulShutdown: {
                    isEnding()
                }
            }
            group.addTask { await runUntilStopped { try await markIdleTime() } }
            while let batch = await source.queue.nextBatch(max: 256) {
                await sessions.send(batch + Self.sight(behind: batch))
            }
        }
    }

    /// All that the runtime said up to the last event of the batch is in it or before it. Answers are not in that order:
    /// they go past events that wait for a listing.
    static func sight(behind batch: [Observation]) -> [Observation] {
        guard let last = batch.last(where: \.fact.isRuntimeEvent) else { return [] }
        return [Observation(.readUpTo(.runtime, cursor: "\(last.receipt.wall.nanoseconds)"), receipt: last.receipt)]
    }

    /// The same of a time without events, behind what is queued.
    private func markIdleTime() async throws {
        while true {
            try await Task.sleep(for: .seconds(60))
            let now = clock.now()
            source.queue.offer(Observation(.readUpTo(.runtime, cursor: "\(now.wall.nanoseconds)"), receipt: now))
        }
    }

    /// The pods are listed first, where that is quick: then most containers are known to be regular at once.
    private static func headStart(_ pods: (any PodSource)?) async {
        guard let pods else { return }
        for _ in 0..<40 where !pods.isAvailable {
            do { try await Task.sleep(for: .milliseconds(50)) } catch { return }
        }
    }
}

/// From the pod source's queue to the session loop.
struct PodPump: Service {
    let source: any PodSource
    let sessions: SessionService

    func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await runUntilStopped { try await source.run() } }
            while let batch = await source.queue.nextBatch(max: 256) {
                await sessions.send(batch)
            }
        }
    }
}

/// Watches rotations and limits, and hands on the tails that it had to copy.
struct LogKeeperService: Service {
    let keeper: LogKeeper
    let sessions: SessionService
    let clock: AgentClock

    func run() async throws {
        let reports = AsyncStream.makeStream(of: Observation.self, bufferingPolicy: .bufferingNewest(256))
        await withDiscardingTaskGroup { group in
            group.addTask {
                await runUntilStopped {
                    await keeper.run { report in
                        switch report {
                        case .copied(let id, let tail), .checkpoint(let id, let tail):
                            reports.continuation.yield(
                                Observation(.outputCheckpointed(id, tail), receipt: clock.now()))
                        }
                    }
                }
                reports.continuation.finish()
            }
            for await observation in reports.stream { await sessions.send([observation]) }
        }
    }
}

/// Runs something that ends by cancellation until the group shuts down. That it was cancelled is its regular end, and a
/// source's own failure is in its health and its log.
func runUntilStopped(_ body: @Sendable @escaping () async throws -> Void) async {
    do {
        try await cancelWhenGracefulShutdown { try await body() }
    } catch {
        return
    }
}

extension Fact {
    /// Whether it came off the event stream, in the stream's order.
    fileprivate var isRuntimeEvent: Bool {
        switch self {
        case .taskCreated, .taskStarted, .taskExited, .taskDeleted, .containerRemoved: true
        case .outOfMemory(_, _, let witness): witness == .containerdEvent
        default: false
        }
    }
}
