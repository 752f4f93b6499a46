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
                    length: [0, 1, 127, 128, 16_384, (1 << 40) - 1].randomElement() ?? 0)
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
        ] as [[UInt8]])
    func refused(_ bytes: [UInt8]) {
        #expect(OutputFrameCoding.decode(bytes) == nil)
    }

    @Test("any bytes are decoded or refused, never a crash, and what is decoded encodes to the same frames")
    func hostile() {
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<40)
            let bytes =
                [1] + (0..<count).map { _ in Bool.random() ? UInt8.random(in: 0...3) : UInt8.random(in: 0...255) }
            guard let frames = OutputFrameCoding.decode(bytes) else { continue }
            #expect(OutputFrameCoding.decode(OutputFrameCoding.encode(frames)) == frames)
        }
    }
}
