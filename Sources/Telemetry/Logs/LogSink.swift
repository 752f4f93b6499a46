// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

/// Where finished log lines go.
package final class LogSink: Sendable {
    private let write: @Sendable ([UInt8]) -> Void
    /// Serialises lines: one that takes several writes must not be broken into by another.
    private let turn = Mutex<Void>(())

    /// Each line is handed to `write` whole, with its newline, one at a time.
    package init(write: @escaping @Sendable ([UInt8]) -> Void) {
        self.write = write
    }

    /// Standard error, in a `DescriptorLog`.
    package static let standardError: LogSink = {
        let log = DescriptorLog(STDERR_FILENO)
        return LogSink { log.write($0) }
    }()

    func line(_ bytes: [UInt8]) {
        turn.withLock { _ in write(bytes) }
    }

    /// Whether standard error is the journal: systemd says so by device and inode in `JOURNAL_STREAM`
    /// (systemd.exec(5)), which a redirection since then makes untrue.
    package static func isJournal(_ journalStream: String?) -> Bool {
        guard let journalStream, let identity = identity(of: STDERR_FILENO) else { return false }
        return journalStream == identity
    }

    /// `device:inode` of an open file; nil if there is none.
    static func identity(of descriptor: Int32) -> String? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        return "\(status.st_dev):\(status.st_ino)"
    }
}
