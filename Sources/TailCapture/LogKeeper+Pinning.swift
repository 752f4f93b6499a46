// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SessionRecords
import Synchronization

extension LogKeeper {
    /// Keeps a log alive. May be repeated at any time; `absent` is to be tried again every 20 ms for a second.
    ///
    /// Also the newest rotated predecessor is kept, as long as the live file does not hold N by itself.
    package func pin(_ id: ContainerID, logPath: String) -> PinOutcome {
        state.withLock { state in
            var log = state.logs[id] ?? PinnedLog()
            log.path = logPath
            let outcome = synchronize(id, &log, in: &state)
            // Nothing is remembered of a container of which nothing is kept.
            if log.outcome != nil {
                state.logs[id] = log
            } else {
                unwatch(id, log, in: &state)
            }
            return outcome
        }
    }

    /// Makes what is kept fit what is in the log's directory now. Called at every pin, capture, event and poll.
    func synchronize(_ id: ContainerID, _ log: inout PinnedLog, in state: inout State) -> PinOutcome {
        guard !log.isCopied else { return .held(.copied) }
        guard let path = log.path else { return log.outcome ?? .absent }
        let formerRefusal = log.refusal
        log.refusal = nil
        switch logs.locate(path) {
        case .absent:
            break
        case .refused(let reason):
            log.refusal = reason
        case .found(let place):
            watch(id, &log, place.directory, in: &state)
            // Three looks: a rotation may fall between a look and the link. The next event or poll looks again.
            var looks = 0
            while looks < 3, !adopt(place, id, &log, in: &state) { looks += 1 }
        }
        // Counted once for each thing that was found, not once a poll.
        if let refusal = log.refusal, refusal != formerRefusal { state.counters.refusedTotal += 1 }
        trim(&log)
        return log.outcome ?? log.refusal.map(PinOutcome.refused) ?? .absent
    }

    /// Keeps the newest plain rotated file and the live one, in this order. False if something moved meanwhile.
    private func adopt(
        _ place: LogLocation, _ id: ContainerID, _ log: inout PinnedLog, in state: inout State
    ) -> Bool {
        let rotated = place.rotated()
        let newest = rotated.first { !$0.isGzip }.flatMap { found -> (name: String, status: FileStatus)? in
            guard case .success(let status) = place.directory.status(of: found.name),
                logs.objection(to: status) == nil
            else { return nil }
            return (found.name, status)
        }
        var live: FileStatus?
        switch place.directory.status(of: place.name) {
        case .success(let status):
            if let objection = logs.objection(to: status) {
                log.refusal = objection
                return true
            }
            live = status
        case .failure(let failure) where failure.number == ENOENT:
            break
        case .failure(let failure):
            log.refusal = "cannot inspect the log: \(failure)"
            return true
        }
        if let newest, log.index(of: newest.status.inode) == nil, live == nil || log.fullInode != live?.inode {
            let last = log.files.last?.sequence ?? 0
            // What lies between the files known so far and this one is not known: a hole.
            guard keep(newest.name, newest.status, last + 2, place, id, &log, in: &state) else { return false }
            // A live file that was there first moves behind its predecessor.
            if let live, let index = log.index(of: live.inode), index < log.files.count - 1 {
                let moved = log.files.remove(at: index)
                log.files.append(renumber(moved, last + 3, id))
            }
        }
        if let live, log.index(of: live.inode) == nil {
            let sequence: Int
            if let last = log.files.last {
                sequence = last.inode == newest?.status.inode ? last.sequence + 1 : last.sequence + 2
                state.counters.rotationsTotal += 1
            } else {
                sequence = rotated.isEmpty ? 0 : 2
            }
            return keep(place.name, live, sequence, place, id, &log, in: &state)
        }
        return true
    }

    private func renumber(_ file: PinnedFile, _ sequence: Int, _ id: ContainerID) -> PinnedFile {
        var file = file
        if case .link(let name) = file.holder {
            let other = PinName(container: id, sequence: sequence, inode: file.inode).text
            // On failure the old name stays: after a restart the log then looks incomplete, which is the safe side.
            if pins?.rename(name, to: other) == true { file.holder = .link(other) }
        }
        file.sequence = sequence
        return file
    }

    /// Links one file, or opens it where it cannot be linked. False if it moved meanwhile.
    private func keep(
        _ name: String, _ status: FileStatus, _ sequence: Int, _ place: LogLocation, _ id: ContainerID,
        _ log: inout PinnedLog, in state: inout State
    ) -> Bool {
        if let pins {
            let pinName = PinName(container: id, sequence: sequence, inode: status.inode)
            switch pins.link(name, in: place.directory, expecting: status.inode, as: pinName) {
            case .linked(let linked):
                log.files.append(
                    PinnedFile(
                        sequence: sequence, inode: linked.inode, holder: .link(pinName.text), largest: linked.size))
                return true
            case .moved:
                return false
            case .refused(let reason):
                log.refusal = reason
                return true
            case .impossible:
                // Another mount (EXDEV), fs.protected_hardlinks (EPERM), a full or read-only file system: hold it open.
                state.counters.linkFailuresTotal += 1
            }
        }
        switch logs.open(name, in: place.directory) {
        case .failure(.absent):
            return false
        case .failure(.unsafe(let reason)):
            log.refusal = reason
            return true
        case .success(let (file, opened)):
            guard opened.inode == status.inode else { return false }
            log.files.append(
                PinnedFile(
                    sequence: sequence, inode: opened.inode, holder: .descriptor(file), largest: opened.size))
            return true
        }
    }

    /// Lets go of rotated files that are not needed: the newer ones hold N, or there are too many.
    private func trim(_ log: inout PinnedLog) {
        var total: Int64 = 0
        for index in log.files.indices {
            guard let status = status(of: log.files[index]) else { continue }
            if status.size < log.files[index].largest {
                // Somebody cut the file (copytruncate). What it grows to from here on is no longer all of it.
                log.wasTruncated = true
            }
            log.files[index].largest = max(status.size, log.files[index].largest)
            total = total.addingClamped(status.size)
        }
        let run = log.run
        // Behind a hole nothing can be joined to the tail.
        drop(oldest: log.files.count - run.count, &log)
        drop(oldest: max(0, log.files.count - 1 - configuration.rotatedPins), &log)
        guard log.files.count > 1, total >= log.nextDepthAt else { return }
        let sources = log.run.compactMap { source($0) }
        switch TailReader.depth(sources, limits: configuration.tail) {
        case .files(let count), .beyondReach(let count):
            drop(oldest: max(0, log.files.count - count), &log)
            if log.files.count == 1 { log.fullInode = log.files.last?.inode }
            log.nextDepthAt = total.addingClamped(1)
        case .insufficient(let bytes):
            // Each further byte of content takes at least one byte of log.
            log.nextDepthAt = total.addingClamped(Int64(configuration.tail.bytes - bytes))
        }
    }

    private func drop(oldest count: Int, _ log: inout PinnedLog) {
        guard count > 0 else { return }
        for file in log.files.prefix(count) { letGo(file) }
        log.files.removeFirst(count)
    }

    /// A kept file opened for reading, its size as of now; nil if the pin is gone from the disk.
    func source(_ file: PinnedFile) -> LogSource? {
        let open: OpenFile
        switch file.holder {
        case .descriptor(let held):
            open = held
        case .link(let name):
            guard case .success(let opened)? = pins?.handle.readableEntry(name) else { return nil }
            open = opened
        }
        guard case .success(let status) = open.status(), status.inode == file.inode, status.isRegular else {
            return nil
        }
        return LogSource(file: open, size: status.size, name: "log file \(file.sequence)")
    }
}
