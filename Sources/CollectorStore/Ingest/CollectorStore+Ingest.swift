// SPDX-License-Identifier: Apache-2.0
import GRDB
import SQLiteStore
package import SessionRecords

extension CollectorStore {
    /// Commits one batch, together with those of other callers that wait at the same time; returns when it is durable.
    ///
    /// A batch is taken whole or not at all, and what is wrong with one is no matter to another. Throws `ingest.…` for what
    /// is in the batch (`ingest.other-node`: it tells of a node that the sender, or the ledger, is not of;
    /// `ingest.malformed`), `store.busy` when too much waits, and `store.full`, `store.write`, … where nothing can be
    /// written: then it may be sent again.
    package func ingest(
        _ entries: [ReceivedEntry], sender: Sender, receivedAt: Timestamp
    ) async throws -> IngestResult {
        guard !entries.isEmpty else { return IngestResult() }
        let prepared: [PreparedEntry]
        do {
            if !sender.anyNode {
                for entry in entries where entry.node != sender.node {
                    throw IngestFault.otherNode(entry.node, "the credential \(sender.name) is not for it")
                }
            }
            prepared = try entries.map { try PreparedEntry($0) }
        } catch {
            throw refused(error)
        }
        let size = entries.reduce(0) { $0 + $1.size }
        return try await withCheckedThrowingContinuation { continuation in
            let batch = GroupCommit.Batch(
                entries: prepared, sender: sender, receivedAt: receivedAt, size: size, continuation: continuation)
            commits.add(batch) { [self] group in commit(group) }
        }
    }

    /// One transaction for the whole group; each caller gets its own result.
    private func commit(_ group: [GroupCommit.Batch]) {
        let began = ContinuousClock.now
        var results: [Result<IngestResult, any Error>]
        do {
            do {
                results = try write(group, apart: false)
            } catch  where group.count > 1 && Self.isOfABatch(error) {
                // Rolled back as a whole. Once more, each batch behind a savepoint, which costs more.
                results = try write(group, apart: true)
            }
        } catch {
            let fault = Self.isOfABatch(error) ? refused(error) : failed(error, "commit \(group.count) batches")
            results = group.map { _ in .failure(fault) }
        }
        let spent = Int64((ContinuousClock.now - began) / .nanoseconds(1))
        count { counters in
            for case .success(let result) in results {
                counters.batches += 1
                counters.stored += result.stored
                counters.duplicates += result.duplicates
                counters.forks += result.forks
                counters.failing = nil
            }
            counters.commits += 1
            counters.lastNanoseconds = spent
            counters.slowestNanoseconds = max(counters.slowestNanoseconds, spent)
        }
        for (batch, result) in zip(group, results) { batch.continuation.resume(with: result) }
    }

    private func write(_ group: [GroupCommit.Batch], apart: Bool) throws -> [Result<IngestResult, any Error>] {
        var results: [Result<IngestResult, any Error>] = []
        try pool.write { db in
            var transaction = try IngestTransaction(db, options)
            for batch in group {
                guard apart else {
                    results.append(.success(try transaction.apply(batch)))
                    continue
                }
                let before = transaction
                do {
                    try db.inSavepoint {
                        results.append(.success(try transaction.apply(batch)))
                        return .commit
                    }
                } catch  where Self.isOfABatch(error) {
                    transaction = before
                    results.append(.failure(refused(error)))
                }
            }
            try transaction.finish()
        }
        return results
    }

    /// Whether the batch is at fault, not the disk: what the schema forbids, and what we refuse.
    private static func isOfABatch(_ error: any Error) -> Bool {
        if let error = error as? LastwordError { return error.code.hasPrefix("ingest.") }
        guard let error = error as? DatabaseError else { return false }
        return [.SQLITE_CONSTRAINT, .SQLITE_TOOBIG, .SQLITE_MISMATCH, .SQLITE_RANGE].contains(error.resultCode)
    }

    private func refused(_ error: any Error) -> LastwordError {
        let fault =
            (error as? LastwordError)
            ?? LastwordError(
                code: "ingest.refused", message: "the store's rules do not allow what is in the batch",
                cause: (error as? DatabaseError).map(SQLiteFault.init) ?? error)
        count { $0.refused[fault.code, default: 0] += 1 }
        return fault
    }
}

/// Refusals of what is in a batch.
enum IngestFault {
    static func otherNode(_ node: String, _ why: String) -> LastwordError {
        LastwordError(
            code: "ingest.other-node", message: "cannot take entries of node \(node): \(why)",
            remedy: "give each agent a credential of its own node")
    }
}
