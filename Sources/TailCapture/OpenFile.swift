// SPDX-License-Identifier: Apache-2.0
import CSystemCalls
import Glibc

/// A file descriptor that is closed with its last reference. A capture that runs outside the keeper's lock holds one, so
/// that a release in between does not close it under its hands.
package final class OpenFile: Sendable {
    let descriptor: Int32

    init(owning descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Opens what `path` names, following symbolic links: for configured paths only.
    static func open(_ path: String, _ flags: Int32) -> Result<OpenFile, SystemFailure> {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC)
        return descriptor >= 0 ? .success(OpenFile(owning: descriptor)) : .failure(SystemFailure("open \(path)"))
    }

    /// Opens a directory entry without following a symbolic link.
    func entry(_ name: String, _ flags: Int32) -> Result<OpenFile, SystemFailure> {
        let opened = openat(descriptor, name, flags | O_NOFOLLOW | O_CLOEXEC)
        return opened >= 0 ? .success(OpenFile(owning: opened)) : .failure(SystemFailure("open \(name)"))
    }

    /// Opens a regular file for reading. Never waits: a FIFO without a writer and a device open at once, for the caller
    /// to find out what they are.
    func readableEntry(_ name: String) -> Result<OpenFile, SystemFailure> {
        entry(name, O_RDONLY | O_NONBLOCK | O_NOCTTY)
    }

    func status() -> Result<FileStatus, SystemFailure> {
        var value = stat()
        return fstat(descriptor, &value) == 0 ? .success(FileStatus(value)) : .failure(SystemFailure("fstat"))
    }

    /// The status of a directory entry itself, not of what a symbolic link leads to.
    func status(of name: String) -> Result<FileStatus, SystemFailure> {
        var value = stat()
        return fstatat(descriptor, name, &value, AT_SYMLINK_NOFOLLOW) == 0
            ? .success(FileStatus(value)) : .failure(SystemFailure("stat \(name)"))
    }

    /// The names in this directory without `.` and `..`, at most `limit` of them, in no order.
    func names(limit: Int) -> Result<[String], SystemFailure> {
        // A descriptor of its own: reading moves the offset, and closedir closes it.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { return .failure(SystemFailure("open directory")) }
        guard let directory = fdopendir(own) else {
            let failure = SystemFailure("read directory")
            close(own)
            return .failure(failure)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < limit, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee)) {
                    String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return .success(names)
    }

    /// Free bytes for the unprivileged and the size of the file system this file is on; nil if it does not say.
    func space() -> (free: Int64, total: Int64)? {
        var value = statvfs()
        guard fstatvfs(descriptor, &value) == 0, value.f_blocks > 0 else { return nil }
        let (free, overflow) = UInt64(value.f_bavail).multipliedReportingOverflow(by: UInt64(value.f_frsize))
        let (total, overflow2) = UInt64(value.f_blocks).multipliedReportingOverflow(by: UInt64(value.f_frsize))
        guard !overflow, !overflow2 else { return nil }
        return (Int64(clamping: free), Int64(clamping: total))
    }

    /// Reads until the buffer is full or the file ends; the bytes read, fewer at the end or on an error.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, base + done, buffer.count - done, off_t(offset) + done)
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                break
            }
        }
        return done
    }
}

/// What `stat` says of a file, reduced to what the pins need.
package struct FileStatus: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    let mode: UInt32
    let owner: UInt32
    let links: UInt64
    let size: Int64
    /// What it takes on the disk; a sparse file takes less than its size.
    let allocatedBytes: Int64
    /// Nanoseconds since 1970, as coarse as the kernel stamps them.
    let modifiedAt: Int64

    init(_ value: stat) {
        device = UInt64(value.st_dev)
        inode = UInt64(value.st_ino)
        mode = value.st_mode
        owner = value.st_uid
        links = UInt64(value.st_nlink)
        size = Int64(value.st_size)
        allocatedBytes = Int64(value.st_blocks) * 512
        modifiedAt = Int64(value.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(value.st_mtim.tv_nsec)
    }

    private var kind: UInt32 { mode & S_IFMT }
    var isRegular: Bool { kind == S_IFREG }
    var isDirectory: Bool { kind == S_IFDIR }

    var kindName: String {
        switch kind {
        case S_IFREG: "a regular file"
        case S_IFDIR: "a directory"
        case S_IFLNK: "a symbolic link"
        case S_IFIFO: "a FIFO"
        case S_IFSOCK: "a socket"
        default: "a device"
        }
    }
}
