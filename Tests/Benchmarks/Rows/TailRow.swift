// SPDX-License-Identifier: Apache-2.0
import Glibc
import SessionRecords
import TailCapture
import TestSupport

/// Reading the last 64 KiB of a log of 10 MiB and of one of 10 GiB, as the agent reads it: from the pin.
enum TailRow {
    static let group = BenchmarkGroup(
        name: "tail", summary: "the last 64 KiB of a small and of a huge log", rows: ["tail-10-mib", "tail-10-gib"],
        run: run)

    private static func run(_ laboratory: Laboratory) async throws -> [Measurement] {
        let directory = try await laboratory.scratch()
        let logs = directory + "/pods"
        try Files.makeDirectories(logs)
        let keeper = try LogKeeper(configuration: LogKeeperConfiguration(podLogsDirectory: logs))
        let sizes: [(name: String, bytes: Int64)] = [("tail-10-mib", 10 << 20), ("tail-10-gib", 10 << 30)]
        var times: [String: [Int64]] = [:]
        // In turns, so that whatever else the machine does meets both.
        for turn in 0..<120 {
            for (index, size) in sizes.enumerated() {
                guard let id = ContainerID("\(index + 1)" + String(repeating: "0", count: 63)) else { continue }
                let container = "\(logs)/default_web_uid/log-\(index)"
                let path = container + "/0.log"
                if turn == 0 {
                    try Files.makeDirectories(container)
                    try write(path, bytes: size.bytes)
                    guard keeper.pin(id, logPath: path) == .held(.hardlink) else {
                        throw RigError.failed("\(path) could not be pinned")
                    }
                }
                let began = Clock.monotonic()
                let tail = keeper.capture(id, logPath: path)
                let took = Clock.monotonic() - began
                guard tail.bytes.count == 65_536, !tail.summary.lossy else {
                    throw RigError.failed("the tail has \(tail.bytes.count) bytes: \(tail.summary.note ?? "")")
                }
                // The first turns read the pages from the disk.
                if turn >= 20 { times[size.name, default: []].append(took) }
            }
        }
        return sizes.map { size in
            let samples = Samples(nanoseconds: times[size.name] ?? [])
            return Measurement(
                size.name, samples.median, "ms", goal: .below(2),
                note: "median of \(samples.count), p99 \(Measurement.text(samples.percentile(99))) ms, pages cached")
        }
    }

    /// A sparse file that ends in a MiB of log lines of 100 bytes.
    private static func write(_ path: String, bytes: Int64) throws {
        let line = Array("2026-01-01T00:00:00.123456789Z stdout F \(String(repeating: "x", count: 59))\n".utf8)
        let lines = Array(repeatElement(line, count: (1 << 20) / line.count).joined())
        try Files.write([0x0A], to: path)
        guard truncate(path, off_t(bytes) - off_t(lines.count)) == 0 else {
            throw RigError.system("cannot stretch \(path)")
        }
        // The hole reads as NUL bytes, one endless line: what comes after it begins on a line of its own.
        try Files.append([0x0A] + lines, to: path)
    }
}
