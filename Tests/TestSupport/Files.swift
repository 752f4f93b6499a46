// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// Plain file work of the rig, by system calls, each failure with its path.
package enum Files {
    package static func exists(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    /// Makes the directory and the missing ones above it.
    package static func makeDirectories(_ path: String, mode: UInt32 = 0o755) throws {
        var prefix = path.hasPrefix("/") ? "" : "."
        for component in path.split(separator: "/") {
            prefix += "/" + component
            if mkdir(prefix, mode) != 0, errno != EEXIST { throw RigError.system("cannot make \(prefix)") }
        }
    }

    /// Replaces the file's content.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws {
        try put(bytes, path, flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode: mode)
    }

    package static func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    /// Appends, making the file where there is none.
    package static func append(_ bytes: [UInt8], to path: String) throws {
        try put(bytes, path, flags: O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode: 0o644)
    }

    private static func put(_ bytes: [UInt8], _ path: String, flags: Int32, mode: UInt32) throws {
        let file = open(path, flags, mode)
        guard file >= 0 else { throw RigError.system("cannot open \(path)") }
        defer { close(file) }
        try writeAll(bytes, to: file, named: path)
    }

    /// Writes every byte to an open descriptor.
    package static func writeAll(_ bytes: [UInt8], to file: Int32, named name: String) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw RigError.system("cannot write \(name)") }
            offset += count
        }
    }

    package static func read(_ path: String) throws -> [UInt8] {
        if let bytes = try readIfThere(path) { return bytes }
        errno = ENOENT
        throw RigError.system("cannot open \(path)")
    }

    /// Nil if there is no such file.
    package static func readIfThere(_ path: String) throws -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw RigError.system("cannot open \(path)") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw RigError.system("cannot read \(path)") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    package static func text(_ path: String) throws -> String {
        String(decoding: try read(path), as: UTF8.self)
    }

    /// Names in a directory, sorted, without `.` and `..`; empty if there is no such directory.
    package static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Every path below a directory, sorted; links are named, not followed.
    package static func tree(_ path: String) -> [String] {
        names(in: path).flatMap { name -> [String] in
            let full = path + "/" + name
            return [full] + (isDirectory(full) ? tree(full) : [])
        }
    }

    package static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// Removes a file; one that is not there is as good as removed.
    package static func remove(_ path: String) throws {
        if unlink(path) != 0, errno != ENOENT { throw RigError.system("cannot remove \(path)") }
    }

    package static func rename(_ old: String, to new: String) throws {
        if Glibc.rename(old, new) != 0 { throw RigError.system("cannot rename \(old) to \(new)") }
    }

    /// Removes a directory and all below it, also where a test took the write permission from a directory.
    /// Follows no link. What cannot be removed stays: the caller looks whether it cares.
    package static func removeTree(_ path: String) {
        if isDirectory(path) {
            chmod(path, 0o700)
            for name in names(in: path) { removeTree(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    /// A new directory of mode 0700 whose name begins with `prefix` and ends in six random characters.
    package static func makeTemporaryDirectory(prefix: String) throws -> String {
        var template = Array((prefix + "XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw RigError.system("cannot make a directory at \(prefix)…") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
