// SPDX-License-Identifier: Apache-2.0
import Dispatch
import SessionRecords
import Synchronization

/// Lets batches wait for the writer, and hands it all that wait at once: the more agents deliver, the more of them share
/// one commit. A batch that comes when the writer is free does not wait.
final class GroupCommit: Sendable {
    struct Batch: Sendable {
        let entries: [PreparedEntry]
        let sender: Sender
        let receivedAt: Timestamp
        let size: Int
        let continuation: CheckedContinuation<IngestResult, any Error>
    }

    private struct State {
        var waiting: [Batch] = []
        var bytes = 0
        var isRunning = false
        var isClosed = false
    }

    /// One group is at most so large, so that a commit's length and its log stay bounded.
    private static let maxBatches = 256
    private static let maxBytes = 64 << 20

    private let state = Mutex(State())
    private let maxPendingBytes: Int
    /// Its work blocks: on the disk, and on whoever else writes.
    private let queue = DispatchQueue(label: "lastword.collector.ingest")

    init(maxPendingBytes: Int) {
        self.maxPendingBytes = maxPendingBytes
    }

    var pending: (batches: Int, bytes: Int) {
        state.withLock { ($0.waiting.count, $0.bytes) }
    }

    /// Enqueues a batch whose continuation `commit` or this function resumes.
    func add(_ batch: Batch, commit: @escaping @Sendable ([Batch]) -> Void) {
        let refusal: LastwordError? = state.withLock { state in
            if state.isClosed {
                return LastwordError(code: "store.closed", message: "the store is being closed")
            }
            // A batch alone is let in whatever its size: the endpoint has its own limit.
            if state.bytes > 0, state.bytes + batch.size > maxPendingBytes {
                return LastwordError(
                    code: "store.busy", message: "\(state.waiting.count) batches wait for the store already",
                    remedy: "send it again a little later")
            }
            state.waiting.append(batch)
            state.bytes += batch.size
            if !state.isRunning {
                state.isRunning = true
                queue.async { self.drain(commit) }
            }
            return nil
        }
        if let refusal { batch.continuation.resume(throwing: refusal) }
    }

    /// Lets no more in, and waits until all that waited are committed.
    func close() {
        state.withLock { $0.isClosed = true }
        queue.sync {}
    }

    private func drain(_ commit: @Sendable ([Batch]) -> Void) {
        while let group = next() {
            commit(group)
            let size = group.reduce(0) { $0 + $1.size }
            state.withLock { $0.bytes -= size }
        }
    }

    private func next() -> [Batch]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isRunning = false
                return nil
            }
            var count = 0
            var size = 0
            for batch in state.waiting {
                guard count < Self.maxBatches, count == 0 || size + batch.size <= Self.maxBytes else { break }
                count += 1
                size += batch.size
            }
            let group = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return group
        }
    }
}
