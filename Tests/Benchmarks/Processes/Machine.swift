// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestSupport

/// What the numbers were measured on.
enum Machine {
    static var description: String {
        let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        var parts = ["\(processors) processors"]
        if let kernel = first("/proc/sys/kernel/osrelease") { parts.append("Linux \(kernel)") }
        if let load = first("/proc/loadavg") {
            parts.append("load \(load.split(separator: " ").prefix(3).joined(separator: " "))")
        }
        return parts.joined(separator: ", ")
    }

    private static func first(_ path: String) -> String? {
        // Where it cannot be read, the line is just shorter.
        (try? Files.text(path))?.split(separator: "\n").first.map(String.init)
    }
}
