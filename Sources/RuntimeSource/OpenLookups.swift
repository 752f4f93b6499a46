// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Synchronization

/// The look-ups of one batch that have no answer yet.
final class OpenLookups: Sendable {
    private struct State {
        var open: [ContainerID: LookupQueue.Lookup]
        var postponed: [LookupQueue.Lookup] = []
    }

    private let order: [ContainerID]
    private let state: Mutex<State>

    init(_ batch: [LookupQueue.Lookup]) {
        order = batch.map(\.id)
        state = Mutex(State(open: Dictionary(batch.map { ($0.id, $0) }) { first, _ in first }))
    }

    /// In the order in which they were asked.
    var rest: [LookupQueue.Lookup] {
        state.withLock { state in order.compactMap { state.open[$0] } }
    }

    var postponed: [LookupQueue.Lookup] { state.withLock { $0.postponed } }

    func answered(_ id: ContainerID) {
        state.withLock { $0.open[id] = nil }
    }

    /// This one failed by itself: it goes behind the others.
    func postpone(_ id: ContainerID) {
        state.withLock { state in
            if let lookup = state.open.removeValue(forKey: id) { state.postponed.append(lookup) }
        }
    }
}
