// SPDX-License-Identifier: Apache-2.0
import Dispatch
import SessionRecords
import Synchronization

extension LogKeeper {
    /// Watches the directories of all pinned logs until the task is cancelled: rotation is followed, limits are kept,
    /// and what must be made durable is reported, on a thread that belongs to this call (inotify is a blocking read).
    /// To be called once.
    package func run(report: @escaping @Sendable (LogKeeperReport) -> Void) async {
        let queue = DispatchQueue(label: "lastword.log-keeper")
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async {
                    self.watchLoop(report)
                    continuation.resume()
                }
            }
        } onCancel: {
            watcher.stop()
        }
    }

    private func watchLoop(_ report: (LogKeeperReport) -> Void) {
        let clock = ContinuousClock()
        var nextPoll = clock.now
        var nextLimits = clock.now
        // Each release of a pin wakes this loop; looking at all the others each time would cost their number squared.
        var limitsDue = false
        while true {
            let left = clock.now.duration(to: limitsDue ? min(nextLimits, nextPoll) : nextPoll).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            let events = watcher.wait(milliseconds: Int32(clamping: max(0, milliseconds)))
            if events.stopped { return }
            let isPoll = clock.now >= nextPoll || events.overflowed
            // Always: a watch that has ended is told once.
            follow(events)
            if isPoll {
                nextPoll = clock.now.advanced(by: configuration.pollInterval)
                pollRotations(report)
            }
            limitsDue = limitsDue || isPoll || !events.watches.isEmpty
            guard limitsDue, clock.now >= nextLimits else { continue }
            limitsDue = false
            nextLimits = clock.now.advanced(by: .milliseconds(250))
            for (id, tail) in enforceLimits() { report(.copied(id, tail)) }
        }
    }

    /// Looks into the directories that had events.
    func follow(_ events: RotationWatcher.Events) {
        state.withLock { state in
            var due: Set<ContainerID> = []
            for watch in events.ended {
                for id in state.watches.removeValue(forKey: watch) ?? [] {
                    state.logs[id]?.watch = nil
                    due.insert(id)
                }
            }
            for watch in events.watches { due.formUnion(state.watches[watch] ?? []) }
            for id in due { look(id, in: &state) }
        }
    }

    /// Looks into all directories, and refreshes what is kept of logs without a link.
    package func pollRotations(_ report: (LogKeeperReport) -> Void) {
        // Each container under a lock of its own: a pin must not wait for a thousand of them.
        for id in pinnedContainers() {
            let reading = state.withLock { state -> Reading? in
                look(id, in: &state)
                guard let log = state.logs[id] else { return nil }
                if log.isCopied { return Reading(path: log.path) }
                return log.pinnedBy == .descriptor ? self.reading(of: log) : nil
            }
            guard let reading else { continue }
            if reading.sources.isEmpty { refreshCopy(id, reading, report) } else { checkpoint(id, reading, report) }
        }
    }

    private func look(_ id: ContainerID, in state: inout State) {
        guard var log = state.logs[id] else { return }
        _ = synchronize(id, &log, in: &state)
        state.logs[id] = log
    }

    /// A log that is only held open: its tail as of now, if there is more than last time.
    private func checkpoint(_ id: ContainerID, _ reading: Reading, _ report: (LogKeeperReport) -> Void) {
        guard isNews(id, reading) else { return }
        report(.checkpoint(id, read(reading)))
    }

    /// A log that was given up at a limit and goes on growing: the copy is made anew while the file is there.
    private func refreshCopy(_ id: ContainerID, _ reading: Reading, _ report: (LogKeeperReport) -> Void) {
        guard let path = reading.path, case .success(var unpinned) = openUnpinned(path), isNews(id, unpinned) else {
            return
        }
        unpinned.context.pinnedBy = .copied
        let tail = read(unpinned)
        state.withLock { state in
            // Released meanwhile: nothing is kept of it any more.
            guard var log = state.logs[id], log.isCopied else { return }
            remember(tail, of: id, &log, in: &state)
            state.logs[id] = log
        }
        report(.copied(id, tail))
    }

    private func isNews(_ id: ContainerID, _ reading: Reading) -> Bool {
        let size = reading.sources.reduce(Int64(0)) { $0.addingClamped($1.size) }
        return state.withLock { state in
            guard let log = state.logs[id], log.checkpointSize != size else { return false }
            state.logs[id]?.checkpointSize = size
            return true
        }
    }
}
