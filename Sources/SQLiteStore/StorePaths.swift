// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The files of a store inside its directory.
package struct StorePaths: Sendable {
    /// Without a trailing slash.
    package let directory: String
    package let program: StoreProgram

    package init(directory: String, program: StoreProgram = .agent) {
        var path = directory
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.directory = path
        self.program = program
    }

    package var database: String { directory + "/\(program.databaseName).db" }
    package var wal: String { database + "-wal" }
    package var sharedMemory: String { database + "-shm" }
    package var lock: String { directory + "/\(program.databaseName).lock" }

    /// Names of databases that were set aside, oldest first.
    package var setAside: [String] {
        let prefix = "\(program.databaseName).db.corrupt-"
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
package struct FileFacts: Sendable, Equatable {
    package let inode: UInt64
    package let size: Int64
    package let isDirectory: Bool
    package let owner: UInt32

    /// Nil if there is no such file, or it cannot be seen.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        owner = status.st_uid
    }
}
