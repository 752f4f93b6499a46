// SPDX-License-Identifier: Apache-2.0
import AsyncAlgorithms
package import Logging
package import SessionRecords
package import SessionTracking
import Synchronization
import Telemetry

/// Runs the tracker: one loop that takes observations, decides, and hands out what is to be done.
///
/// The loop never waits for an effect. Sources wait for the loop (each behind a bounded queue of its own), effects run
/// as child tasks with limits, and their results come back through the same channel.
package final class SessionService: Sendable {
    private let tracker: Mutex<SessionTracker>
    private let effects: SessionEffects
    private let writer: StoreWriter
    private let clock: AgentClock
    private let logger: Logger
    private let inbox = AsyncChannel<[Observation]>()
    private let pins = FileWorker(label: "lastword.pins")
    private let captures = FileWorker(label: "lastword.captures")
    private let captureGate = EffectGate(limit: 64)
    private let metrics = SessionMetrics()
    private let alarm = Alarm(longest: 2_000_000_000)
    /// When the loop last came round, by the boot-time clock: what the watchdog looks at.
    private let lastTurn: Mutex<Int64>

    package init(
        tracker: SessionTracker, effects: SessionEffects, writer: StoreWriter, clock: AgentClock, logger: Logger
    ) {
        self.tracker = Mutex(tracker)
        self.effects = effects
        self.writer = writer
        self.clock = clock
        self.logger = logger
        lastTurn = Mutex(clock.now().boottime)
    }

    /// Nanoseconds since the loop last came round; the ticker wakes an idle one every two seconds.
    package var stalledFor: Int64 { clock.now().boottime - lastTurn.withLock { $0 } }

    package var openSessions: Int { tracker.withLock { $0.openSessions } }

    package var openGaps: Int { tracker.withLock { $0.openGaps } }

    package func isTracking(_ id: ContainerID) -> Bool {
        tracker.withLock { $0.isTracking(id) || $0.isOutOfScope(id) }
    }

    /// Gives the loop something to decide on; waits while the loop is busy.
    package func send(_ batch: [Observation]) async {
        await inbox.send(batch)
    }

    /// No more observations come; `run` ends when what was begun has been finished.
    package func finish() {
        inbox.finish()
    }

    package func run(resuming rows: [(session: Session, facts: SessionFacts)] = []) async {
        await withDiscardingTaskGroup { group in
            // Beside the group of the effects: it ends by cancellation, they are to be finished.
            group.addTask { await self.tick() }
            await loop(resuming: rows)
            group.cancelAll()
        }
    }

    private func loop(resuming rows: [(session: Session, facts: SessionFacts)]) async {
        await withDiscardingTaskGroup { group in
            let resumed = tracker.withLock { tracker in
                defer { alarm.set(tracker.nextDeadline) }
                return tracker.resume(rows, receipt: clock.now())
            }
            dispatch(resumed, in: &group)
            for await batch in inbox {
                let actions = decide(batch)
                dispatch(actions, in: &group)
                lastTurn.withLock { $0 = clock.now().boottime }
            }
        }
    }

    private func decide(_ batch: [Observation]) -> [Action] {
        tracker.withLock { tracker in
            let actions = batch.flatMap { tracker.handle($0) }
            alarm.set(tracker.nextDeadline)
            metrics.record(batch: batch.count)
            return actions
        }
    }

    /// Until cancelled.
    private func tick() async {
        while !Task.isCancelled {
            await alarm.sleep(from: clock.now().boottime)
            if Task.isCancelled { return }
            let now = clock.now()
            let lost = writer.takeLost()
            if lost > 0 {
                metrics.lost(lost, reason: "store-backlog")
                await inbox.send([Observation(.sourceOverflowed(.agent, dropped: lost), receipt: now)])
            }
            // An empty batch shows the watchdog that the loop comes round.
            await inbox.send(alarm.isDue(now.boottime) ? [Observation(.tick, receipt: now)] : [])
        }
    }

    // MARK: Doing

    private func dispatch(_ actions: [Action], in group: inout DiscardingTaskGroup) {
        for action in actions {
            switch action {
            case .describe(let id): effects.describe(id)
            case .askStatus(let id): effects.askStatus(id)
            case .pin(let id, let path): group.addTask { await self.pin(id, path) }
            case .releasePin(let id):
                // In the writer's order: only after the commit that holds the output.
                writer.enqueue(.afterwards { [effects] in effects.release(id) })
            case .capture(let id, let path): group.addTask { await self.capture(id, path) }
            case .commit(let commit):
                metrics.record(commit)
                log(commit)
                writer.enqueue(.commit(commit))
            }
        }
    }

    /// Every 20 ms for a second while there is no file (`design.md` §4, log pins).
    private func pin(_ id: ContainerID, _ path: String) async {
        var outcome = LogPin.absent
        for attempt in 0..<50 {
            if attempt > 0 {
                do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
            }
            outcome = await pins.run { [effects] in effects.pin(id, path) }
            if outcome != .absent { break }
        }
        metrics.record(outcome)
        await inbox.send([Observation(.logPinned(id, outcome), receipt: clock.now())])
    }

    /// The runtime's logger may be a few milliseconds behind the drained pipe: read again until two readings agree, or the
    /// log has not been touched since before the last one.
    private func capture(_ id: ContainerID, _ path: String?) async {
        await captureGate.enter()
        var (mark, tail) = await captures.run { [effects] in (effects.mark(id), effects.capture(id, path)) }
        if tail.summary.pinnedBy != .none {
            for _ in 0..<5 {
                do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
                if let mark, await captures.run({ [effects] in effects.mark(id) }) == mark { break }
                let again: CapturedTail
                (mark, again) = await captures.run { [effects] in (effects.mark(id), effects.capture(id, path)) }
                let agreed = again.summary.sha256 == tail.summary.sha256 && again.summary.bytes == tail.summary.bytes
                if again.summary.pinnedBy != .none { tail = again }
                if agreed { break }
            }
        }
        captureGate.leave()
        await inbox.send([Observation(.outputCaptured(id, tail), receipt: clock.now())])
    }

    private func log(_ commit: Commit) {
        guard case .session(let change) = commit, let entry = change.entry else { return }
        let session = change.session
        logger.info(
            "session recorded",
            metadata: [
                LogKey.entryType: "\(entry.rawValue)", LogKey.sessionID: "\(session.id)",
                LogKey.containerID: "\(session.containerID?.rawValue ?? "-")",
                LogKey.namespace: "\(session.namespace ?? "-")", LogKey.podName: "\(session.pod ?? "-")",
                LogKey.containerName: "\(session.container ?? "-")",
                LogKey.exitCode: "\(session.exitCode.map(String.init) ?? "-")",
            ])
    }
}

/// At most so many effects of one kind at once; the others wait in order.
final class EffectGate: Sendable {
    private struct State {
        var free: Int
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(limit: Int) {
        state = Mutex(State(free: limit))
    }

    func enter() async {
        await withCheckedContinuation { continuation in
            let free = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiters.append(continuation)
                return false
            }
            if free { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if !state.waiters.isEmpty { return state.waiters.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
