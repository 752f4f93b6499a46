// SPDX-License-Identifier: Apache-2.0
package import SessionRecords
import Synchronization

extension LogKeeper {
    /// Brings the pins below their limits: rotated files first, then the pins that free most. A log that loses its last
    /// pin is read before; its tail is returned, to be stored, and stays in memory for `capture` while there is room.
    ///
    /// Over the byte limits any pin may go. Below the free-space floor only those may whose file has no other name: the
    /// others take no space of their own, and giving them up would free none.
    package func enforceLimits() -> [ContainerID: CapturedTail] {
        state.withLock { state in
            guard !isWithinLimits(state.logs) else { return [:] }
            var copied: [ContainerID: CapturedTail] = [:]
            for id in Array(state.logs.keys) where (state.logs[id]?.files.isEmpty == false) {
                keepBelowContainerLimit(id, in: &state, &copied)
            }
            keepBelowTotal(in: &state, &copied)
            keepAboveFloor(in: &state, &copied)
            keepBelowDescriptorLimit(in: &state, &copied)
            return copied
        }
    }

    /// The usual case, found out by one look at each file.
    private func isWithinLimits(_ logs: [ContainerID: PinnedLog]) -> Bool {
        var total: Int64 = 0
        var descriptors = 0
        for log in logs.values {
            var bytes: Int64 = 0
            for file in log.files {
                bytes += status(of: file)?.allocatedBytes ?? 0
                if case .descriptor = file.holder { descriptors += 1 }
            }
            if bytes > configuration.pinBytesPerContainer { return false }
            total += bytes
        }
        guard total <= configuration.pinBytes, descriptors <= configuration.heldDescriptors else { return false }
        guard let space = self.logs.handle.space() else { return true }
        return Double(space.free) >= Double(space.total) * configuration.freeSpaceFloor
    }

    /// One pinned file as a candidate to be given up.
    private struct Candidate {
        let id: ContainerID
        let isNewest: Bool
        let status: FileStatus
        let file: PinnedFile
    }

    private func candidates(_ logs: [ContainerID: PinnedLog]) -> [Candidate] {
        logs.flatMap { id, log in
            log.files.compactMap { file in
                status(of: file).map {
                    Candidate(id: id, isNewest: file.inode == log.files.last?.inode, status: $0, file: file)
                }
            }
        }.sorted { left, right in
            if left.isNewest != right.isNewest { return !left.isNewest }
            if left.status.allocatedBytes != right.status.allocatedBytes {
                return left.status.allocatedBytes > right.status.allocatedBytes
            }
            return (left.id, left.file.sequence) < (right.id, right.file.sequence)
        }
    }

    private func keepBelowContainerLimit(
        _ id: ContainerID, in state: inout State, _ copied: inout [ContainerID: CapturedTail]
    ) {
        guard let log = state.logs[id] else { return }
        var candidates = self.candidates([id: log])
        var bytes = candidates.reduce(Int64(0)) { $0 + $1.status.allocatedBytes }
        while bytes > configuration.pinBytesPerContainer, !candidates.isEmpty {
            let victim = candidates.removeFirst()
            bytes -= victim.status.allocatedBytes
            giveUp(victim, in: &state, &copied)
        }
    }

    private func keepBelowTotal(in state: inout State, _ copied: inout [ContainerID: CapturedTail]) {
        var candidates = self.candidates(state.logs)
        var bytes = candidates.reduce(Int64(0)) { $0 + $1.status.allocatedBytes }
        while bytes > configuration.pinBytes, !candidates.isEmpty {
            let victim = candidates.removeFirst()
            bytes -= victim.status.allocatedBytes
            giveUp(victim, in: &state, &copied)
        }
    }

    private func keepAboveFloor(in state: inout State, _ copied: inout [ContainerID: CapturedTail]) {
        guard let space = logs.handle.space() else { return }
        let floor = Double(space.total) * configuration.freeSpaceFloor
        var free = Double(space.free)
        guard free < floor else { return }
        for victim in candidates(state.logs) where victim.status.isOrphan(victim.file) {
            guard free < floor else { return }
            free += Double(victim.status.allocatedBytes)
            giveUp(victim, in: &state, &copied)
        }
    }

    private func keepBelowDescriptorLimit(in state: inout State, _ copied: inout [ContainerID: CapturedTail]) {
        var held = candidates(state.logs).filter { if case .descriptor = $0.file.holder { true } else { false } }
        while held.count > configuration.heldDescriptors {
            giveUp(held.removeFirst(), in: &state, &copied)
        }
    }

    private func giveUp(
        _ victim: Candidate, in state: inout State, _ copied: inout [ContainerID: CapturedTail]
    ) {
        guard var log = state.logs[victim.id], let index = log.index(of: victim.file.inode) else { return }
        if victim.isNewest {
            copied[victim.id] = copyOut(victim.id, &log, in: &state)
        } else {
            letGo(log.files.remove(at: index))
            state.counters.droppedRotatedTotal += 1
            // It would be pinned again at the next look into the directory.
            log.fullInode = log.files.last?.inode
        }
        state.logs[victim.id] = log
    }

    /// Reads the tail and lets go of the files.
    private func copyOut(_ id: ContainerID, _ log: inout PinnedLog, in state: inout State) -> CapturedTail {
        var reading = self.reading(of: log)
        reading.context.pinnedBy = .copied
        let tail = read(reading)
        log.checkpointSize = reading.sources.reduce(Int64(0)) { $0.addingClamped($1.size) }
        for file in log.files { letGo(file) }
        log.files = []
        log.isCopied = true
        state.counters.copiedTotal += 1
        remember(tail, of: id, &log, in: &state)
        return tail
    }

    /// Keeps a copy in memory, at the cost of the oldest ones.
    func remember(_ tail: CapturedTail, of id: ContainerID, _ log: inout PinnedLog, in state: inout State) {
        dropCopy(of: id, log, in: &state)
        log.copy = tail
        state.copies.append(id)
        state.copiedBytes += tail.bytes.count
        while state.copiedBytes > configuration.copiedBytes, let oldest = state.copies.first {
            state.copies.removeFirst()
            if oldest == id {
                state.copiedBytes -= tail.bytes.count
                log.copy = nil
            } else {
                state.copiedBytes -= state.logs[oldest]?.copy?.bytes.count ?? 0
                state.logs[oldest]?.copy = nil
            }
        }
    }
}
