// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

/// One bare connect to the runtime's socket: says in plain words why there is no runtime to talk to, which the gRPC layer
/// does not.
enum SocketProbe {
    /// - Throws: `LastwordError` where the socket cannot be connected to; it is closed again at once otherwise. A runtime
    ///   that is stopped still accepts: this proves the socket, not the runtime.
    static func check(_ path: String) throws(LastwordError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard path.hasPrefix("/"), bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            throw LastwordError(
                code: "runtime.socket-path", message: "cannot connect to the runtime at \(Bounds.name(path))",
                remedy: "give runtime.socket as an absolute path of at most 107 bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw error(path, errno) }
        defer { close(descriptor) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // EAGAIN: the listener's backlog is full. Somebody is there.
        guard result == 0 || errno == EAGAIN else { throw error(path, errno) }
    }

    private static func error(_ path: String, _ number: Int32) -> LastwordError {
        let (code, remedy): (String, String) =
            switch number {
            case ENOENT:
                (
                    "runtime.socket-missing",
                    "start the runtime, mount its socket into the agent's file system, or set runtime.socket"
                )
            case EACCES, EPERM:
                (
                    "runtime.permission-denied",
                    "run the agent as root or as a member of the socket's group, or set runtime.socket"
                )
            case ECONNREFUSED:
                ("runtime.refused", "start the runtime: its socket is there and nobody listens on it")
            default:
                ("runtime.unreachable", "set runtime.socket to the unix socket of containerd or CRI-O")
            }
        return LastwordError(
            code: code, message: "cannot connect to the runtime at \(path): \(String(cString: strerror(number)))",
            remedy: remedy)
    }
}
