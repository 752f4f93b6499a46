// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The files of a store inside its directory.
struct StorePaths: Sendable {
    /// Without a trailing slash.
    let directory: String

    init(directory: String) {
        var path = directory
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.directory = path
    }

    var database: String { directory + "/lastword.db" }
    var wal: String { database + "-wal" }
    var sharedMemory: String { database + "-shm" }
    var lock: String { directory + "/lastword.lock" }

    /// Names of databases that were set aside, oldest first.
    var setAside: [String] {
        let prefix = "lastword.db.corrupt-"
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix(prefix), !name.hasSuffix("-wal"), !name.hasSuffix("-shm") { names.append(name) }
        }
        return names.sorted()
    }
}

/// What `stat` says of a file.
struct FileFacts: Sendable, Equatable {
    let inode: UInt64
    let size: Int64
    let isDirectory: Bool
    let owner: UInt32

    /// Nil if there is no such file, or it cannot be seen.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        owner = status.st_uid
    }
}
