// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// The directory of the hard links, made if need be, 0700, locked for as long as this object lives.
final class PinDirectory: Sendable {
    let path: String
    let handle: OpenFile
    private let logs: LogDirectory

    /// Where pins go if nobody says otherwise: beside podLogsDir, `/var/log/.lastword/pins`.
    static func standardPath(for logs: LogDirectory) -> String {
        let parent = logs.path.split(separator: "/").dropLast().joined(separator: "/")
        return (parent.isEmpty ? "" : "/" + parent) + "/.lastword/pins"
    }

    /// Throws `pins.inside-pod-logs`, `pins.unwritable` or `pins.locked` (another agent holds it: worth another try).
    init(path: String, logs: LogDirectory, lock: Bool = true) throws(LastwordError) {
        self.logs = logs
        let (handle, path) = try Self.make(path, logs: logs)
        self.handle = handle
        self.path = path
        guard lock else { return }
        if flock(handle.descriptor, LOCK_EX | LOCK_NB) != 0 {
            let failure = SystemFailure("flock")
            guard failure.number == EWOULDBLOCK else { throw Self.unwritable(path, failure) }
            throw LastwordError(
                code: "pins.locked", message: "the pin directory \(path) is in use by another lastword-agent",
                remedy: "stop the other agent, or give this one a pin directory of its own")
        }
        // A trial link of a process that died.
        for name in names() where name.hasPrefix(LinkTrial.prefix) { remove(name) }
    }

    /// Finds the deepest part of the path that exists, refuses it inside podLogsDir before anything is made there, and
    /// makes the rest.
    private static func make(_ path: String, logs: LogDirectory) throws(LastwordError) -> (OpenFile, String) {
        guard var existing = Paths.components(path), !existing.isEmpty else {
            throw LastwordError(
                code: "pins.unwritable", message: "the pin directory \(path) is not a plain absolute path",
                remedy: "give an absolute path without . and ..")
        }
        var missing: [String] = []
        var resolved = Paths.resolve(path)
        while resolved == nil, errno == ENOENT, let last = existing.popLast() {
            missing.insert(String(decoding: last, as: UTF8.self), at: 0)
            resolved = Paths.resolve("/" + existing.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/"))
        }
        guard let resolved else { throw unwritable(path, SystemFailure("realpath")) }
        var directory: OpenFile
        switch OpenFile.open(resolved, O_RDONLY | O_DIRECTORY) {
        case .success(let file): directory = file
        case .failure(let failure): throw unwritable(path, failure)
        }
        if try isInside(directory, logs) {
            throw LastwordError(
                code: "pins.inside-pod-logs",
                message: "the pin directory \(path) is inside the pod log directory \(logs.path)",
                remedy: "choose a directory beside it, on the same file system: the kubelet removes strange directories"
            )
        }
        for name in missing {
            if mkdirat(directory.descriptor, name, 0o700) != 0, errno != EEXIST {
                throw unwritable(path, SystemFailure("mkdir \(name)"))
            }
            switch directory.entry(name, O_RDONLY | O_DIRECTORY) {
            case .success(let next): directory = next
            case .failure(let failure): throw unwritable(path, failure)
            }
        }
        switch directory.status() {
        case .failure(let failure):
            throw unwritable(path, failure)
        case .success(let status):
            guard status.owner == geteuid() else {
                throw LastwordError(
                    code: "pins.unwritable",
                    message: "the pin directory \(path) belongs to user \(status.owner), not to the agent",
                    remedy: "remove it, and let the agent make it")
            }
            if status.mode & 0o777 != 0o700, fchmod(directory.descriptor, 0o700) != 0 {
                throw unwritable(path, SystemFailure("chmod"))
            }
        }
        guard faccessat(directory.descriptor, ".", W_OK, 0) == 0 else {
            throw unwritable(path, SystemFailure("access"))
        }
        let tail = missing.isEmpty ? "" : "/" + missing.joined(separator: "/")
        return (directory, (resolved == "/" ? "" : resolved) + tail)
    }

    private static func unwritable(_ path: String, _ cause: any Error) -> LastwordError {
        LastwordError(
            code: "pins.unwritable", message: "cannot make or write the pin directory \(path)",
            remedy:
                "make its file system writable for the agent, or set logs.pinDirectory to a directory in the same mount that is",
            cause: cause)
    }

    /// Whether the directory is podLogsDir or below it, by inodes: a bind mount has another path.
    private static func isInside(_ directory: OpenFile, _ logs: LogDirectory) throws(LastwordError) -> Bool {
        var next = directory
        var last: FileStatus?
        for _ in 0..<256 {
            guard case .success(let status) = next.status(), case .success(let podLogs) = logs.handle.status() else {
                throw unwritable(logs.path, SystemFailure("fstat"))
            }
            if status.inode == podLogs.inode, status.device == podLogs.device { return true }
            if let last, last.inode == status.inode, last.device == status.device { return false }
            last = status
            switch next.entry("..", O_RDONLY | O_DIRECTORY) {
            case .success(let parent): next = parent
            // Above a directory that may not be read nothing can be said; the paths were compared by then.
            case .failure: return false
            }
        }
        return false
    }

    // MARK: Links

    enum LinkOutcome {
        case linked(FileStatus)
        /// Renamed, replaced or removed between the look at it and the link: look again.
        case moved
        /// What was linked is no log; the link is gone again.
        case refused(String)
        /// There can be no link; errno.
        case impossible(Int32)
    }

    /// Links a log under `name`, and believes only what the link itself then shows.
    func link(_ file: String, in directory: OpenFile, expecting inode: UInt64, as name: PinName) -> LinkOutcome {
        // Flag 0: a symbolic link would be linked as such, never followed.
        if linkat(directory.descriptor, file, handle.descriptor, name.text, 0) != 0 {
            let number = errno
            return number == ENOENT ? .moved : .impossible(number)
        }
        guard case .success(let status) = handle.status(of: name.text) else {
            remove(name.text)
            return .moved
        }
        if let objection = logs.objection(to: status) {
            remove(name.text)
            return .refused(objection)
        }
        guard status.inode == inode else {
            remove(name.text)
            return .moved
        }
        return .linked(status)
    }

    @discardableResult
    func remove(_ name: String) -> Bool {
        unlinkat(handle.descriptor, name, 0) == 0
    }

    func rename(_ name: String, to other: String) -> Bool {
        renameat(handle.descriptor, name, handle.descriptor, other) == 0
    }

    /// All names, up to a number that no node has.
    func names() -> [String] {
        guard case .success(let names) = handle.names(limit: 1_000_000) else { return [] }
        return names
    }

    /// The pins on disk, the files of each container oldest first, each checked as on the day it was made. What fails
    /// the check is no pin of ours and is removed.
    func pins() -> [(name: PinName, status: FileStatus)] {
        var pins: [(name: PinName, status: FileStatus)] = []
        for name in names().compactMap(PinName.init) {
            guard case .success(let status) = handle.status(of: name.text) else { continue }
            if logs.objection(to: status) == nil, status.inode == name.inode {
                pins.append((name, status))
            } else {
                remove(name.text)
            }
        }
        return pins.sorted { ($0.name.container, $0.name.sequence) < ($1.name.container, $1.name.sequence) }
    }
}
