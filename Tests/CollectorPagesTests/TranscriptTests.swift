// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@testable import CollectorPages

@Suite("Transcripts")
struct TranscriptTests {
    private func made(_ pieces: [(OutputStream, String)], part: Int? = nil) -> Transcript {
        let frames = pieces.enumerated().map { index, piece in
            OutputFrame(stream: piece.0, time: Timestamp(nanoseconds: Int64(index)), length: piece.1.utf8.count)
        }
        return Transcript(
            bytes: pieces.flatMap { Array($0.1.utf8) }, frames: OutputFrameCoding.encode(frames), part: part)
    }

    private func texts(_ transcript: Transcript) -> [String] {
        transcript.lines.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test("each line has its stream and time; where the other stream comes in between, the line is said to go on")
    func streams() {
        let transcript = made([(.stdout, "one\ntwo"), (.stderr, "no\n"), (.stdout, " rest\r\n"), (.stdout, "end")])
        #expect(texts(transcript) == ["one", "two", "no", " rest", "end"])
        #expect(transcript.lines.map(\.stream) == [.stdout, .stdout, .stderr, .stdout, .stdout])
        #expect(transcript.lines.map(\.goesOn) == [false, true, false, false, false])
        #expect(transcript.lines.map { $0.time?.nanoseconds } == [0, 0, 1, 2, 3])
        #expect(transcript.lines.map(\.number) == [1, 2, 3, 4, 5])
        #expect((transcript.part, transcript.parts, transcript.total) == (1, 1, 5))
    }

    @Test("a line that lies in several frames of one stream is one line")
    func joined() {
        #expect(texts(made([(.stdout, "a"), (.stdout, "b"), (.stdout, "c\n"), (.stdout, "\n")])) == ["abc", ""])
    }

    @Test(
        "every byte is shown, whatever the frames say",
        arguments: [[UInt8](), [1], [9, 9], [1, 0, 3], [1, 1, 0xFF, 0x7F]])
    func disagreeing(_ frames: [UInt8]) {
        let transcript = Transcript(bytes: Array("hello\nworld".utf8), frames: frames, part: nil)
        #expect(transcript.lines.flatMap { Array($0.bytes) } == Array("helloworld".utf8))
    }

    @Test(
        "parts hold what a page can, follow each other without a hole, and the last is shown unless another is asked for"
    )
    func parts() {
        let text = (1...4500).map { "line \($0)\n" }.joined()
        let last = made([(.stdout, text)])
        #expect((last.part, last.parts, last.total) == (3, 3, 4500))
        #expect(last.lines.last?.number == 4500 && last.lines.first?.number == 4001)
        var numbers: [Int] = []
        for part in 1...3 { numbers += made([(.stdout, text)], part: part).lines.map(\.number) }
        #expect(numbers == Array(1...4500))
        #expect(made([(.stdout, text)], part: 99).part == 3)
        #expect(made([(.stdout, text)], part: -1).part == 1)
    }

    @Test("a line of a mebibyte is cut, and its pieces say that it goes on")
    func longLine() {
        let transcript = made([(.stdout, String(repeating: "x", count: 1 << 20) + "\n")], part: 1)
        #expect(transcript.lines.allSatisfy { $0.bytes.count <= Transcript.lineBytes && $0.goesOn })
        #expect(transcript.lines.map(\.bytes.count).reduce(0, +) <= Transcript.partBytes)
        #expect(transcript.parts == 8)
        let whole = made([(.stdout, String(repeating: "x", count: Transcript.lineBytes) + "\nnext")])
        #expect(whole.lines.map(\.bytes.count) == [Transcript.lineBytes, 4], "its end makes no empty line")
        #expect(whole.lines.map(\.goesOn) == [false, false])
    }

    @Test("of many empty lines only those of one part are kept")
    func empty() {
        let bytes = [UInt8](repeating: 0x0A, count: 300_000)
        let frames = OutputFrameCoding.encode([OutputFrame(stream: .stdout, time: nil, length: bytes.count)])
        let transcript = Transcript(bytes: bytes, frames: frames, part: nil)
        #expect(transcript.total == 300_000)
        #expect(transcript.lines.count <= Transcript.partLines)
        #expect(transcript.lines.last?.number == 300_000)
    }
}
