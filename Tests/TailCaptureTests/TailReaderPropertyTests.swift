// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@testable import TailCapture

@Suite("The tail of any log")
struct TailReaderPropertyTests {
    /// A random log and, told apart from it, what was printed: each byte with its stream.
    private struct Sample {
        var files: [[UInt8]] = [[]]
        var truth: [UInt8] = []
        var streams: [OutputStream] = []

        /// Every byte but LF, over and over.
        private static let pattern = (0..<30_000).map { index -> UInt8 in
            let byte = UInt8(truncatingIfNeeded: index &* 7)
            return byte == 10 ? 0 : byte
        }

        init(using random: inout SeededGenerator) {
            let records = Int.random(in: 0...60, using: &random)
            let longest = [3, 80, 800, 20_000][Int.random(in: 0..<4, using: &random)]
            for number in 0..<records {
                if Int.random(in: 0..<12, using: &random) == 0 { files.append([]) }
                let stream = Bool.random(using: &random) ? OutputStream.stdout : .stderr
                let isPartial = Int.random(in: 0..<3, using: &random) == 0
                let start = Int.random(in: 0..<1000, using: &random)
                let content = Self.pattern[start..<(start + Int.random(in: 0...longest, using: &random))]
                let time = Timestamp(
                    nanoseconds: 1_800_000_000_000_000_000 + Int64(number) * 100_000_000
                        + Int64.random(in: 0..<100_000_000, using: &random))
                let isLast = number == records - 1
                let isTorn = isLast && Bool.random(using: &random)
                let header = "\(time) \(stream.rawValue) \(isPartial ? "P" : "F") "
                files[files.count - 1] += Array(header.utf8) + content + (isTorn ? [] : [10])
                truth += content + (isPartial || isTorn ? [] : [10])
                streams += [OutputStream](repeating: stream, count: truth.count - streams.count)
            }
        }
    }

    @Test("is the suffix of what was printed, each byte under its stream, however the log is cut into files")
    func suffix() throws {
        var random = SeededGenerator(seed: 42)
        for round in 0..<250 {
            let sample = Sample(using: &random)
            let bytes = Bool.random(using: &random) ? 1024 : Int.random(in: 1024...40_000, using: &random)
            let limits = try TailLimits(bytes: bytes)
            let tail = TailReader.read(
                sample.files.reversed().map { LogSource(bytes: $0) }, limits: limits,
                context: TailReader.Context(beginningKnown: true, pinnedBy: .hardlink))
            // Below the scan limit nothing may be missing.
            let size = sample.files.reduce(0) { $0 + $1.count }
            guard size * 2 + 65_536 < limits.scanBytes || size < 16_384 else {
                #expect(sample.truth.suffix(tail.bytes.count).elementsEqual(tail.bytes))
                continue
            }
            try #require(tail.bytes == Array(sample.truth.suffix(bytes)), "round \(round)")
            let streams = tail.frames.flatMap { [OutputStream](repeating: $0.stream, count: $0.length) }
            #expect(streams == Array(sample.streams.suffix(bytes)))
            #expect(tail.summary.truncated == (sample.truth.count > bytes) || sample.truth.count == bytes)
            #expect(!tail.summary.lossy)
            if sample.truth.count < bytes { #expect(tail.summary.totalBytes == sample.truth.count) }
            if let total = tail.summary.totalBytes { #expect(total == sample.truth.count) }
            TailReaderTests.checkSelf(tail, limits: limits)
        }
    }

    @Test("made of mutated real logs stays within its bounds and never traps")
    func mutations() throws {
        let corpus = try Fixture.logs.map { Array(try Fixture.bytes($0).suffix(6000)) }
        let limits = try TailLimits(bytes: 1024)
        var random = SeededGenerator(seed: 1)
        for _ in 0..<2500 {
            var bytes = corpus[Int.random(in: 0..<corpus.count, using: &random)]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0...bytes.count, using: &random)
                let end = min(bytes.count, index + Int.random(in: 0...200, using: &random))
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes.removeSubrange(index..<end)
                case 1: bytes.insert(contentsOf: bytes[index..<end], at: 0)
                case 2: bytes.insert([10, 0, 0x20, 0xFF, 0x5A].randomElement(using: &random) ?? 0, at: index)
                case 3: bytes.insert(contentsOf: [UInt8](repeating: 0, count: 300), at: index)
                default:
                    if index < bytes.count { bytes[index] = UInt8.random(in: 0...255, using: &random) }
                }
            }
            let tail = TailReader.read(bytes: bytes, limits: limits)
            #expect(tail.bytes.count <= min(1024, bytes.count))
            #expect(tail.frames.reduce(0) { $0 + $1.length } == tail.bytes.count)
            // Whatever has the header's form anywhere in it, a line gives a record or a reason.
            let start = Int.random(in: 0...bytes.count, using: &random)
            let line = Array(bytes[start...].prefix(80))
            let parsed = Result { () throws(CRILogLine.Malformation) in try CRILogLine(line) }
            if case .success(let record) = parsed { #expect(record.contentOffset <= line.count) }
        }
    }
}
