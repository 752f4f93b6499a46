// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Synchronization

@testable import Commands

/// A source over values; pages and changes as a store would give them.
struct MemorySource: Sendable {
    var sessions: [Session] = []
    var outputs: [SessionID: CapturedTail] = [:]
    var gaps: [Gap] = []
    var status = StatusReport(source: "/var/lib/lastword")
    var entries: [LedgerLine] = []
    var verdict = VerifyReport()
    /// What each poll of `--watch` finds, one after the other; then nothing more.
    var polls: [[Session]] = []
    /// A page is never longer than this, whatever is asked for.
    var pageLimit = 2

    var source: SessionSource {
        let newest = sessions.sorted {
            ($0.beginsAt?.nanoseconds ?? .min, $0.id.rawValue) > ($1.beginsAt?.nanoseconds ?? .min, $1.id.rawValue)
        }
        let memory = self
        return SessionSource(
            list: { filter, limit, after in
                let matching = newest.filter { filter.matches($0) }
                let start = (after?.place as? Int) ?? 0
                let end = min(matching.count, start + min(limit, memory.pageLimit))
                return SessionListPage(
                    sessions: Array(matching[start..<end]),
                    next: end < matching.count ? PageMark(end) : nil)
            },
            find: { reference, limit in Array(newest.filter { reference.matches($0) }.prefix(limit)) },
            changes: { _, mark in
                guard let mark else { return SessionChanges(sessions: [], mark: ChangeMark(0)) }
                let index = mark.place as? Int ?? 0
                guard index < memory.polls.count else { return SessionChanges(sessions: [], mark: mark) }
                return SessionChanges(sessions: memory.polls[index], mark: ChangeMark(index + 1))
            },
            output: { id in memory.outputs[id].map { .kept($0) } ?? .absent(nil) },
            gaps: { _ in memory.gaps.sorted { $0.openedAt > $1.openedAt }.map { NodeGap($0) } },
            status: { memory.status },
            entries: { _, after, body in
                for entry in memory.entries where entry.number > after { try body(entry) }
            },
            verify: { _ in [memory.verdict] })
    }

    static var samples: MemorySource {
        var memory = MemorySource()
        memory.sessions = Samples.all
        memory.outputs = [
            Samples.demo.id: Samples.tail([("stdout", Samples.finished, "finding: connection pool exhausted\n")])
        ]
        memory.gaps = Samples.gaps
        memory.status = Samples.status
        memory.entries = Samples.entries
        memory.verdict = Samples.verdict
        return memory
    }
}
