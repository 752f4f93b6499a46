// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Telemetry

@Suite("The log's descriptor", .timeLimit(.minutes(1)))
struct DescriptorLogTests {
    @Test("a reader that hangs holds nobody up: lines are dropped, and counted once there is room")
    func hangingReader() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let log = DescriptorLog(ends[1], patience: 1)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 1023) + [UInt8(ascii: "\n")]
        for _ in 0..<200 { log.write(line) }
        let taken = try drain(ends[0])
        // A pipe holds 64 KiB.
        #expect(taken.count < 200 * 1024)
        log.write(Array("after\n".utf8))
        let rest = String(decoding: try drain(ends[0]), as: UTF8.self)
        let lines = taken.count { $0 == UInt8(ascii: "\n") }
        #expect(rest.hasSuffix("count=\(200 - lines)\nafter\n"), "\(rest)")
        #expect(rest.contains("dropped"))
    }

    @Test("a long line that fits is written whole")
    func longLine() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let line = [UInt8](repeating: UInt8(ascii: "y"), count: 20_000) + [UInt8(ascii: "\n")]
        DescriptorLog(ends[1]).write(line)
        #expect(try drain(ends[0]) == line)
    }

    /// All that is in the pipe.
    private func drain(_ descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&poller, 1, 0) > 0 {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return bytes
    }
}
