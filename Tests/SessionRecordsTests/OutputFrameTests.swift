// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@Suite("Output frames")
struct OutputFrameTests {
    @Test("frames come back as they were, also with times that go backwards or are missing")
    func roundTrip() {
        for _ in 0..<200 {
            let frames = (0..<Int.random(in: 0..<40)).map { _ in
                let time: Int64? =
                    [
                        nil, .min, .max, 0, Int64.random(in: .min ... .max),
                        Int64.random(in: 1 << 60...(1 << 60) + 1000),
                    ].randomElement() ?? nil
                return OutputFrame(
                    stream: Bool.random() ? .stdout : .stderr, time: time.map(Timestamp.init(nanoseconds:)),
                    length: [0, 1, 127, 128, 16_384, 1 << 34].randomElement() ?? 0)
            }
            #expect(OutputFrameCoding.decode(OutputFrameCoding.encode(frames)) == frames)
        }
    }

    @Test("the bytes of the stored form are fixed")
    func fixedBytes() {
        let frames = [
            OutputFrame(stream: .stdout, time: Timestamp(nanoseconds: 1), length: 3),
            OutputFrame(stream: .stderr, time: nil, length: 300),
            OutputFrame(stream: .stderr, time: Timestamp(nanoseconds: -1), length: 0),
        ]
        #expect(OutputFrameCoding.encode(frames) == [1, 2, 3, 2, 1, 0xAC, 2, 3, 0, 3])
        #expect(OutputFrameCoding.encode([]) == [1])
    }

    @Test(
        "what is no frame is refused",
        arguments: [
            [], [0], [2], [1, 0], [1, 4, 0], [1, 0xFF], [1, 2, 3], [1, 0, 0x80], [1, 2, 0, 0x80],
            [1, 0] + [UInt8](repeating: 0xFF, count: 9) + [1], [1, 0] + [UInt8](repeating: 0xFF, count: 9) + [2],
            [1, 0] + [UInt8](repeating: 0x80, count: 100), [1, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
            // Longer than need be, as length and as time; and too much only in all.
            [1, 0, 0x80, 0], [1, 0, 0x83, 0], [1, 2, 0, 0x83, 0x80, 0], [1, 3, 0x82, 1, 0xAC, 2, 3, 0xF9, 0, 3],
            [1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0, 1],
        ] as [[UInt8]])
    func refused(_ bytes: [UInt8]) {
        #expect(OutputFrameCoding.decode(bytes) == nil)
    }

    @Test("any bytes are decoded or refused, never a crash, and what is decoded encodes to the same bytes")
    func hostile() {
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<40)
            let bytes =
                [1] + (0..<count).map { _ in Bool.random() ? UInt8.random(in: 0...3) : UInt8.random(in: 0...255) }
            guard let frames = OutputFrameCoding.decode(bytes) else {
                #expect(OutputFrameCoding.describedBytes(bytes) == nil)
                continue
            }
            #expect(OutputFrameCoding.encode(frames) == bytes)
            let sum = frames.contains { $0.length == 0 } ? nil : frames.reduce(0) { $0 + $1.length }
            #expect(OutputFrameCoding.describedBytes(bytes) == sum)
        }
    }

    @Test("the most that one frame, or several, can describe comes back")
    func most() {
        for lengths in [[(1 << 40) - 1], [1 << 39, (1 << 39) - 1]] {
            let frames = lengths.map { OutputFrame(stream: .stdout, time: nil, length: $0) }
            #expect(OutputFrameCoding.decode(OutputFrameCoding.encode(frames)) == frames)
        }
    }
}
