// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SessionRecords

/// The kubelet's podLogsDir, resolved once and held open: every log is reached from this descriptor, one component at a
/// time and never through a symbolic link, because a pod's names are part of the path and a container may have been
/// given the directory.
package final class LogDirectory: Sendable {
    /// The resolved path.
    package let path: String
    let handle: OpenFile
    let device: UInt64
    /// Who must own a log file: root, as the runtime makes it.
    let owner: UInt32
    /// The paths under which a LogPath may name this directory, split and as bytes.
    private let prefixes: [[[UInt8]]]

    /// The kubelet's layout is `<pod>/<container>/<attempt>.log`; a little more is let through.
    private static let depth = 1...8

    /// - Parameters:
    ///   - path: as configured; symbolic links are followed, once, here.
    ///   - aliases: what else the runtime may call it, where the agent sees it at another path.
    ///   - owner: the user id that log files must have.
    ///
    /// Throws `pins.no-pod-logs`.
    package init(path: String, aliases: [String] = [], owner: UInt32 = 0) throws(LastwordError) {
        func failed(_ cause: any Error) -> LastwordError {
            LastwordError(
                code: "pins.no-pod-logs", message: "cannot open the pod log directory \(path)",
                remedy:
                    "set logs.podLogsDirectory to the kubelet's podLogsDir (default /var/log/pods) and let the agent read it",
                cause: cause)
        }
        guard let resolved = Paths.resolve(path) else { throw failed(SystemFailure("realpath \(path)")) }
        let handle: OpenFile
        let status: FileStatus
        switch OpenFile.open(resolved, O_RDONLY | O_DIRECTORY) {
        case .success(let file): handle = file
        case .failure(let failure): throw failed(failure)
        }
        switch handle.status() {
        case .success(let value): status = value
        case .failure(let failure): throw failed(failure)
        }
        self.path = resolved
        self.handle = handle
        self.owner = owner
        device = status.device
        prefixes = ([path, resolved] + aliases).compactMap { Paths.components($0) }
    }

    /// Where a LogPath leads.
    enum Lookup {
        case found(LogLocation)
        /// One of its directories is not there (any more); the file itself may be missing too.
        case absent
        /// It leads, or may lead, somewhere else; in words.
        case refused(String)
    }

    /// Walks to the directory of a log. The file itself need not be there.
    func locate(_ logPath: String) -> Lookup {
        guard logPath.utf8.count <= Bounds.pathBytes, let components = Paths.components(logPath) else {
            return .refused("the log path is not a plain absolute path")
        }
        guard let prefix = prefixes.first(where: { components.starts(with: $0) }) else {
            return .refused("the log path is not below \(path)")
        }
        let below = components.dropFirst(prefix.count)
        guard Self.depth.contains(below.count), let name = below.last else {
            return .refused("the log path is not below \(path) at the depth of a log")
        }
        var directory = handle
        for component in below.dropLast() {
            let text = String(decoding: component, as: UTF8.self)
            switch directory.entry(text, O_RDONLY | O_DIRECTORY) {
            case .success(let next):
                directory = next
            case .failure(let failure) where failure.number == ENOENT:
                return .absent
            case .failure(let failure):
                if case .success(let status) = directory.status(of: text), !status.isDirectory {
                    return .refused("\(text) in the log path is \(status.kindName)")
                }
                return .refused("cannot enter the log's directory: \(failure)")
            }
        }
        return .found(LogLocation(directory: directory, name: String(decoding: name, as: UTF8.self)))
    }

    /// Why a file is not one that the runtime made as a log; nil if it may be.
    func objection(to status: FileStatus) -> String? {
        guard status.isRegular else { return "the log is \(status.kindName)" }
        guard status.device == device else { return "the log is on another device than \(path)" }
        guard status.owner == owner else { return "the log belongs to user \(status.owner), not \(owner)" }
        return nil
    }

    /// Opens a log for reading and checks what was opened.
    func open(_ name: String, in directory: OpenFile) -> Result<(OpenFile, FileStatus), LogRefusal> {
        switch directory.readableEntry(name) {
        case .failure(let failure) where failure.number == ENOENT:
            return .failure(.absent)
        case .failure(let failure):
            if case .success(let status) = directory.status(of: name), let objection = objection(to: status) {
                return .failure(.unsafe(objection))
            }
            return .failure(.unsafe("cannot open the log: \(failure)"))
        case .success(let file):
            switch file.status() {
            case .failure(let failure):
                return .failure(.unsafe("cannot inspect the log: \(failure)"))
            case .success(let status):
                if let objection = objection(to: status) { return .failure(.unsafe(objection)) }
                return .success((file, status))
            }
        }
    }
}

/// Why a log was not opened.
enum LogRefusal: Error, Hashable {
    case absent
    /// In words.
    case unsafe(String)
}

/// The open directory of a container's log, and the live file's name in it.
struct LogLocation {
    let directory: OpenFile
    let name: String

    /// The predecessors that the kubelet's rotation left (`pkg/kubelet/logs/container_log_manager.go`), newest first.
    /// Its temporary files are left out. Where a file is there plain and packed, only the plain one is named.
    func rotated() -> [RotatedLog] {
        guard case .success(let names) = directory.names(limit: 4096) else { return [] }
        var byStamp: [String: RotatedLog] = [:]
        for name in names {
            guard let log = RotatedLog(name: name, live: self.name) else { continue }
            if let other = byStamp[log.stamp], !other.isGzip { continue }
            byStamp[log.stamp] = log
        }
        return byStamp.values.sorted { $0.stamp > $1.stamp }
    }
}

/// A rotated log's name: `<live>.<yyyymmdd-hhmmss>`, packed ones with `.gz` behind it.
struct RotatedLog: Hashable {
    let name: String
    let stamp: String
    let isGzip: Bool

    init?(name: String, live: String) {
        let bytes = Array(name.utf8)
        let prefix = Array((live + ".").utf8)
        guard bytes.starts(with: prefix) else { return nil }
        var rest = bytes[prefix.count...]
        isGzip = rest.count == 18 && rest.suffix(3).elementsEqual(".gz".utf8)
        if isGzip { rest = rest.dropLast(3) }
        guard rest.count == 15 else { return nil }
        for (index, byte) in rest.enumerated() {
            guard index == 8 ? byte == UInt8(ascii: "-") : (48...57).contains(byte) else { return nil }
        }
        self.name = name
        stamp = String(decoding: rest, as: UTF8.self)
    }
}
