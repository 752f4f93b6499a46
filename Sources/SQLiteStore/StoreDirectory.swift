// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SessionRecords

/// Makes the store's directory and files with their modes: 0750 and 0640, group `lastword` where that group exists.
package enum StoreDirectory {
    /// Creates the directory and what is missing above it, and sets mode and group of the directory itself.
    package static func prepare(_ paths: StorePaths, group: String) throws {
        try makeDirectories(paths.directory, paths.program)
        guard let facts = FileFacts(paths.directory), facts.isDirectory else {
            throw LastwordError(
                code: "store.unwritable", message: "cannot keep a store in \(paths.directory): it is not a directory",
                remedy: "name a directory as store.directory, or move what is there away")
        }
        guard facts.owner == geteuid() else { return }
        let descriptor = open(paths.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable(paths.directory, SystemFault("open"), program: paths.program) }
        defer { close(descriptor) }
        try settle(descriptor, paths.directory, mode: 0o750, group: group, program: paths.program)
    }

    /// Makes an empty database file where there is none, so that SQLite's other files take its mode and group after it.
    package static func prepareDatabaseFile(_ paths: StorePaths, group: String) throws {
        let descriptor = open(paths.database, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw unwritable(paths.database, SystemFault("open"), program: paths.program) }
        defer { close(descriptor) }
        guard FileFacts(paths.database)?.owner == geteuid() else { return }
        try settle(descriptor, paths.database, mode: 0o640, group: group, program: paths.program)
    }

    /// The descriptor's mode, and its group if there is such a group and we may give files away.
    package static func settle(
        _ descriptor: Int32, _ path: String, mode: UInt32, group: String, program: StoreProgram
    ) throws {
        guard fchmod(descriptor, mode) == 0 else { throw unwritable(path, SystemFault("fchmod"), program: program) }
        guard geteuid() == 0, let id = groupID(group) else { return }
        guard fchown(descriptor, uid_t.max, id) == 0 else {
            throw unwritable(path, SystemFault("fchown"), program: program)
        }
    }

    package static func unwritable(
        _ path: String, _ fault: SystemFault, program: StoreProgram = .agent
    ) -> LastwordError {
        LastwordError(
            code: fault.number == ENOSPC ? "store.full" : "store.unwritable", message: "cannot write \(path)",
            remedy: fault.number == ENOSPC
                ? "free space on its file system"
                : "give the \(program.name) a writable directory of its own: store.directory",
            cause: fault)
    }

    private static func makeDirectories(_ path: String, _ program: StoreProgram) throws {
        guard FileFacts(path) == nil else { return }
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        if !parent.isEmpty { try makeDirectories(parent, program) }
        // Another process may have made it in between: the check behind this call sees what is there.
        guard mkdir(path, 0o750) == 0 || errno == EEXIST else {
            throw unwritable(path, SystemFault("mkdir"), program: program)
        }
    }

    private static func groupID(_ name: String) -> gid_t? {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, let found else { return nil }
        return found.pointee.gr_gid
    }
}
