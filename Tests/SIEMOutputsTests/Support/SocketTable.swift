// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// The kernel's table of IPv4 sockets (proc(5), /proc/net/tcp).
enum SocketTable {
    private struct Row {
        let localPort: Int
        let state: String
        let unread: Int
    }

    private static func rows() -> [Row] {
        let text = (try? Files.text("/proc/net/tcp")) ?? ""
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 4, let port = fields[1].split(separator: ":").last.flatMap({ Int($0, radix: 16) }),
                let unread = fields[4].split(separator: ":").last.flatMap({ Int($0, radix: 16) })
            else { return nil }
            return Row(localPort: port, state: String(fields[3]), unread: unread)
        }
    }

    static func isListening(_ port: Int) -> Bool {
        rows().contains { $0.localPort == port && $0.state == "0A" }
    }

    /// Bytes that a server's kernel has acknowledged and the server has not read.
    static func unread(_ port: Int) -> Int {
        rows().filter { $0.localPort == port && $0.state != "0A" }.reduce(0) { $0 + $1.unread }
    }
}
