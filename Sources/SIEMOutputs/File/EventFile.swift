// SPDX-License-Identifier: Apache-2.0
import Glibc
import SIEMFormats
import SessionRecords
import Synchronization

/// The file itself. Blocks; one caller at a time.
///
/// A line is written whole, or cut off again: by us where writing failed, at the next opening where the process ended in the
/// middle of it. Whatever was cut was not delivered, and is written again.
final class EventFile: Sendable {
    private struct Opened {
        let descriptor: Int32
        let device: dev_t
        let inode: ino_t
        var size: Int
        /// When its first line was written, as far as this is known: the file's age.
        let since: Timestamp
    }

    private let settings: FileSettings
    private let now: @Sendable () -> Timestamp
    private let opened = Mutex<Opened?>(nil)

    init(_ settings: FileSettings, now: @escaping @Sendable () -> Timestamp) {
        self.settings = settings
        self.now = now
    }

    deinit { close() }

    func close() {
        opened.withLock { opened in
            if let file = opened { Glibc.close(file.descriptor) }
            opened = nil
        }
    }

    /// Appends lines, each ending in a newline, and returns when they are on disk.
    func append(_ lines: [[UInt8]]) throws(LastwordError) {
        var file = try current()
        var waiting: [UInt8] = []
        for line in lines {
            if file.size + waiting.count > 0, isFull(file, with: waiting.count + line.count) {
                file = try write(waiting, to: file)
                waiting = []
                file = try rotate(file)
            }
            waiting += line
        }
        file = try write(waiting, to: file)
        opened.withLock { $0 = file }
    }

    private func isFull(_ file: Opened, with size: Int) -> Bool {
        file.size + size > settings.rotateBytes
            || now().nanoseconds(since: file.since) >= settings.rotateAge.nanoseconds
    }

    // MARK: Opening

    private func current() throws(LastwordError) -> Opened {
        if let file = opened.withLock({ $0 }) {
            // Somebody may have put it aside or removed it.
            var status = stat()
            if lstat(settings.path, &status) == 0, status.st_dev == file.device, status.st_ino == file.inode {
                // Or have cut it where it lies.
                var file = file
                file.size = Int(status.st_size)
                return file
            }
            close()
        }
        let file = try open()
        opened.withLock { $0 = file }
        return file
    }

    private func open() throws(LastwordError) -> Opened {
        let flags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let descriptor = Glibc.open(settings.path, flags, 0o640)
        guard descriptor >= 0 else { throw failure("open") }
        do throws(LastwordError) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw failure("look at") }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw failure("write to", because: "it is not a regular file")
            }
            // Two writers would tear each other's lines.
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                throw failure("lock", because: "another process writes to it")
            }
            let size = try TornLine.cut(descriptor, size: Int(status.st_size)) { failure($0) }
            try syncDirectory()
            return Opened(
                descriptor: descriptor, device: status.st_dev, inode: status.st_ino, size: size,
                since: size == 0 ? now() : Self.begun(status) ?? now())
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// The last change before this opening: younger than the file, never older. So a file lives at most twice its age.
    private static func begun(_ status: stat) -> Timestamp? {
        Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanos: Int64(status.st_mtim.tv_nsec))
    }

    // MARK: Writing

    private func write(_ bytes: [UInt8], to file: Opened) throws(LastwordError) -> Opened {
        guard !bytes.isEmpty else { return file }
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(file.descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let fault = failure("write to")
                undo(file)
                throw fault
            }
            done += count
        }
        guard fdatasync(file.descriptor) == 0 else {
            let fault = failure("sync")
            undo(file)
            throw fault
        }
        var file = file
        file.size += bytes.count
        return file
    }

    /// Takes back what was written of lines that did not get onto the disk. If this fails, too, the next opening cuts.
    private func undo(_ file: Opened) {
        _ = ftruncate(file.descriptor, off_t(file.size))
        close()
    }

    // MARK: Rotation

    private func rotate(_ file: Opened) throws(LastwordError) -> Opened {
        let aside = SetAside(path: settings.path)
        guard let name = aside.freeName(at: now()) else {
            throw failure("put aside", because: "its name is too long or taken")
        }
        guard rename(settings.path, name) == 0 else { throw failure("put aside") }
        close()
        aside.removeOldest(beyond: settings.keep)
        let next = try open()
        opened.withLock { $0 = next }
        return next
    }

    private func syncDirectory() throws(LastwordError) {
        let directory = Glibc.open(Self.directory(of: settings.path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw failure("open the directory of") }
        defer { Glibc.close(directory) }
        guard fsync(directory) == 0 else { throw failure("sync the directory of") }
    }

    // MARK: Trying

    /// Writes nothing, makes nothing.
    func check() throws(LastwordError) {
        var status = stat()
        if lstat(settings.path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw failure("write to", because: "it is not a regular file")
        }
        let directory = Self.directory(of: settings.path)
        guard access(directory, W_OK | X_OK) == 0 else { throw failure("make files beside") }
        if access(settings.path, F_OK) == 0, access(settings.path, W_OK) != 0 { throw failure("write to") }
    }

    static func directory(of path: String) -> String {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return directory.isEmpty ? "/" : directory
    }

    private func failure(_ what: String, because words: String? = nil) -> LastwordError {
        LastwordError(
            code: "output.file",
            message: "cannot \(what) \(settings.path): \(words ?? String(cString: strerror(errno)))",
            remedy: "give the collector's user a directory of its own for it, with room")
    }
}

extension Duration {
    /// Whole nanoseconds; saturates.
    fileprivate var nanoseconds: Int64 {
        let (seconds, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : seconds &+ components.attoseconds / 1_000_000_000
    }
}
