// SPDX-License-Identifier: Apache-2.0
import CRIAPI
import GRPCCore
import SessionRecords
import SessionTracking

/// CRI-O, which has no event API: lists all the time and asks for the status of what changed. Experimental: it has run
/// against a stand-in only, and what comes and goes between two listings is not seen here.
struct CRIPollingSession: Sendable {
    let parts: SourceParts
    let version: RuntimeVersion
    let unary: UnaryConnection
    let onLive: @Sendable () -> Void

    private var cri: CRICalls { CRICalls(unary: unary, timeout: parts.configuration.callTimeout) }

    func start(in group: inout ThrowingTaskGroup<Void, any Error>) {
        group.addTask { try await poll() }
        group.addTask { try await StatusLookups(parts: parts, cri: cri).run() }
        group.addTask {
            try await LookupWorker(parts: parts, lookups: parts.descriptions, batchSize: 100, answer: describe).run()
        }
    }

    private func poll() async throws {
        var known: [ContainerID: RuntimeStatus.State] = [:]
        var nextListing = ContinuousClock.now
        var isFirst = true
        while true {
            let (states, malformed) = try await cri.states()
            parts.metrics.add(.malformed, malformed)
            for (id, state) in states where known[id] != state {
                try await tellChange(of: id, isNew: known[id] == nil)
            }
            for id in known.keys where states[id] == nil {
                try await parts.answer(.containerRemoved(id, at: parts.clock.now().wall))
            }
            known = states
            if ContinuousClock.now >= nextListing {
                try await parts.answer(.runtimeListing(RuntimeListing(containers: states)))
                parts.metrics.add(.listings)
                nextListing = ContinuousClock.now + parts.configuration.relistInterval
            }
            if isFirst {
                try await parts.answer(.sourceRestored(.runtime))
                onLive()
                isFirst = false
            }
            parts.metrics.setDepth(parts.queue.count)
            try await Task.sleep(for: parts.configuration.pollInterval)
        }
    }

    private func tellChange(of id: ContainerID, isNew: Bool) async throws {
        // Gone since the listing: the next one tells.
        guard let answer = try await cri.status(id, verbose: isNew) else { return }
        if isNew, let description = CRITranslator.description(answer, version: version) {
            try await parts.answer(.container(description))
            parts.metrics.add(.descriptions)
        }
        guard var status = CRITranslator.status(answer.status) else { return parts.metrics.add(.malformed) }
        status.id = id
        try await parts.answer(.containerStatus(status))
        parts.metrics.add(.statuses)
    }

    private func describe(_ batch: [LookupQueue.Lookup], _ open: OpenLookups) async throws {
        for lookup in batch {
            do {
                if let answer = try await cri.status(lookup.id, verbose: true),
                    let description = CRITranslator.description(answer, version: version)
                {
                    try await parts.answer(.container(description))
                    parts.metrics.add(.descriptions)
                } else {
                    try await parts.answer(.containerUnknown(lookup.id))
                    parts.metrics.add(.lookupsUnknown)
                }
                open.answered(lookup.id)
            } catch let error as RPCError where !StatusLookups.concernsConnection(error) && !Task.isCancelled {
                open.postpone(lookup.id)
            }
        }
    }
}
