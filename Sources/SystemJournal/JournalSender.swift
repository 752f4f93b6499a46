// SPDX-License-Identifier: Apache-2.0
import CSystemCalls
import Glibc

/// Sends entries to journald by its native protocol (systemd's `JOURNAL_NATIVE_PROTOCOL`): one datagram is one entry, to
/// be found again by its fields. Never waits; the caller counts what was not taken.
package final class JournalSender: Sendable {
    package enum Outcome: Hashable, Sendable {
        /// journald has it; it may still drop it at its rate limit.
        case sent
        /// Nobody listens at the socket, or there is none.
        case noJournal
        /// journald does not keep up; the entry was not sent.
        case busy
        /// Something else is in the way, in words.
        case failed(String)
    }

    package static let standardSocket = "/run/systemd/journal/socket"

    package let socketPath: String
    /// -1 where the system has none to give.
    private let socket: Int32

    package init(socketPath: String = JournalSender.standardSocket) {
        self.socketPath = socketPath
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        socket = Glibc.socket(AF_UNIX, kind, 0)
    }

    deinit {
        if socket >= 0 { close(socket) }
    }

    /// Sends one entry. Where it is larger than a datagram may be, it goes as a sealed memory file.
    package func send(_ fields: [JournalField]) -> Outcome {
        guard socket >= 0 else { return .failed("no socket could be made") }
        // By name each time: journald may have been restarted, and its socket made anew.
        guard var address = Self.address(socketPath) else { return .failed("the socket's path is too long") }
        let bytes = Self.encode(fields)
        let sent = withAddress(&address) { pointer, length in
            bytes.withUnsafeBytes { sendto(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), pointer, length) }
        }
        if sent >= 0 { return .sent }
        return switch errno {
        // ENOBUFS is what the kernel says where the datagram is beyond what it can hold in one piece.
        case EMSGSIZE, ENOBUFS: sendAsFile(bytes, &address)
        default: Self.outcome(errno)
        }
    }

    private func sendAsFile(_ bytes: [UInt8], _ address: inout sockaddr_un) -> Outcome {
        let file = lastword_memory_file("lastword-journal")
        guard file >= 0 else { return Self.outcome(errno) }
        defer { close(file) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return Self.outcome(errno) }
            offset += count
        }
        // journald reads a file only if nobody can change it any more.
        guard lastword_seal(file) == 0 else { return Self.outcome(errno) }
        let sent = withAddress(&address) { pointer, length in
            lastword_send_descriptor(socket, pointer, length, file)
        }
        return sent >= 0 ? .sent : Self.outcome(errno)
    }

    private static func outcome(_ number: Int32) -> Outcome {
        switch number {
        case ENOENT, ECONNREFUSED, ENOTDIR, ENOTSOCK, EPROTOTYPE: .noJournal
        case EAGAIN, ENOBUFS, ENOMEM, EINTR: .busy
        default: .failed(JournalFailure.text(number))
        }
    }

    private func withAddress<Result>(
        _ address: inout sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func address(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        // The zero at the end belongs to it.
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    /// `NAME=value\n`; where the value has a newline the name alone, its length in 8 bytes, the value, and a newline.
    static func encode(_ fields: [JournalField]) -> [UInt8] {
        var bytes: [UInt8] = []
        for field in fields {
            bytes += Array(field.name.utf8)
            if field.value.contains(UInt8(ascii: "\n")) {
                bytes.append(UInt8(ascii: "\n"))
                withUnsafeBytes(of: UInt64(field.value.count).littleEndian) { bytes += Array($0) }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes += field.value
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}
