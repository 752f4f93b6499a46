// SPDX-License-Identifier: Apache-2.0
package import SessionRecords
import Synchronization

/// The state of a log's kept files: as long as it is the same, a reading is what another one would give.
package struct LogMark: Hashable, Sendable {
    struct File: Hashable, Sendable {
        let inode: UInt64
        let size: Int64
        let modifiedAt: Int64
    }

    let files: [File]
}

extension LogKeeper {
    /// The mark of a container's log. Nil where a file may have come that nobody has told us of: nothing is kept of it, its
    /// directory is not watched, or a kept file is gone from the disk.
    package func mark(_ id: ContainerID) -> LogMark? {
        state.withLock { state in
            guard let log = state.logs[id], log.watch != nil, !log.isCopied, !log.files.isEmpty else { return nil }
            let files = log.files.compactMap { file in
                status(of: file).map { LogMark.File(inode: $0.inode, size: $0.size, modifiedAt: $0.modifiedAt) }
            }
            return files.count == log.files.count ? LogMark(files: files) : nil
        }
    }
}
