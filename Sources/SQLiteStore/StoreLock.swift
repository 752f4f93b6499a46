// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import Synchronization

/// `flock` on the store's lock file, held as long as the store is open. The file names the holder's process.
package final class StoreLock: Sendable {
    private let descriptor: Mutex<Int32>

    /// Waits up to `timeout` for another holder to go; blocks the calling thread.
    ///
    /// Throws `store.locked`, naming the holder's pid, or `store.unwritable`.
    package init(_ paths: StorePaths, group: String, timeout: Duration) throws {
        let file = open(paths.lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard file >= 0 else {
            throw StoreDirectory.unwritable(paths.lock, SystemFault("open"), program: paths.program)
        }
        descriptor = Mutex(file)
        do {
            try Self.wait(for: file, paths, timeout: timeout)
            if FileFacts(paths.lock)?.owner == geteuid() {
                try StoreDirectory.settle(file, paths.lock, mode: 0o640, group: group, program: paths.program)
            }
            Self.writeHolder(file)
        } catch {
            release()
            throw error
        }
    }

    deinit {
        release()
    }

    package func release() {
        descriptor.withLock { file in
            guard file >= 0 else { return }
            close(file)
            file = -1
        }
    }

    private static func wait(for file: Int32, _ paths: StorePaths, timeout: Duration) throws {
        let deadline = ContinuousClock.now + timeout
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            guard number == EWOULDBLOCK || number == EINTR else {
                throw StoreDirectory.unwritable(paths.lock, SystemFault("flock"), program: paths.program)
            }
            guard ContinuousClock.now < deadline else {
                let holder = holder(file).map { "process \($0)" } ?? "another process"
                throw LastwordError(
                    code: "store.locked",
                    message: "cannot take the store in \(paths.directory): \(holder) holds it",
                    remedy: paths.program.lockedRemedy)
            }
            usleep(20_000)
        }
    }

    private static func holder(_ file: Int32) -> Int? {
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = pread(file, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int(String(decoding: buffer[..<count].prefix { (48...57).contains($0) }, as: UTF8.self))
    }

    /// Best effort: the lock is the `flock`, the text is for people. It fails on a full disk, which is no reason to stop.
    private static func writeHolder(_ file: Int32) {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(file, 0) == 0 else { return }
        _ = pwrite(file, text, text.count, 0)
    }
}
