// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// errno as a `LastwordError`, with the remedy where there is one.
enum JournalFailure {
    /// - Parameter result: what a function of libsystemd gave: 0 and above is success, below is a negated errno.
    @discardableResult
    static func check(_ result: Int32, _ what: @autoclosure () -> String) throws(LastwordError) -> Int32 {
        guard result < 0 else { return result }
        throw error(what(), number: 0 &- result)
    }

    static func error(_ what: String, number: Int32) -> LastwordError {
        let (code, remedy): (String, String?) =
            switch number {
            case EACCES, EPERM:
                (
                    "journal.access",
                    "let the agent read the journal: group systemd-journal, by number where it runs in a container"
                )
            case ENOENT, ENOTDIR: ("journal.absent", "see whether journald keeps its files here (Storage=)")
            case EMFILE, ENFILE: ("journal.limit", "raise LimitNOFILE= or fs.inotify.max_user_instances")
            case ENOSPC: ("journal.limit", "raise fs.inotify.max_user_watches")
            case EBADMSG, EIO, ENODATA: ("journal.broken", "journalctl --verify names the file that is damaged")
            case EPROTONOSUPPORT:
                ("journal.format", "use a libsystemd at least as new as the one that writes the journal")
            default: ("journal.failed", nil)
            }
        return LastwordError(
            code: code, message: what, remedy: remedy,
            cause: LastwordError(code: "errno.\(number)", message: text(number)))
    }

    static func text(_ number: Int32) -> String {
        // strerror may share one buffer between threads.
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
