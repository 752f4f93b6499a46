// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import GRPCCore
import SessionRecords
import SessionTracking

/// Answers questions for CRI's status, on either runtime.
struct StatusLookups: Sendable {
    /// From this many on, one listing first sorts out those that need no call of their own.
    private static let listFrom = 32

    let parts: SourceParts
    let cri: CRICalls

    func run() async throws {
        try await LookupWorker(parts: parts, lookups: parts.statuses, batchSize: 256, answer: answer).run()
    }

    private func answer(_ batch: [LookupQueue.Lookup], _ open: OpenLookups) async throws {
        if batch.count >= Self.listFrom {
            let states = try await cri.states().states
            for lookup in batch {
                // Only what a listing says in full: it has no times, so who runs or ended is asked one by one.
                switch states[lookup.id] {
                case nil: try await unknown(lookup.id, open)
                case .created?:
                    try await known(RuntimeStatus(id: lookup.id, state: .created), open)
                default: break
                }
            }
        }
        for lookup in open.rest {
            do {
                guard let answer = try await cri.status(lookup.id) else {
                    try await unknown(lookup.id, open)
                    continue
                }
                guard var status = CRITranslator.status(answer.status) else {
                    parts.metrics.add(.malformed)
                    open.postpone(lookup.id)
                    continue
                }
                // The answer is to the question, whatever id a broken runtime writes into it.
                status.id = lookup.id
                try await known(status, open)
            } catch let error as RPCError where !Self.concernsConnection(error) && !Task.isCancelled {
                open.postpone(lookup.id)
            }
        }
    }

    private func known(_ status: RuntimeStatus, _ open: OpenLookups) async throws {
        try await parts.answer(.containerStatus(status))
        parts.metrics.add(.statuses)
        open.answered(status.id)
    }

    private func unknown(_ id: ContainerID, _ open: OpenLookups) async throws {
        try await parts.answer(.containerStatusUnknown(id))
        parts.metrics.add(.lookupsUnknown)
        open.answered(id)
    }

    static func concernsConnection(_ error: RPCError) -> Bool {
        error.code == .unavailable || error.code == .deadlineExceeded || error.code == .cancelled
    }
}
