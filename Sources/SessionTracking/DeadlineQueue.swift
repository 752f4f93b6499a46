// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// What is due when, by the boot-time clock. A deadline that has become moot is ignored when it comes.
struct DeadlineQueue: Sendable {
    enum Deadline: Hashable, Sendable {
        /// Created and not started by now: ask CRI, a start failure sends no event.
        case start(ContainerID)
        /// No `/tasks/delete` by now: seal what is there.
        case seal(ContainerID)
        /// Ended and still undecided: tell it as unresolved.
        case classification(ContainerID)
        case waiting(WaitingKey)
        /// Everything about it is gone and told.
        case settle(ContainerID)
        /// Not read to its end by now: told is what is known without it.
        case journal
        /// A cursor that was held back, or is due.
        case cursor
        case forgetPod(PodUID)
        /// Late news of a container that is over is no news for a while, and then it is forgotten.
        case forgetContainer(ContainerID)
    }

    /// A binary heap by time.
    private var heap: [(at: Int64, deadline: Deadline)] = []

    var count: Int { heap.count }

    var next: Int64? { heap.first?.at }

    mutating func add(_ deadline: Deadline, at: Int64) {
        heap.append((at, deadline))
        var index = heap.count - 1
        while index > 0, heap[(index - 1) / 2].at > heap[index].at {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func popDue(_ now: Int64) -> Deadline? {
        guard let first = heap.first, first.at <= now, let last = heap.popLast() else { return nil }
        if heap.capacity > 1024, heap.count < heap.capacity / 8 { heap = heap.map { $0 } }
        guard !heap.isEmpty else { return first.deadline }
        heap[0] = last
        var index = 0
        while true {
            let left = 2 * index + 1
            guard left < heap.count else { break }
            let child = left + 1 < heap.count && heap[left + 1].at < heap[left].at ? left + 1 : left
            guard heap[child].at < heap[index].at else { break }
            heap.swapAt(index, child)
            index = child
        }
        return first.deadline
    }
}

extension Dictionary {
    /// Moves into less room where most of it is empty: a dictionary keeps by itself what it once needed.
    mutating func giveBackRoom() {
        guard capacity > 1024, count < capacity / 8 else { return }
        self = filter { _ in true }
    }
}
