// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Synchronization

/// Container ids that somebody wants looked up, each once, in the order in which they were asked for.
///
/// Asking never waits. Ids stay here over disconnects; a worker takes some, and gives back what it could not answer. The
/// number of ids is bounded by what the tracker holds; ids that nobody asked for (`ask` with `wanted: false`, the
/// source's own reading ahead) are refused over `aheadLimit`.
final class LookupQueue: Sendable {
    struct Lookup: Hashable, Sendable {
        let id: ContainerID
        /// False if the source reads ahead: then "unknown" is told to nobody.
        var wanted: Bool
    }

    private struct State {
        var order: [ContainerID] = []
        var wanted: [ContainerID: Bool] = [:]
        var worker: CheckedContinuation<Void, Never>?

        mutating func insert(_ lookup: Lookup, first: Bool) {
            if let known = wanted[lookup.id] {
                wanted[lookup.id] = known || lookup.wanted
                return
            }
            wanted[lookup.id] = lookup.wanted
            if first { order.insert(lookup.id, at: 0) } else { order.append(lookup.id) }
        }
    }

    static let aheadLimit = 4096

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.order.count } }

    func ask(_ id: ContainerID, wanted: Bool = true) {
        let worker = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard wanted || state.order.count < Self.aheadLimit else { return nil }
            state.insert(Lookup(id: id, wanted: wanted), first: false)
            return state.worker.take()
        }
        worker?.resume()
    }

    /// Takes up to `max` of the oldest; waits while there are none. Empty if the task was cancelled. One worker only.
    func next(max: Int) async -> [Lookup] {
        while !Task.isCancelled {
            let taken = state.withLock { state in
                let ids = state.order.prefix(max)
                state.order.removeFirst(ids.count)
                return ids.compactMap { id in state.wanted.removeValue(forKey: id).map { Lookup(id: id, wanted: $0) } }
            }
            if !taken.isEmpty { return taken }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let now = state.withLock { state in
                        if !state.order.isEmpty || Task.isCancelled { return true }
                        state.worker = continuation
                        return false
                    }
                    if now { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.worker.take() }?.resume()
            }
        }
        return []
    }

    /// Puts back what could not be answered: before the others, or behind them where it would be in their way.
    func giveBack(_ lookups: some Sequence<Lookup>, last: Bool = false) {
        let worker = state.withLock { state in
            if last {
                for lookup in lookups { state.insert(lookup, first: false) }
            } else {
                for lookup in Array(lookups).reversed() { state.insert(lookup, first: true) }
            }
            return state.order.isEmpty ? nil : state.worker.take()
        }
        worker?.resume()
    }
}
