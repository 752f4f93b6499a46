// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Glibc

/// What the kernel says about this process, under the names that Prometheus' own clients use.
package struct ProcessMetrics: Sendable {
    package static let descriptions: [MetricDescription] = [
        MetricDescription("process_resident_memory_bytes", .gauge, "Resident memory of the process."),
        MetricDescription("process_cpu_seconds_total", .counter, "User and system CPU time of the process."),
        MetricDescription("process_open_fds", .gauge, "Open file descriptors of the process."),
        MetricDescription("process_start_time_seconds", .gauge, "When the process started, in seconds since 1970."),
    ]

    private let started: Double

    package init() {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        started = Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    /// In the text exposition format; what the kernel does not say is left out.
    package func exposition() -> String {
        let readings = [
            Self.residentBytes(), Self.processorSeconds(), Self.openDescriptors(), started,
        ]
        var text = ""
        for (description, value) in zip(Self.descriptions, readings) {
            guard let value else { continue }
            text +=
                "# HELP \(description.name) \(description.help)\n# TYPE \(description.name) \(description.kind.rawValue)\n"
            text += "\(description.name) \(PrometheusText.number(value))\n"
        }
        return text
    }

    private static func residentBytes() -> Double? {
        guard let file = fopen("/proc/self/statm", "re") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = fread(&buffer, 1, buffer.count, file)
        // The second number is resident pages (proc_pid_statm(5)).
        let fields = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func processorSeconds() -> Double? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    private static func openDescriptors() -> Double? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Without `.`, `..` and the descriptor that lists them.
        return Double(max(0, count - 3))
    }
}
