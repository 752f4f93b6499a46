// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The files of a journal, as whoever reads it finds them. libsystemd skips what it cannot read without a word; this is
/// where it is noticed.
package struct JournalInventory: Hashable, Sendable {
    /// Directories that are there.
    package var directories: [String] = []
    /// Directories that are there and may not be listed.
    package var closedDirectories: [String] = []
    /// Files that can be opened and have a format that we know.
    package var readable = 0
    /// Files that may not be opened.
    package var refused = 0
    /// Files with a feature that is newer than the library we are built on.
    package var tooNew = 0

    /// Whether anything can be read at all.
    package var isReadable: Bool { readable > 0 }

    /// Looks at the files of a place; at most 10 000 of them.
    package init(of place: JournalPlace) {
        var budget = 10_000
        for directory in place.directories { look(at: directory, depth: 0, &budget) }
    }

    /// The trouble of a place where nobody keeps a journal.
    package static let nothing = "there is no journal"

    /// What is in the way, in words; nil if nothing is.
    package var trouble: String? {
        if readable == 0 {
            if refused > 0 || !closedDirectories.isEmpty { return "no file of the journal may be read" }
            if tooNew > 0 { return "the journal's files are of a newer format than libsystemd here knows" }
            return Self.nothing
        }
        if refused > 0 { return "\(refused) files of the journal may not be read" }
        if tooNew > 0 { return "\(tooNew) files of the journal are of a newer format than libsystemd here knows" }
        return nil
    }

    private mutating func look(at path: String, depth: Int, _ budget: inout Int) {
        guard let directory = opendir(path) else {
            if errno == EACCES || errno == EPERM { closedDirectories.append(path) }
            return
        }
        defer { closedir(directory) }
        directories.append(path)
        while budget > 0, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".journal") || name.hasSuffix(".journal~") {
                budget -= 1
                count(path + "/" + name)
            } else if depth == 0, Self.namesMachine(name) {
                look(at: path + "/" + name, depth: 1, &budget)
            }
        }
    }

    private mutating func count(_ path: String) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == EACCES || errno == EPERM { refused += 1 }
            return
        }
        defer { close(file) }
        // Signature, compatible flags, incompatible flags (systemd's JOURNAL_FILE_FORMAT).
        var header = [UInt8](repeating: 0, count: 16)
        guard Glibc.read(file, &header, header.count) == header.count, header.starts(with: Array("LPKSHHRH".utf8))
        else { return }
        // XZ, LZ4, keyed hash, ZSTD, compact: what the libsystemd versions of today read.
        let unknown = header[12] & ~0b1_1111 != 0 || header[13...].contains { $0 != 0 }
        if unknown { tooNew += 1 } else { readable += 1 }
    }

    /// A machine id, and behind a dot the name of a name space.
    private static func namesMachine(_ name: String) -> Bool {
        let id = name.prefix { $0 != "." }.utf8
        return id.count == 32 && id.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
