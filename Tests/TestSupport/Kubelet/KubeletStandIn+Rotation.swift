// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords

extension KubeletStandIn {
    /// Rotates a running container's log in the kubelet's order (`pkg/kubelet/logs/container_log_manager.go`): drop the
    /// oldest beyond the limit, compress what was rotated before, rename `N.log` to `N.log.YYYYMMDD-HHMMSS`, have the
    /// runtime open a new one.
    ///
    /// - Parameter maxFiles: `containerLogMaxFiles`, the live one included.
    /// - Returns: the path that the log was renamed to.
    @discardableResult
    package func rotateLog(_ container: RunningContainer, maxFiles: Int = 5) async throws -> String {
        let directory = "\(container.pod.logDirectory)/\(container.name)"
        let prefix = "\(container.attempt).log."
        // Names end in a time, so that sorting them puts the oldest first, compressed or not.
        var rotated = Files.names(in: directory).filter { $0.hasPrefix(prefix) }
        for temporary in rotated where temporary.hasSuffix(".tmp") { try Files.remove(directory + "/" + temporary) }
        rotated.removeAll { $0.hasSuffix(".tmp") }
        for oldest in rotated.prefix(max(0, rotated.count - (maxFiles - 2))) {
            try Files.remove(directory + "/" + oldest)
        }
        for plain in rotated.suffix(max(0, maxFiles - 2)) where !plain.hasSuffix(".gz") {
            let path = directory + "/" + plain
            let compressed = try await ChildProcess.require(["gzip", "-c", path]).standardOutput
            try Files.write(compressed, to: path + ".tmp", mode: 0o640)
            try Files.rename(path + ".tmp", to: path + ".gz")
            try Files.remove(path)
        }
        let target = try await waitFor(every: .milliseconds(100), "a second without a rotation comes") {
            let path = container.logPath + "." + Self.stamp()
            return Files.exists(path) || Files.exists(path + ".gz") ? nil : path
        }
        try Files.rename(container.logPath, to: target)
        do {
            try await runtime.reopenLog(container.id)
        } catch {
            try Files.rename(target, to: container.logPath)
            throw error
        }
        return target
    }

    /// `YYYYMMDD-HHMMSS` of the node's local time.
    private static func stamp() -> String {
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
            + "-\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))"
    }
}
