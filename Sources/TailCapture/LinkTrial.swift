// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SessionRecords

/// Whether logs can be hard-linked into the pin directory, tried as `check` and `doctor` want to know it.
package struct LinkTrial: Hashable, Sendable {
    package enum Evidence: String, Hashable, Sendable {
        /// A log was linked, and the link removed.
        case linked
        /// No log was there to be linked; both directories lie in one mount.
        case sameMount = "same mount"
    }

    package let podLogsDirectory: String
    package let pinDirectory: String
    /// Where the mount of both is mounted, if `/proc` says so.
    package let mountPoint: String?
    package let evidence: Evidence

    /// Trial links begin with this; a pin never does.
    static let prefix = ".trial-"

    /// Takes no lock, so that it can be made beside a running agent. Throws what stands in the way:
    /// `pins.no-pod-logs`, `pins.inside-pod-logs`, `pins.unwritable`, `pins.cross-mount`, `pins.link-refused`, `pins.off`.
    package static func make(_ configuration: LogKeeperConfiguration) throws(LastwordError) -> LinkTrial {
        let logs = try LogDirectory(
            path: configuration.podLogsDirectory, aliases: configuration.aliases, owner: configuration.logOwner)
        let path: String
        switch configuration.pins {
        case .beside: path = PinDirectory.standardPath(for: logs)
        case .directory(let given): path = given
        case .off:
            throw LastwordError(
                code: "pins.off", message: "pins are turned off: a log lives only as long as the agent holds it open",
                remedy: "give the keeper a pin directory")
        }
        let pins = try PinDirectory(path: path, logs: logs, lock: false)
        return try LinkTrial(logs, pins)
    }

    init(_ logs: LogDirectory, _ pins: PinDirectory) throws(LastwordError) {
        podLogsDirectory = logs.path
        pinDirectory = pins.path
        let source = MountTable.mount(of: logs.handle)
        let target = MountTable.mount(of: pins.handle)
        if let source, let target, source != target {
            throw Self.crossMount(logs, pins, source, target)
        }
        mountPoint = source?.point
        guard let (directory, name) = Self.someLog(in: logs.handle, logs: logs) else {
            evidence = .sameMount
            return
        }
        let trial = "\(Self.prefix)\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        if linkat(directory.descriptor, name, pins.handle.descriptor, trial, 0) == 0 {
            pins.remove(trial)
            evidence = .linked
            return
        }
        let failure = SystemFailure("link \(name)")
        switch failure.number {
        case ENOENT:
            // Deleted between the search and the link: nothing is shown by it.
            evidence = .sameMount
        case EXDEV:
            throw Self.crossMount(logs, pins, source, target)
        default:
            throw LastwordError(
                code: "pins.link-refused", message: "cannot hard-link a log of \(logs.path) into \(pins.path)",
                remedy: failure.number == EPERM
                    ? "run the agent as the logs' owner (root), or as one that fs.protected_hardlinks lets link them"
                    : "make \(pins.path) writable for the agent",
                cause: failure)
        }
    }

    private static func crossMount(
        _ logs: LogDirectory, _ pins: PinDirectory, _ source: MountTable.Mount?, _ target: MountTable.Mount?
    ) -> LastwordError {
        func name(_ mount: MountTable.Mount?) -> String {
            mount.map { "the mount at \($0.point) (\($0.fileSystem))" } ?? "an unknown mount"
        }
        return LastwordError(
            code: "pins.cross-mount",
            message:
                "cannot hard-link logs across mounts: \(logs.path) is in \(name(source)), \(pins.path) in \(name(target))",
            remedy: "mount the directory above both as a whole and writable (/var/log), or put the pin directory into "
                + "the mount of \(logs.path), outside of it; until then logs are held open instead")
    }

    /// Any log that could be pinned, found by looking at no more than a thousand entries.
    private static func someLog(in root: OpenFile, logs: LogDirectory) -> (directory: OpenFile, name: String)? {
        var open: [(directory: OpenFile, depth: Int)] = [(root, 0)]
        var looks = 0
        while let (directory, depth) = open.popLast() {
            guard case .success(let names) = directory.names(limit: 1000) else { continue }
            for name in names {
                looks += 1
                guard looks <= 1000 else { return nil }
                guard case .success(let status) = directory.status(of: name) else { continue }
                if logs.objection(to: status) == nil { return (directory, name) }
                if status.isDirectory, depth < 2, open.count < 64,
                    case .success(let next) = directory.entry(name, O_RDONLY | O_DIRECTORY)
                {
                    open.append((next, depth + 1))
                }
            }
        }
        return nil
    }
}
