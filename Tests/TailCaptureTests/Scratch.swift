// SPDX-License-Identifier: Apache-2.0
import CZlib
import Foundation
import SessionRecords
import Testing

@testable import TailCapture

/// A small node in a directory of its own: `log/pods` with container logs, and room for pins beside it.
final class Scratch: Sendable {
    let path: String

    init(in directory: String = "/tmp") throws {
        var template = Array((directory + "/tail-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemFailure("mkdtemp") }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try FileManager.default.createDirectory(atPath: path + "/log/pods", withIntermediateDirectories: true)
    }

    deinit {
        // What cannot be removed stays in /tmp; a test that cares looks before.
        try? FileManager.default.removeItem(atPath: path)
    }

    var pods: String { path + "/log/pods" }
    var pins: String { path + "/log/.lastword/pins" }

    /// The LogPath of a container, its directory made.
    func logPath(_ container: String = "debugger", file: String = "0.log") throws -> String {
        let directory = pods + "/ns_pod_uid/" + container
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return directory + "/" + file
    }

    func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }

    func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    func append(_ text: String, to path: String) throws {
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    func rename(_ path: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: path, toPath: other)
    }

    func remove(_ path: String) throws {
        try FileManager.default.removeItem(atPath: path)
    }

    /// What the pin directory holds.
    func pinNames() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: pins)) ?? []).sorted()
    }

    func configuration() -> LogKeeperConfiguration {
        var configuration = LogKeeperConfiguration(podLogsDirectory: pods)
        configuration.logOwner = geteuid()
        // The machine's disk may be fuller than the floor; tests of the floor set their own.
        configuration.freeSpaceFloor = 0
        return configuration
    }

    func keeper(_ change: (inout LogKeeperConfiguration) -> Void = { _ in }) throws -> LogKeeper {
        var configuration = configuration()
        change(&configuration)
        return try LogKeeper(configuration: configuration)
    }
}

enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let root = try #require(Bundle.module.resourcePath)
        return Array(try Data(contentsOf: URL(fileURLWithPath: root + "/Fixtures/" + name)))
    }

    static let logs =
        [
            "attach/debugger-wbcnr", "attach/debugger-ckfhs", "attach/ttyexact", "attach/debug-target",
            "log-format/badcmd", "log-format/binary", "log-format/logfmt", "log-format/longline", "log-format/okzero",
            "log-format/sig", "log-format/termmsg", "log-format/ttysh", "containerd-restart/cr",
            "containerd-restart/diesindown", "containerd-restart/overrestart", "containerd-restart/stubborn",
        ].map { $0 + "/0.log" } + ["rotation/0.log", "rotation/0.log.20261121-025130"]
}

/// Waits for a state, at most a minute: other tests may keep the machine busy.
func eventually(_ what: Comment, _ holds: () -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: .seconds(60))
    while !holds() {
        try #require(clock.now < deadline, what)
        try await Task.sleep(for: .milliseconds(5))
    }
}

func containerID(_ letter: Character = "a") throws -> ContainerID {
    try #require(ContainerID(String(repeating: letter, count: 64)))
}

/// One line of a log, a second after the last one for each number.
func line(_ number: Int, _ text: String, stream: String = "stdout", tag: String = "F") -> String {
    let time = Timestamp(nanoseconds: 1_800_000_000_000_000_000 + Int64(number) * 1_000_000_007)
    return "\(time) \(stream) \(tag) \(text)\n"
}

/// SplitMix64, again: beside `TestSupport` the structures of zlib would belong to gRPC's copy of it.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// What `gzip` makes of these bytes.
func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    var stream = z_stream()
    try #require(
        deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)) == Z_OK)
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + 1024)
    let capacity = output.count
    let count = input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(capacity)
            return deflate(&stream, Z_FINISH) == Z_STREAM_END ? capacity - Int(stream.avail_out) : -1
        }
    }
    try #require(count > 0)
    return Array(output.prefix(count))
}
