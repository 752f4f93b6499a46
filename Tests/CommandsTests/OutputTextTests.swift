// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@testable import Commands

@Suite("What logs prints")
struct OutputTextTests {
    private static let tail = Samples.tail([
        ("stdout", "2026-11-21T02:40:10Z", "one\n"), ("stderr", "2026-11-21T02:40:11Z", "bad\n"),
        ("stdout", "2026-11-21T02:40:12Z", "tw"), ("stdout", "2026-11-21T02:40:13Z", "o\n"),
        ("stdout", nil, "$ "),
    ])

    private func render(_ tail: CapturedTail, _ change: (inout OutputText) -> Void) -> String {
        var text = OutputText()
        change(&text)
        return String(decoding: text.render(tail), as: UTF8.self)
    }

    @Test("both streams in the order of the log, or one alone")
    func streams() {
        #expect(render(Self.tail) { _ in } == "one\nbad\ntwo\n$ ")
        #expect(render(Self.tail) { $0.stream = .stdout } == "one\ntwo\n$ ")
        #expect(render(Self.tail) { $0.stream = .stderr } == "bad\n")
    }

    @Test("times stand at the beginning of lines, not of pieces")
    func timestamps() {
        #expect(
            render(Self.tail) { $0.timestamps = true } == """
                2026-11-21T02:40:10Z one
                2026-11-21T02:40:11Z bad
                2026-11-21T02:40:12Z two
                - $\u{20}
                """)
    }

    @Test("streams that interrupt each other's lines keep their times in the first column")
    func interleaved() {
        let tail = Samples.tail([
            ("stdout", "2026-11-21T02:40:10Z", "par"), ("stderr", "2026-11-21T02:40:11Z", "err\n"),
            ("stdout", "2026-11-21T02:40:12Z", "tial\n"),
        ])
        #expect(
            render(tail) { $0.timestamps = true } == """
                2026-11-21T02:40:10Z par
                2026-11-21T02:40:11Z err
                2026-11-21T02:40:12Z tial

                """)
        #expect(render(tail) { _ in } == "parerr\ntial\n")
    }

    @Test(
        "the last lines, an unfinished one included",
        arguments: [(0, ""), (1, "$ "), (2, "two\n$ "), (3, "bad\ntwo\n$ "), (4, "one\nbad\ntwo\n$ "), (99, "one\nbad\ntwo\n$ ")])
    func lastLines(count: Int, shown: String) {
        #expect(render(Self.tail) { $0.tail = count } == shown)
    }

    @Test("the last lines of one stream")
    func lastOfStream() {
        #expect(
            render(Self.tail) {
                $0.tail = 2
                $0.stream = .stdout
            } == "two\n$ ")
    }

    @Test("a character that the runtime cut into two pieces is whole again")
    func splitCharacter() {
        var tail = Samples.tail([("stdout", nil, "é\n")])
        tail.frames = [
            OutputFrame(stream: .stdout, time: nil, length: 1), OutputFrame(stream: .stdout, time: nil, length: 2),
        ]
        #expect(render(tail) { _ in } == "é\n")
        #expect(render(tail) { $0.timestamps = true } == "- é\n")
    }

    @Test("frames that do not fit the bytes lose none and invent none", arguments: [0, 1, 3, 4, 99, -5, Int.max])
    func wrongFrames(length: Int) {
        var tail = Samples.tail([("stdout", nil, "one\ntwo")])
        tail.frames = [OutputFrame(stream: .stderr, time: nil, length: length)]
        #expect(render(tail) { _ in } == "one\ntwo")
        let parts = render(tail) { $0.stream = .stderr } + render(tail) { $0.stream = .stdout }
        #expect(parts == "one\ntwo")
    }

    @Test("logs says on standard error what is missing, and 1 if all of it is")
    func missing() async {
        var memory = MemorySource.samples
        var cut = Self.tail
        cut.summary.truncated = true
        memory.outputs = [Samples.copy.id: cut, Samples.madeUp.id: CapturedTail.lost("log file gone")]
        let cli = CommandHarness(memory)
        let tail = await cli.run("logs", Samples.copy.id.rawValue)
        #expect(tail.code == 0)
        #expect(tail.out == "one\nbad\ntwo\n$ ")
        #expect(tail.err.contains("earlier output was not kept"))
        let lost = await cli.run("logs", Samples.madeUp.id.rawValue)
        #expect(lost.code == 1)
        #expect(lost.out == "")
        #expect(lost.err.contains("log file gone"))
        let running = await cli.run("logs", Samples.running.id.rawValue)
        #expect(running.code == 1)
        #expect(running.err.contains("it is running"))
        let removed = await cli.run("logs", Samples.demo.id.rawValue)
        #expect(removed.code == 1)
        #expect(removed.err.contains("retention removed it"))
    }
}
