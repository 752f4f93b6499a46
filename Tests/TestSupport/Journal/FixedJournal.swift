// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// A journal with entries of a test's choosing, trusted fields included, written by `systemd-journal-remote`.
package enum FixedJournal {
    /// One entry: fields by name, in the export format's words.
    package struct Entry: Sendable {
        package var fields: [(String, [UInt8])]
        /// Microseconds since 1970.
        package var realtime: Int64
        package var monotonic: Int64
        package var boot: String

        package init(
            _ fields: [(String, String)], realtime: Int64, monotonic: Int64 = 0, boot: String = FixedJournal.boot
        ) {
            self.fields = fields.map { ($0.0, Array($0.1.utf8)) }
            self.realtime = realtime
            self.monotonic = monotonic
            self.boot = boot
        }

        /// A line of a service, as it comes over its stream.
        package static func line(
            _ message: String, unit: String, at realtime: Int64, more: [(String, String)] = []
        ) -> Entry {
            let fields = [
                ("MESSAGE", message), ("_SYSTEMD_UNIT", unit), ("_TRANSPORT", "stdout"), ("PRIORITY", "6"),
                ("_PID", "4711"),
            ]
            return Entry(fields + more, realtime: realtime, monotonic: realtime % 1_000_000_000_000)
        }
    }

    package static let boot = "50e0952fdadf462ca07b14601eade161"
    package static let remote = "/lib/systemd/systemd-journal-remote"

    /// Why such journals cannot be made here; nil if they can.
    package static var obstacle: String? {
        Files.exists(remote) ? nil : "there is no \(remote): apt-get install systemd-journal-remote"
    }

    /// Writes a file with the entries, which must be in order.
    package static func write(_ entries: [Entry], to path: String) async throws {
        if let obstacle { throw RigError.failed(obstacle) }
        let input = path + ".export"
        try Files.write(entries.flatMap(export), to: input)
        try await ChildProcess.require([remote, "-o", path, input])
        try Files.remove(input)
    }

    private static func export(_ entry: Entry) -> [UInt8] {
        var bytes = Array(
            "__REALTIME_TIMESTAMP=\(entry.realtime)\n__MONOTONIC_TIMESTAMP=\(entry.monotonic)\n_BOOT_ID=\(entry.boot)\n"
                .utf8)
        for (name, value) in entry.fields {
            bytes += Array("\(name)\n".utf8)
            withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes += Array($0) }
            bytes += value + [10]
        }
        return bytes + [10]
    }
}
