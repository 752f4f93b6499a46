// SPDX-License-Identifier: Apache-2.0
package import SessionRecords
import Synchronization

extension LogKeeper {
    /// Reads the tail: from what is pinned; else from the log file, if it is still there; else from the copy made when
    /// the pin was given up. Where there is nothing, the result says so (`pinnedBy: none`), and it is the caller's to
    /// look for a copy or checkpoint that it was told of and stored.
    package func capture(_ id: ContainerID, logPath: String?) -> CapturedTail {
        // What is to be read is opened under the lock, and read without it.
        let reading = state.withLock { state -> Reading in
            guard var log = state.logs[id] else { return Reading(path: logPath) }
            if let logPath { log.path = logPath }
            _ = synchronize(id, &log, in: &state)
            state.logs[id] = log
            return self.reading(of: log)
        }
        if !reading.sources.isEmpty { return read(reading) }
        var reason = reading.reason
        if let path = reading.path {
            switch openUnpinned(path) {
            case .success(let unpinned): return read(unpinned)
            case .failure(.absent): break
            case .failure(.unsafe(let why)): reason = why
            }
        }
        if let copy = reading.copy { return copy }
        return .lost(reason ?? "the log file was gone before it was pinned")
    }

    /// Everything that a capture needs, taken out of the keeper's state.
    struct Reading {
        var sources: [LogSource] = []
        var context = TailReader.Context(beginningKnown: false, pinnedBy: .none)
        var path: String?
        var copy: CapturedTail?
        var reason: String?

        init(path: String?) {
            self.path = path
        }
    }

    func read(_ reading: Reading) -> CapturedTail {
        TailReader.read(reading.sources, limits: configuration.tail, context: reading.context)
    }

    /// The pinned files, and behind them what rotation left in the log's directory.
    func reading(of log: PinnedLog) -> Reading {
        var reading = Reading(path: log.path)
        reading.copy = log.copy
        reading.reason = log.refusal
        if log.isCopied, log.copy == nil {
            reading.reason = "the log was copied at a limit, and the copy is no longer in memory"
        }
        guard let pinnedBy = log.pinnedBy else { return reading }
        var context = TailReader.Context(beginningKnown: false, pinnedBy: pinnedBy)
        let run = log.run
        for file in run {
            guard let source = source(file) else {
                // Files behind a missing one cannot be joined to the tail.
                context.notes.append("a pinned file is gone from the pin directory")
                context.lossy = reading.sources.isEmpty
                break
            }
            reading.sources.append(source)
        }
        context.beginningKnown =
            reading.sources.count == run.count && run.last?.sequence == 0 && !log.wasTruncated
        if log.wasTruncated {
            context.lossy = true
            context.notes.append("the log file was cut while it was in use")
        }
        if let refusal = log.refusal { context.notes.append("the log path is no longer safe: \(refusal)") }
        if !context.beginningKnown, reading.sources.count == run.count, let path = log.path,
            case .found(let place) = logs.locate(path)
        {
            let inodes = Set(run.map(\.inode))
            reading.sources += predecessors(in: place, except: inodes)
        }
        reading.context = context
        return reading
    }

    /// A log that nobody pinned, by the same safe walk.
    func openUnpinned(_ path: String) -> Result<Reading, LogRefusal> {
        let place: LogLocation
        switch logs.locate(path) {
        case .absent: return .failure(.absent)
        case .refused(let reason): return .failure(.unsafe(reason))
        case .found(let found): place = found
        }
        var reading = Reading(path: path)
        var context = TailReader.Context(beginningKnown: false, pinnedBy: .unpinned)
        var inodes: Set<UInt64> = []
        switch logs.open(place.name, in: place.directory) {
        case .success(let (file, status)):
            reading.sources.append(LogSource(file: file, size: status.size, name: place.name))
            inodes.insert(status.inode)
        case .failure(.absent):
            // Between the rename and the new file there are only rotated ones.
            context.notes.append("the live log file was not there")
        case .failure(let refusal):
            return .failure(refusal)
        }
        let older = predecessors(in: place, except: inodes)
        context.beginningKnown = !reading.sources.isEmpty && older.isEmpty
        reading.sources += older
        reading.context = context
        return reading.sources.isEmpty ? .failure(.absent) : .success(reading)
    }

    /// The rotated files in a log's directory that are not among the pinned ones, newest first. They were found by name,
    /// so they may be packed copies of pinned ones; the reader sees that by their times.
    private func predecessors(in place: LogLocation, except inodes: Set<UInt64>) -> [LogSource] {
        var sources: [LogSource] = []
        for rotated in place.rotated().prefix(16) {
            guard case .success(let (file, status)) = logs.open(rotated.name, in: place.directory),
                !inodes.contains(status.inode)
            else { continue }
            sources.append(
                LogSource(
                    file: file, size: status.size, name: rotated.name, isGzip: rotated.isGzip, mayRepeat: true))
        }
        return sources
    }
}
