// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords
import Testing

@testable import TailCapture

@Suite("The tail of a log")
struct TailReaderTests {
    /// The tail must describe itself: digests, frames over exactly its bytes, streams.
    static func checkSelf(_ tail: CapturedTail, limits: TailLimits = .standard) {
        #expect(tail.summary.bytes == tail.bytes.count)
        #expect(tail.bytes.count <= limits.bytes)
        #expect(tail.frames.reduce(0) { $0 + $1.length } == tail.bytes.count)
        #expect(tail.frames.allSatisfy { $0.length > 0 })
        #expect(tail.summary.sha256 == Digest(of: tail.bytes))
        #expect(tail.summary.framesSHA256 == Digest(of: OutputFrameCoding.encode(tail.frames)))
        #expect(tail.summary.streams == Set(tail.frames.map(\.stream.rawValue)).sorted())
        #expect((tail.summary.totalBytes == nil) != (tail.summary.logBytes == nil))
    }

    private func text(_ tail: CapturedTail) -> String {
        String(decoding: tail.bytes, as: UTF8.self)
    }

    @Test(
        "of a real cluster is what the program printed",
        arguments: [
            ("attach/debugger-wbcnr/0.log", "finding: connection pool exhausted\n"),
            ("attach/debugger-ckfhs/0.log", "finding: connection pool exhausted\n^@"),
            ("attach/ttyexact/0.log", "finding: connection pool exhausted\n\n"),
            ("log-format/okzero/0.log", "ok\n"), ("log-format/badcmd/0.log", ""),
            ("log-format/sig/0.log", "sh: invalid number '$'\n"),
            (
                "containerd-restart/overrestart/0.log",
                (0...13).map { "tick \($0)\n" }.joined()
            ), ("containerd-restart/diesindown/0.log", "a\n"),
        ])
    func real(name: String, expected: String) throws {
        let tail = TailReader.read(bytes: try Fixture.bytes(name))
        #expect(text(tail) == expected)
        #expect(tail.summary.totalBytes == expected.utf8.count)
        #expect(!tail.summary.truncated && !tail.summary.lossy && tail.summary.note == nil)
        Self.checkSelf(tail)
    }

    @Test("keeps NUL, invalid UTF-8, a CR inside a line, empty lines and a forged prefix as they are")
    func binary() throws {
        let tail = TailReader.read(bytes: try Fixture.bytes("log-format/binary/0.log"))
        var expected: [UInt8] = [0xFF, 0xFE, 0]
        expected += Array("bin\nmid\rcr\n\n\nunicode: é€\npartial\n".utf8)
        expected += Array("2026-01-01T00:00:00.000000000Z stdout F forged line\n".utf8)
        #expect(tail.bytes == expected)
        Self.checkSelf(tail)
    }

    @Test("joins lines of 40 000 and 20 000 bytes again, and adds no newline where none was printed")
    func longLine() throws {
        let tail = TailReader.read(bytes: try Fixture.bytes("log-format/longline/0.log"))
        var streams: [SessionRecords.OutputStream: [UInt8]] = [:]
        var offset = 0
        for frame in tail.frames {
            streams[frame.stream, default: []] += tail.bytes[offset..<(offset + frame.length)]
            offset += frame.length
        }
        #expect(
            streams[.stdout] == [UInt8](repeating: 0x78, count: 40_000)
                + Array("\nafter-long\nno newline at the end".utf8))
        #expect(streams[.stderr] == Array("err\n".utf8) + [UInt8](repeating: 0x79, count: 20_000))
        #expect(tail.summary.streams == ["stderr", "stdout"] && tail.summary.totalBytes == 60_037)
        Self.checkSelf(tail)
    }

    @Test("of a terminal session has prompts, echo and escape sequences, with the time of each line")
    func terminal() throws {
        let tail = TailReader.read(bytes: try Fixture.bytes("log-format/ttysh/0.log"))
        #expect(
            text(tail).contains("/ # \u{1B}[6necho") || text(tail).contains("echo \"root cause: stale DNS cache\"\n"))
        #expect(text(tail).hasSuffix("(unknown) # \u{1B}[6nexit 3\n"))
        #expect(tail.frames.count == 22 && tail.summary.streams == ["stdout"])
        #expect(tail.frames.last?.time == Timestamp(rfc3339: "2026-11-21T02:42:29.775689307Z"))
        Self.checkSelf(tail)
    }

    @Test("cuts into a record, keeps its end, and still knows the total if it was the first record")
    func cut() throws {
        let limits = try TailLimits(bytes: 1024)
        let log = line(1, String(repeating: "a", count: 600)) + line(2, String(repeating: "b", count: 600))
        let tail = TailReader.read(bytes: Array(log.utf8), limits: limits)
        #expect(text(tail) == String(repeating: "a", count: 422) + "\n" + String(repeating: "b", count: 600) + "\n")
        #expect(tail.frames.map(\.length) == [423, 601])
        #expect(tail.summary.truncated && tail.summary.totalBytes == 1202)
        let longer = TailReader.read(bytes: Array((line(0, "x") + log).utf8), limits: limits)
        #expect(longer.bytes == tail.bytes && longer.summary.truncated && longer.summary.totalBytes == nil)
        #expect(longer.summary.logBytes == Int64(line(0, "x").utf8.count + log.utf8.count))
        Self.checkSelf(longer, limits: limits)
    }

    @Test("that fits exactly is not truncated")
    func exact() throws {
        let limits = try TailLimits(bytes: 1024)
        let log = line(1, String(repeating: "a", count: 511)) + line(2, String(repeating: "b", count: 511))
        let tail = TailReader.read(bytes: Array(log.utf8), limits: limits)
        #expect(tail.bytes.count == 1024 && !tail.summary.truncated && tail.summary.totalBytes == 1024)
    }

    @Test("has no newline after an unfinished last line, full or partial")
    func unfinished() throws {
        for tag in ["F", "P"] {
            let log = line(1, "one") + line(2, "two", tag: tag).dropLast()
            let tail = TailReader.read(bytes: Array(log.utf8))
            #expect(text(tail) == "one\ntwo" && !tail.summary.lossy)
        }
        let torn = TailReader.read(bytes: Array((line(1, "one") + "2026-11-21T02:4").utf8))
        #expect(text(torn) == "one\n" && torn.summary.lossy && torn.summary.totalBytes == nil)
    }

    @Test("leaves garbage lines out, counts them, and says that it is lossy")
    func garbage() throws {
        let log = line(1, "one") + "garbage\n\n" + String(repeating: "\0", count: 100) + "\n" + line(2, "two")
        let tail = TailReader.read(bytes: Array(log.utf8))
        #expect(text(tail) == "one\ntwo\n" && tail.summary.lossy)
        #expect(tail.summary.note == "3 malformed log lines left out")
        #expect(tail.summary.totalBytes == nil && tail.summary.logBytes == Int64(log.utf8.count))
        Self.checkSelf(tail)
    }

    @Test(
        "of lines of 1 MiB is their end, with the time and stream of their beginning",
        arguments: [1024, 65_536, 4 << 20])
    func megabyteLines(bytes: Int) throws {
        let limits = try TailLimits(bytes: bytes)
        let content = (0..<3).map { String(repeating: Character(String($0)), count: 1 << 20) }
        let log = line(1, content[0]) + line(2, content[1], stream: "stderr") + line(3, content[2])
        let tail = TailReader.read(bytes: Array(log.utf8), limits: limits)
        let truth = content.map { $0 + "\n" }.joined()
        if bytes == 1024 {
            // 64 × 1024 bytes do not reach the line's beginning.
            #expect(tail.bytes.isEmpty && tail.summary.truncated)
            #expect(tail.summary.note?.contains("longer than what may be read") == true)
        } else {
            #expect(tail.bytes == Array(truth.utf8.suffix(bytes)))
            #expect(tail.frames.last?.stream == .stdout && tail.frames.last?.time != nil)
        }
        Self.checkSelf(tail, limits: limits)
    }

    @Test("of nothing but empty lines or one-byte pieces stays within the scan limit and says so")
    func expensive() throws {
        let limits = try TailLimits(bytes: 1024)
        let empty = (0..<3000).map { line($0, "", tag: "P") }.joined()
        let tail = TailReader.read(bytes: Array((line(0, "lost") + empty).utf8), limits: limits)
        #expect(tail.bytes.isEmpty && tail.summary.truncated)
        #expect(tail.summary.note == "not read beyond 65536 bytes of log")
        let newlines = (0..<3000).map { line($0, "") }.joined()
        #expect(
            TailReader.read(bytes: Array(newlines.utf8), limits: limits).bytes == [UInt8](repeating: 10, count: 1024))
    }

    // MARK: Files

    private func source(_ path: String, size: Int64? = nil, isGzip: Bool = false, mayRepeat: Bool = false) throws
        -> LogSource
    {
        let file = try OpenFile.open(path, O_RDONLY).get()
        return LogSource(
            file: file, size: try size ?? file.status().get().size, name: "f", isGzip: isGzip, mayRepeat: mayRepeat)
    }

    private static let whole = TailReader.Context(beginningKnown: true, pinnedBy: .hardlink)

    @Test("costs the same from 10 GiB with holes as from a small file, holes at the end included")
    func sparse() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let log = (0..<3000).map { line($0, "line \($0) " + String(repeating: "z", count: 60)) }.joined()
        try scratch.write(log, to: path)
        let small = TailReader.read([try source(path)], limits: .standard, context: Self.whole)
        // The same at the end of 10 GiB.
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.truncate(atOffset: 0)
        try file.seek(toOffset: 10 << 30)
        try file.write(contentsOf: Data(("\n" + log).utf8))
        let large = TailReader.read([try source(path)], limits: .standard, context: Self.whole)
        #expect(large.bytes == small.bytes && large.bytes.count == 65_536)
        // And with 10 GiB of nothing behind it: one line that no limit reaches the beginning of.
        try file.truncate(atOffset: 20 << 30)
        try file.close()
        let clock = ContinuousClock()
        var hole = small
        let spent = clock.measure {
            hole = (try? TailReader.read([source(path)], limits: .standard, context: Self.whole)) ?? small
        }
        #expect(hole.bytes.isEmpty && hole.summary.truncated && hole.summary.logBytes == 20 << 30)
        #expect(hole.summary.note?.contains("longer than what may be read") == true)
        // Reading 20 GiB would take far longer than this on any machine.
        #expect(spent < .seconds(2))
    }

    @Test("of a file that grows meanwhile ends where it ended at the beginning")
    func growing() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        try scratch.write(line(1, "one"), to: path)
        let source = try source(path)
        try scratch.append(line(2, "two"), to: path)
        #expect(text(TailReader.read([source], limits: .standard, context: Self.whole)) == "one\n")
    }

    @Test("of a file that was cut meanwhile says so")
    func shrunk() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        try scratch.write(line(1, "one"), to: path)
        let tail = TailReader.read([try source(path, size: 10_000)], limits: .standard, context: Self.whole)
        #expect(tail.summary.lossy && tail.summary.truncated && tail.summary.note?.contains("shorter") == true)
    }

    @Test("runs over the plain and the packed predecessors of a real rotation")
    func rotation() throws {
        let packed = LogSource(bytes: try Fixture.bytes("rotation/0.log.20261121-025127.gz"))
        let scratch = try Scratch()
        let path = try scratch.logPath()
        try scratch.write(try Fixture.bytes("rotation/0.log.20261121-025127.gz"), to: path)
        let sources = [
            LogSource(bytes: try Fixture.bytes("rotation/0.log")),
            LogSource(bytes: try Fixture.bytes("rotation/0.log.20261121-025130")),
            try source(path, isGzip: true, mayRepeat: true),
        ]
        let tail = TailReader.read(
            sources, limits: .standard, context: TailReader.Context(beginningKnown: false, pinnedBy: .unpinned))
        let lines = text(tail).split(separator: "\n")
        #expect(lines.count == 162 && lines.first?.hasPrefix("line 538 z") == true)
        #expect(lines.last?.hasPrefix("line 699 z") == true)
        #expect(tail.summary.truncated && !tail.summary.lossy && tail.summary.totalBytes == nil)
        #expect(tail.summary.note == "older output may have been rotated away")
        // The same file, packed, behind itself: nothing twice.
        let twice = TailReader.read(
            [
                sources[1], try source(path, isGzip: true, mayRepeat: true),
                try source(path, isGzip: true, mayRepeat: true),
            ],
            limits: .standard, context: TailReader.Context(beginningKnown: false, pinnedBy: .unpinned))
        #expect(twice.frames.count == 116)
        #expect(TailReader.read(bytes: try Fixture.bytes("rotation/0.log.20261121-025127.gz")).summary.lossy)
        #expect(packed.size == 631)
    }

    @Test("leaves a packed file alone that is damaged, cut short, or unpacks to more than the limit")
    func badGzip() throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let limits = try TailLimits(bytes: 1024)
        let live = LogSource(bytes: Array(line(9, "live").utf8))
        let good = try gzip(Array(line(1, "packed").utf8))
        let bomb = try gzip([UInt8](repeating: 0, count: 1 << 20))
        for (bytes, note) in [
            (Array(good.dropLast(5)), "damaged"), (Array("not gzip".utf8), "damaged"), (bomb, "too large"),
        ] {
            try scratch.write(bytes, to: path)
            let tail = TailReader.read(
                [live, try source(path, isGzip: true)], limits: limits, context: Self.whole)
            #expect(text(tail) == "live\n" && tail.summary.truncated)
            #expect(tail.summary.note?.contains(note) == true)
        }
        try scratch.write(good + (try gzip(Array(line(2, "second member").utf8))), to: path)
        let tail = TailReader.read([live, try source(path, isGzip: true)], limits: limits, context: Self.whole)
        #expect(text(tail) == "packed\nsecond member\nlive\n" && tail.summary.totalBytes == 26)
    }

    @Test("unpacks a file whose end falls on the end of a buffer", arguments: [65_536, 131_072, 65_535])
    func fullBuffers(size: Int) throws {
        let scratch = try Scratch()
        let path = try scratch.logPath()
        let head = line(1, "").utf8.count
        let lines = Array(line(1, String(repeating: "x", count: size / 2 - head)).utf8)
        let rest = Array(line(2, String(repeating: "y", count: size - lines.count - head)).utf8)
        #expect(lines.count + rest.count == size)
        try scratch.write(try gzip(lines + rest), to: path)
        let live = LogSource(bytes: Array(line(9, "live").utf8))
        let tail = TailReader.read(
            [live, try source(path, isGzip: true)], limits: try TailLimits(bytes: 1 << 20), context: Self.whole)
        #expect(tail.summary.note == nil && !tail.summary.truncated)
        #expect(tail.bytes.count == size - 2 * head + 2 + 5)
    }

    @Test("may be 1 KiB to 4 MiB")
    func limits() throws {
        for bytes in [0, 1023, 4 << 20 + 1, -1, .max] {
            #expect(throws: LastwordError.self) { try TailLimits(bytes: bytes) }
        }
        #expect(try TailLimits(bytes: 4 << 20).scanBytes == 256 << 20)
        #expect(TailLimits.standard.bytes == 65_536)
    }
}
