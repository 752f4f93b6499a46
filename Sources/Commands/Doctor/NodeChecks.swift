// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// Checks on the node that need nothing but the file system.
enum NodeChecks {
    static func runtimeSocket(_ path: String) -> DoctorCheck {
        DoctorCheck("runtime socket") {
            var status = stat()
            guard stat(path, &status) == 0 else {
                let reason = errno
                return DoctorCheck.Answer(
                    reason == EACCES ? .skipped : .failed, "\(path): \(text(reason))",
                    remedy: reason == EACCES
                        ? "run doctor as root"
                        : "start the container runtime, or name its socket with --runtime-socket")
            }
            guard status.st_mode & S_IFMT == S_IFSOCK else {
                return DoctorCheck.Answer(
                    .failed, "\(path) is not a socket", remedy: "name the runtime's socket with --runtime-socket")
            }
            // The effective user counts: that is who would connect.
            guard faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 else {
                return geteuid() == 0
                    ? DoctorCheck.Answer(.failed, "\(path): \(text(errno))", remedy: "let root read and write it")
                    : DoctorCheck.Answer(
                        .skipped, "\(path) exists; this user may not use it", remedy: "run doctor as root")
            }
            return refusal(connectingTo: path)
                ?? DoctorCheck.Answer(.ok, "\(path) exists and takes connections")
        }
    }

    /// Nil if a connection was taken.
    private static func refusal(connectingTo path: String) -> DoctorCheck.Answer? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            return DoctorCheck.Answer(.skipped, "\(path) is too long a name to connect to")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return DoctorCheck.Answer(.skipped, "no socket to connect with: \(text(errno))") }
        defer { close(socket) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result != 0 else { return nil }
        return DoctorCheck.Answer(
            .failed, "\(path) takes no connection: \(text(errno))", remedy: "see why the container runtime is down")
    }

    /// Whether logs can be hard-linked: the pin directory must be on the pod logs' file system and in the same mount.
    static func podLogs(_ path: String) -> DoctorCheck {
        DoctorCheck("log pins") {
            guard let resolved = resolve(path) else {
                return DoctorCheck.Answer(
                    errno == EACCES ? .skipped : .failed, "\(path): \(text(errno))",
                    remedy: "name the kubelet's podLogsDir with --pod-logs")
            }
            let parent = resolved.split(separator: "/").dropLast().joined(separator: "/")
            let mount = "/" + parent
            var logs = stat()
            var above = stat()
            guard stat(resolved, &logs) == 0, stat(mount, &above) == 0 else {
                return DoctorCheck.Answer(.failed, "\(resolved): \(text(errno))")
            }
            guard logs.st_dev == above.st_dev else {
                return DoctorCheck.Answer(
                    .warning,
                    "\(resolved) is a file system of its own: logs cannot be linked to \(mount) and are held open instead",
                    remedy: "none is needed: only logs of containers that end while the agent is away are at risk")
            }
            if let points = mountPoints(), points.contains(resolved) {
                return DoctorCheck.Answer(
                    .warning,
                    "\(resolved) is a mount point of its own: links to \(mount) fail, logs are held open instead",
                    remedy: "mount \(mount) as a whole")
            }
            return DoctorCheck.Answer(.ok, "\(resolved) and \(mount) are one mount")
        }
    }

    private static func resolve(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    /// Nil where /proc cannot tell.
    private static func mountPoints() -> Set<String>? {
        guard let lines = SmallFile.lines("/proc/self/mountinfo") else { return nil }
        // proc(5): the mount point is the fifth field.
        return Set(lines.compactMap { $0.split(separator: " ").dropFirst(4).first.map(String.init) })
    }

    static func text(_ code: Int32) -> String {
        String(cString: strerror(code))
    }
}

/// Files of the kernel's that are read whole.
enum SmallFile {
    private static let limit = 4 << 20

    /// Nil if the file cannot be read or is larger than such files are.
    static func lines(_ path: String) -> [String]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init) }
            bytes += buffer.prefix(count)
        }
        return nil
    }
}
