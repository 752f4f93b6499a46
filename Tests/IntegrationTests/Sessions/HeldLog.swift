// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestSupport

/// A container's log held open by the test: what the runtime wrote, whoever unlinks it, apart from the agent's own reading.
///
/// containerd 1.6.20 drops what its logger has not read by the exit (containerd#7289), so what a container printed and what
/// its log holds may differ on a loaded machine; a record can only be as good as the log.
final class HeldLog: Sendable {
    private let file: Int32

    init(_ container: RunningContainer) throws {
        file = open(container.logPath, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw RigError.system("cannot open \(container.logPath)") }
    }

    deinit {
        close(file)
    }

    /// The text of all records, both streams in the order of the log.
    var text: String {
        get throws {
            let records = String(decoding: try Files.read("/proc/self/fd/\(file)"), as: UTF8.self).split(
                separator: "\n")
            return records.map { record in
                let parts = record.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
                return String(parts.last ?? "") + (parts.dropFirst(2).first == "F" ? "\n" : "")
            }.joined()
        }
    }
}
