// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SessionRecords
import Synchronization

/// Keeps the logs of containers alive past their deletion, and reads their tails (`design.md` §4, "Log pins", "Tail").
///
/// A log is hard-linked into the pin directory; where that cannot be, its descriptor is held. All calls may be made from
/// any thread. They block for a few system calls, `capture` for as long as reading N takes; none of them waits for
/// anything else. Nothing is written but the pin directory.
///
/// Files: `+Pinning` (what is linked and when), `+Capture`, `+Limits`, `+Rotation` (the watcher's loop).
package final class LogKeeper: Sendable {
    package let configuration: LogKeeperConfiguration
    /// Why links cannot be made although they were wanted: the two directories are in different mounts, say. Logs are
    /// held open instead, which does not survive the agent. Nil while links work.
    package let degradation: LastwordError?

    let logs: LogDirectory
    let pins: PinDirectory?
    let watcher = RotationWatcher()
    let state: Mutex<State>

    struct State: Sendable {
        var logs: [ContainerID: PinnedLog] = [:]
        /// The containers whose directory a watch is on; several runs of one container share one.
        var watches: [Int32: Set<ContainerID>] = [:]
        /// Containers with a copied tail in memory, oldest first.
        var copies: [ContainerID] = []
        var copiedBytes = 0
        var counters = LogKeeperStatistics()
    }

    /// Opens podLogsDir and the pin directory, takes the lock, and finds the pins that an earlier agent left.
    ///
    /// Throws `pins.no-pod-logs`, `pins.inside-pod-logs`, `pins.unwritable`, or `pins.locked`, which an update's overlap
    /// gives for a while: try again for 30 s.
    package init(configuration: LogKeeperConfiguration) throws(LastwordError) {
        self.configuration = configuration
        // Whoever opens a log for writing at the very moment of `hasWriter` makes the kernel send this, and it would end us.
        signal(SIGIO, SIG_IGN)
        let logs = try LogDirectory(
            path: configuration.podLogsDirectory, aliases: configuration.aliases, owner: configuration.logOwner)
        self.logs = logs
        switch configuration.pins {
        case .off: pins = nil
        case .beside: pins = try PinDirectory(path: PinDirectory.standardPath(for: logs), logs: logs)
        case .directory(let path): pins = try PinDirectory(path: path, logs: logs)
        }
        var state = State()
        var degradation: LastwordError?
        if let pins {
            do {
                _ = try LinkTrial(logs, pins)
            } catch {
                degradation = error
            }
            for (name, status) in pins.pins() {
                state.logs[name.container, default: PinnedLog()].files.append(
                    PinnedFile(
                        sequence: name.sequence, inode: status.inode, holder: .link(name.text), largest: status.size))
            }
        }
        self.degradation = degradation
        self.state = Mutex(state)
    }

    /// Where the links are; nil if pins are off.
    package var pinDirectory: String? { pins?.path }

    /// The containers of which something is kept, sorted: right after `init` these are the pins found on disk, each a
    /// witness that its container was there.
    package func pinnedContainers() -> [ContainerID] {
        state.withLock { $0.logs.keys.sorted() }
    }

    /// Lets go of everything that is kept of this container: links, descriptors, copies.
    package func release(_ id: ContainerID) {
        state.withLock { state in
            guard let log = state.logs.removeValue(forKey: id) else { return }
            for file in log.files { letGo(file) }
            dropCopy(of: id, log, in: &state)
            unwatch(id, log, in: &state)
        }
    }

    /// Numbers as they stand now.
    package var statistics: LogKeeperStatistics {
        state.withLock { state in
            var result = state.counters
            result.containers = state.logs.count
            result.copies = state.copies.count
            for file in state.logs.values.lazy.flatMap(\.files) {
                if case .link = file.holder { result.links += 1 } else { result.descriptors += 1 }
                guard let status = status(of: file) else { continue }
                result.pinnedBytes += status.allocatedBytes
                if status.isOrphan(file) { result.orphanedBytes += status.allocatedBytes }
            }
            return result
        }
    }

    /// Tries out whether links can be made, without touching a running agent's pins; for `check` and `doctor`.
    package static func trial(_ configuration: LogKeeperConfiguration) -> Result<LinkTrial, LastwordError> {
        Result { () throws(LastwordError) in try LinkTrial.make(configuration) }
    }

    // MARK: Files

    func status(of file: PinnedFile) -> FileStatus? {
        switch file.holder {
        case .link(let name):
            guard case .success(let status)? = pins?.handle.status(of: name) else { return nil }
            return status
        case .descriptor(let open):
            guard case .success(let status) = open.status() else { return nil }
            return status
        }
    }

    func letGo(_ file: PinnedFile) {
        // A descriptor is closed with its last reference, which may be a capture under way.
        if case .link(let name) = file.holder { pins?.remove(name) }
    }

    func dropCopy(of id: ContainerID, _ log: PinnedLog, in state: inout State) {
        guard let copy = log.copy else { return }
        state.copiedBytes -= copy.bytes.count
        state.copies.removeAll { $0 == id }
    }

    func watch(_ id: ContainerID, _ log: inout PinnedLog, _ directory: OpenFile, in state: inout State) {
        guard log.watch == nil else { return }
        guard let watch = watcher.watch(directory) else {
            state.counters.watchFailuresTotal += 1
            return
        }
        log.watch = watch
        state.watches[watch, default: []].insert(id)
    }

    func unwatch(_ id: ContainerID, _ log: PinnedLog, in state: inout State) {
        guard let watch = log.watch else { return }
        state.watches[watch]?.remove(id)
        if state.watches[watch]?.isEmpty == true {
            state.watches[watch] = nil
            watcher.forget(watch)
        }
    }
}

extension FileStatus {
    /// Nobody but us keeps the file on the disk.
    func isOrphan(_ file: PinnedFile) -> Bool {
        if case .link = file.holder { links <= 1 } else { links == 0 }
    }
}
