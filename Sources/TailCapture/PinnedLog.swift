// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// One file of a container's log that is kept alive.
struct PinnedFile: Sendable {
    enum Holder: Sendable {
        /// The link's name in the pin directory.
        case link(String)
        case descriptor(OpenFile)
    }

    /// As in `PinName`: consecutive numbers are consecutive files, 0 begins with the first record.
    var sequence: Int
    let inode: UInt64
    var holder: Holder
    /// The most bytes it was seen to have; fewer later means that somebody cut it.
    var largest: Int64
}

/// What is kept of one container's log.
struct PinnedLog: Sendable {
    /// Where the runtime says it is; nil for a pin found on disk that nobody has asked for yet.
    var path: String?
    /// Oldest first.
    var files: [PinnedFile] = []
    /// Given up at a limit.
    var isCopied = false
    /// The tail it had then; nil if there was no room for it in memory.
    var copy: CapturedTail?
    /// Somebody cut a file (copytruncate): output is missing in the middle.
    var wasTruncated = false
    /// The live file that was found to hold N by itself: older ones are not wanted.
    var fullInode: UInt64?
    /// Bytes that the files must have together before it is worth looking again whether fewer hold N.
    var nextDepthAt: Int64 = 0
    /// The inotify watch of its directory.
    var watch: Int32?
    /// Bytes of the files when the last checkpoint or copy was made; -1 before the first.
    var checkpointSize: Int64 = -1
    /// Why the log's path was refused last.
    var refusal: String?

    /// The newest files that follow one another without a hole, newest first.
    var run: [PinnedFile] {
        var result: [PinnedFile] = []
        for file in files.reversed() {
            if let last = result.last, file.sequence != last.sequence - 1 { break }
            result.append(file)
        }
        return result
    }

    var outcome: PinOutcome? {
        if isCopied { return .held(.copied) }
        guard let pinnedBy else { return nil }
        return .held(pinnedBy)
    }

    /// The weakest way in which one of its files is held.
    var pinnedBy: PinnedBy? {
        guard !files.isEmpty else { return nil }
        let isHeldOpen = files.contains { if case .descriptor = $0.holder { true } else { false } }
        return isHeldOpen ? .descriptor : .hardlink
    }

    func index(of inode: UInt64) -> Int? {
        files.firstIndex { $0.inode == inode }
    }
}
