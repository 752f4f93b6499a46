// SPDX-License-Identifier: Apache-2.0

/// What `/proc` says of a process's memory and processor time.
package struct ProcessUsage: Sendable {
    /// `Rss` and `Anonymous` of `smaps_rollup`, in bytes: what it occupies, and what of it is not a file's.
    package var residentBytes: Int
    package var anonymousBytes: Int
    /// Nanoseconds that all its threads have run, to the nanosecond (`schedstat`, not the ticks of `stat`).
    package var ranNanoseconds: Int64

    /// Throws if there is no such process.
    package init(of pid: Int32) throws {
        let rollup = try Files.text("/proc/\(pid)/smaps_rollup")
        residentBytes = try Self.kibibytes("Rss:", in: rollup) * 1024
        anonymousBytes = try Self.kibibytes("Anonymous:", in: rollup) * 1024
        ranNanoseconds = 0
        for thread in Files.names(in: "/proc/\(pid)/task") {
            // A thread may end between the listing and the reading.
            guard let text = try? Files.text("/proc/\(pid)/task/\(thread)/schedstat"),
                let ran = text.split(separator: " ").first.flatMap({ Int64($0) })
            else { continue }
            ranNanoseconds += ran
        }
    }

    package var resident: Double { Double(residentBytes) / 1e6 }
    package var anonymous: Double { Double(anonymousBytes) / 1e6 }

    private static func kibibytes(_ key: String, in text: String) throws -> Int {
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            if let value = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) { return value }
        }
        throw RigError.failed("smaps_rollup has no line \(key)")
    }
}
