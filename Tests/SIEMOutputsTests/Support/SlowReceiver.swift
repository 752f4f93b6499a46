// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import TestSupport

/// A TCP server that accepts and reads only when it is told to. Of several connections it reads the newest, and keeps the others
/// unread.
final class SlowReceiver: Sendable {
    let port: Int
    private let listener: Int32
    private let connections = Mutex<[Int32]>([])

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var small: Int32 = 16 << 10
        setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &small, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard listener >= 0, isListening else { throw RigError.system("cannot listen") }
        port = Int(UInt16(bigEndian: address.sin_port))
        self.listener = listener
    }

    deinit {
        for connection in connections.withLock({ $0 }) { close(connection) }
        close(listener)
    }

    /// Takes one more connection; false where none waits.
    func accept() -> Bool {
        let connection = Glibc.accept(listener, nil, nil)
        guard connection >= 0 else { return false }
        _ = fcntl(connection, F_SETFL, O_NONBLOCK)
        connections.withLock { $0.append(connection) }
        return true
    }

    /// What has come on the newest connection. Bytes of a character that is not whole yet are lost: enough to look for words.
    func read() -> String {
        guard let connection = connections.withLock({ $0.last }) else { return "" }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
