// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport
import Testing

@testable import Commands

@Suite("Nothing from outside reaches the terminal raw")
struct TerminalTextTests {
    /// Characters that a terminal obeys, hides or reorders by.
    static let hostile: [(String, String)] = [
        ("a\u{1B}[2Jb", "a\\x1b[2Jb"), ("a\u{7}b", "a\\x07b"), ("a\u{0}b", "a\\x00b"), ("a\u{7F}b", "a\\x7fb"),
        ("a\u{9B}31mb", "a\\u{9b}31mb"), ("a\u{85}b", "a\\u{85}b"), ("a\u{202E}b", "a\\u{202e}b"),
        ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"), ("a\u{200F}b", "a\\u{200f}b"), ("a\u{61C}b", "a\\u{61c}b"),
        ("a\u{200B}b", "a\\u{200b}b"), ("a\u{FEFF}b", "a\\u{feff}b"), ("a\u{2028}b", "a\\u{2028}b"),
        ("a\u{AD}b", "a\\u{ad}b"), ("a\u{E0041}b", "a\\u{e0041}b"), ("a\u{3164}b", "a\\u{3164}b"),
        ("a\u{E000}b", "a\\u{e000}b"), ("a\rb", "a\\rb"),
    ]

    @Test("in a cell, on a line, in a block and in output alike", arguments: hostile)
    func everywhere(text: String, shown: String) {
        #expect(TerminalText.cell(text) == shown)
        #expect(TerminalText.line(text) == shown)
        #expect(TerminalText.block(text) == shown)
        #expect(TerminalText.output(Array(text.utf8)) == Array(shown.utf8))
    }

    @Test("line feeds and tabs stay only where lines are allowed")
    func lines() {
        #expect(TerminalText.cell("a\nb\tc") == "a\\nb\\tc")
        #expect(TerminalText.line("a\nb\tc") == "a\\nb\\tc")
        #expect(TerminalText.block("a\nb\tc") == "a\nb\tc")
        #expect(TerminalText.output(Array("a\r\nb\tc\r".utf8)) == Array("a\nb\tc\\r".utf8))
    }

    @Test("a cell cannot look like two, nor swap with its neighbours")
    func columns() {
        #expect(TerminalText.cell("a   b") == "a \\x20\\x20b")
        #expect(TerminalText.cell(" a ") == "\\x20a\\x20")
        #expect(TerminalText.cell("a\u{A0}b\u{3000}c") == "a\\u{a0}b\\u{3000}c")
        #expect(TerminalText.cell("\u{5D0}") == "\\u{5d0}")
        #expect(TerminalText.line("\u{5D0} b") == "\u{5D0} b")
        #expect(TerminalText.cell("plain text, such as this") == "plain text, such as this")
    }

    @Test("a long cell is cut at its limit, never inside an escape")
    func clipping() {
        #expect(TerminalText.cell(String(repeating: "x", count: 10_240)) == String(repeating: "x", count: 119) + "…")
        #expect(TerminalText.cell("abc", columns: 3) == "abc")
        #expect(TerminalText.cell("abcd", columns: 3) == "ab…")
        #expect(TerminalText.cell("a\u{1B}\u{1B}", columns: 6) == "a\\x1b…")
        #expect(TerminalText.cell("a\u{1B}b", columns: 5) == "a…")
        #expect(DisplayWidth.of(TerminalText.cell(String(repeating: "漢", count: 99), columns: 10)) <= 10)
    }

    @Test("words in other scripts, and emoji, are shown as they are; marks do not pile up")
    func legible() {
        for text in ["naïve Ünïcödé", "日本語", "Привет", "🎉 done", "e\u{301}"] {
            #expect(TerminalText.line(text) == text)
            #expect(TerminalText.output(Array(text.utf8)) == Array(text.utf8))
        }
        let piled = "a" + String(repeating: "\u{301}", count: 40)
        #expect(TerminalText.line(piled).unicodeScalars.count { $0 == "\u{301}" } == 4)
    }

    @Test("bytes that are not UTF-8 come out as their hex, one by one")
    func invalid() {
        let cases: [([UInt8], String)] = [
            ([0xFF], "\\xff"), ([0xC3], "\\xc3"), ([0xC3, 0x28], "\\xc3("), ([0xE2, 0x82], "\\xe2\\x82"),
            ([0xC0, 0xAF], "\\xc0\\xaf"), ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"),
            ([0xF4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"), ([0x80, 0x41], "\\x80A"),
            ([0xF0, 0x9F, 0x8E, 0x89], "🎉"), ([0x61, 0xF0, 0x9F, 0x8E], "a\\xf0\\x9f\\x8e"),
        ]
        for (bytes, shown) in cases {
            #expect(String(decoding: TerminalText.output(bytes), as: UTF8.self) == shown)
        }
    }

    @Test("whatever the bytes, what comes out is valid UTF-8 without a control character but line feed and tab")
    func anyBytes() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...64, using: &generator)).map { _ in
                // Weighted towards the bytes that UTF-8 is made of.
                let pool: [UInt8] = [0x1B, 0x0D, 0x0A, 0x5B, 0xC2, 0x9B, 0xE2, 0x80, 0xAE, 0xF0, 0x9F]
                return Bool.random(using: &generator)
                    ? pool.randomElement(using: &generator) ?? 0 : UInt8.random(in: 0...255, using: &generator)
            }
            let shown = TerminalText.output(bytes)
            let text = String(validating: shown, as: UTF8.self)
            #expect(text != nil, "\(bytes)")
            #expect(text?.unicodeScalars.allSatisfy(Self.isHarmless) == true, "\(bytes)")
            let cell = TerminalText.cell(String(decoding: bytes, as: UTF8.self))
            #expect(cell.unicodeScalars.allSatisfy { Self.isHarmless($0) && $0 != "\n" && $0 != "\t" }, "\(bytes)")
            #expect(DisplayWidth.of(cell) <= TerminalText.cellColumns)
        }
    }

    /// Written without the code under test.
    static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: true
        case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0x061C: false
        default: true
        }
    }

    @Test("display width counts wide characters twice and marks not at all")
    func width() {
        #expect(DisplayWidth.of("abc") == 3)
        #expect(DisplayWidth.of("漢字") == 4)
        #expect(DisplayWidth.of("e\u{301}") == 1)
        #expect(DisplayWidth.of("🎉") == 2)
        #expect(DisplayWidth.of("é…") == 2)
    }
}
