// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import HealthReporting
import Logging
import Synchronization
import Testing

@testable import AgentCore

/// libsystemd reads `NOTIFY_SOCKET` from the environment of the process, so the notifier runs in one of its own.
/// The kernel queues ten datagrams (`net.unix.max_dgram_qlen`) and then lets the sender wait: no test may send more, not
/// even when it fails.
@Suite("Notices to systemd")
struct ServiceManagerNotifierTests {
    @Test("READY and STATUS at start, STATUS as it changes, WATCHDOG while alive, STOPPING at the end")
    func notices() async throws {
        let socket = try NotifySocket()
        let path = socket.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            setenv("NOTIFY_SOCKET", path, 1)
            setenv("WATCHDOG_USEC", "200000", 1)
            let asked = Mutex(0)
            let notifier = ServiceManagerNotifier(
                status: {
                    asked.withLock {
                        $0 += 1; return $0 < 4 ? "starting\nWATCHDOG=trigger" : "watching"
                    }
                },
                isAlive: { true }, statusInterval: .milliseconds(20),
                logger: Logging.Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(ServiceManagerNotifier.watchdogInterval() == .milliseconds(100))
            let running = Task { try await notifier.run() }
            try await Task.sleep(for: .milliseconds(450))  // In a process of its own, and nothing is measured here.
            running.cancel()
            try await running.value
        }
        let all = socket.received()
        #expect(all.first == "READY=1\nSTATUS=starting WATCHDOG=trigger")
        #expect(all.last == "STOPPING=1\nSTATUS=stopping")
        #expect(all.count { $0 == "STATUS=watching" } == 1)
        #expect(all.count { $0 == "WATCHDOG=1" } >= 2)
        #expect(Set(all.dropFirst().dropLast()) == ["STATUS=watching", "WATCHDOG=1"])
    }

    @Test("the watchdog is not fed while the main loop stands still")
    func standstill() async throws {
        let socket = try NotifySocket()
        let path = socket.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            setenv("NOTIFY_SOCKET", path, 1)
            setenv("WATCHDOG_USEC", "100000", 1)
            let notifier = ServiceManagerNotifier(
                status: { "stuck" }, isAlive: { false }, statusInterval: .milliseconds(20),
                logger: Logging.Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { try await notifier.run() }
            try await Task.sleep(for: .milliseconds(250))
            running.cancel()
            try await running.value
        }
        #expect(socket.received() == ["READY=1\nSTATUS=stuck", "STOPPING=1\nSTATUS=stopping"])
    }

    @Test("without systemd nothing happens, and nothing fails")
    func withoutSystemd() async throws {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            unsetenv("WATCHDOG_USEC")
            #expect(ServiceManagerNotifier.watchdogInterval() == nil)
            let notifier = ServiceManagerNotifier(
                status: { "" }, isAlive: { true }, statusInterval: .milliseconds(10),
                logger: Logging.Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let running = Task { try await notifier.run() }
            running.cancel()
            try await running.value
        }
    }
}

/// A datagram socket such as systemd listens on.
private final class NotifySocket {
    let path: String
    private let directory: String
    private let descriptor: Int32

    init() throws {
        var template = Array("/tmp/lastword-notify-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw POSIXError(.EIO) }
        directory = String(cString: made)
        path = directory + "/notify"
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard descriptor >= 0, result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }

    deinit {
        close(descriptor)
        try? FileManager.default.removeItem(atPath: directory)  // Left behind in /tmp at worst.
    }

    /// Every datagram that has come so far.
    func received() -> [String] {
        var all: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { return all }
            all.append(String(decoding: buffer[..<count], as: UTF8.self))
        }
    }
}
