// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What `/proc` says about the processes and mounts of this machine.
package enum ProcessTable {
    package struct Entry: Hashable, Sendable, CustomStringConvertible {
        package var pid: Int32
        /// Arguments with spaces between.
        package var commandLine: String
        package var cgroups: String
        package var description: String { "process \(pid): \(commandLine)" }
    }

    /// Every living process that can be read; kernel threads have an empty command line.
    package static func all() -> [Entry] {
        Files.names(in: "/proc").compactMap { name in
            // A process that ended between the listing and the reading is simply not there any more.
            // A zombie has ended too; that its parent, often process 1, has yet to notice is not its fault.
            guard let pid = pid_t(name), let arguments = try? Files.read("/proc/\(name)/cmdline"),
                let state = try? Files.text("/proc/\(name)/stat"), !state.contains(") Z ")
            else { return nil }
            let line = arguments.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            let cgroups = (try? Files.text("/proc/\(name)/cgroup")) ?? ""
            return Entry(pid: pid, commandLine: line.joined(separator: " "), cgroups: cgroups)
        }
    }

    /// The parent of a process; nil if there is no such process.
    package static func parent(of pid: Int32) -> Int32? {
        // A name in parentheses, which may hold anything, then state and parent.
        guard let stat = try? Files.text("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        return stat[end...].split(separator: " ").dropFirst(2).first.flatMap { Int32($0) }
    }

    /// What a symbolic link says, without following it; nil if it is none.
    package static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The type of the file system that a path is on, as mountinfo names it; nil if that cannot be told.
    static func fileSystem(of path: String) -> String? {
        mountTable().filter { $0.point == "/" || path == $0.point || path.hasPrefix($0.point + "/") }
            .max { $0.point.utf8.count < $1.point.utf8.count }?.type
    }

    /// Mount points of this process's mount namespace at or below one of the directories.
    package static func mounts(below directories: [String]) -> [String] {
        mountTable().map(\.point).filter { point in
            directories.contains { point == $0 || point.hasPrefix($0 + "/") }
        }
    }

    private static func mountTable() -> [(point: String, type: String)] {
        // Unreadable only where /proc is missing, and then there is nothing that could be said.
        let table = (try? Files.text("/proc/self/mountinfo")) ?? ""
        return table.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 4, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
            return (unescape(fields[4]), String(fields[dash + 1]))
        }
    }

    /// mountinfo writes space, tab, newline and backslash as three octal digits.
    private static func unescape(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
