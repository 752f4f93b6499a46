// SPDX-License-Identifier: Apache-2.0
import ContainerdAPI
import GRPCCore
import SessionRecords
import SessionTracking

/// Answers questions for a container's description from containerd's records, up to 100 in one call.
struct RecordLookups: Sendable {
    let parts: SourceParts
    let records: ContainerRecordReader
    let cri: CRICalls
    let version: RuntimeVersion
    let roster: SharedRoster

    func run() async throws {
        try await LookupWorker(parts: parts, lookups: parts.descriptions, batchSize: 100, answer: answer).run()
    }

    private func answer(_ batch: [LookupQueue.Lookup], _ open: OpenLookups) async throws {
        let isComplete = try await records.read(batch.map(\.id)) { record in
            try await describe(record, answering: open)
        }
        for lookup in open.rest {
            if !isComplete, try await describeByCRI(lookup, open) { continue }
            // Read ahead and not found: a container that came and went, of which its events tell.
            if lookup.wanted { try await parts.answer(.containerUnknown(lookup.id)) }
            parts.metrics.add(.lookupsUnknown)
            open.answered(lookup.id)
        }
    }

    /// Tells what one record says.
    /// - Returns: the id and whether it is a sandbox's; nil if the id cannot be one.
    @discardableResult
    func describe(
        _ record: ContainerRecordReader.Record, answering open: OpenLookups? = nil
    ) async throws -> (id: ContainerID, isSandbox: Bool)? {
        guard let translation = ContainerRecordTranslator(version: version).translate(record) else {
            parts.metrics.add(.malformed)
            return nil
        }
        if translation.isDamaged { parts.metrics.add(.malformed) }
        let description = translation.description
        try await parts.answer(.container(description))
        parts.metrics.add(.descriptions)
        roster.described(description.id, isSandbox: description.isSandbox)
        open?.answered(description.id)
        return (description.id, description.isSandbox)
    }

    /// A record too large for a message: CRI says at least who it is.
    private func describeByCRI(_ lookup: LookupQueue.Lookup, _ open: OpenLookups) async throws -> Bool {
        guard let answer = try await cri.status(lookup.id),
            let description = CRITranslator.description(answer, version: version)
        else { return false }
        parts.metrics.add(.malformed)
        try await parts.answer(.container(description))
        roster.described(lookup.id, isSandbox: false)
        open.answered(lookup.id)
        return true
    }
}
