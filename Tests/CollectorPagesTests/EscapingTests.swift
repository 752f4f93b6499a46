// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import Testing

@testable import CollectorPages

@Suite("Text from outside on a page")
struct EscapingTests {
    @Test("markup is escaped, also where a combining mark makes another character of it")
    func markup() {
        #expect(
            PageEscaping.escape("<a href=\"x\" b='y'>&amp;") == "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;")
        for mark in ["\u{301}", "\u{200D}", "\u{FE0F}", "\u{20E3}"] {
            for character in ["<", ">", "&", "\"", "'"] {
                let escaped = PageEscaping.escape("x" + character + mark + "y")
                #expect(
                    !escaped.utf8.dropFirst().contains(character.utf8.first ?? 0) || character == "&",
                    "\(escaped.debugDescription)")
                #expect(escaped.utf8.contains(UInt8(ascii: ";")), "\(escaped.debugDescription)")
            }
        }
    }

    @Test("a template's value is escaped the same way, in the frame, in partials and in sections")
    func inTemplates() throws {
        let renderer = try PageRenderer()
        let frame = PageFrame(
            reader: "\"\u{301}<b>", scope: .all, canSignOut: true, now: .init(nanoseconds: 0), version: "<v>")
        let error = ErrorPage(status: 400, heading: "<h>", message: "<script>\"\u{301}", remedy: "</p>")
        let html = error.html(renderer, frame)
        for bad in ["<script>", "<h>", ".</p>.", "<b>", "<v>", "\"\u{301}"] {
            #expect(!html.utf8.contains(bad.utf8), "\(bad)")
        }
        #expect(html.utf8.contains("&lt;script&gt;&quot;".utf8))
    }

    @Test(
        "what cannot be seen is named",
        arguments: [
            ("\u{1B}[31mred\u{1B}[0m", "⟨ESC⟩[31mred⟨ESC⟩[0m"), ("a\u{0}b\u{7}c\u{7F}", "a⟨NUL⟩b⟨BEL⟩c⟨DEL⟩"),
            ("x\u{202E}gpj.exe\u{202C}", "x⟨RLO⟩gpj.exe⟨PDF⟩"),
            ("\u{2066}\u{2067}\u{2068}\u{2069}", "⟨LRI⟩⟨RLI⟩⟨FSI⟩⟨PDI⟩"),
            ("\u{200F}\u{200E}\u{61C}", "⟨RLM⟩⟨LRM⟩⟨ALM⟩"), ("a\u{200B}\u{FEFF}\u{2028}b", "a⟨ZWSP⟩⟨BOM⟩⟨LSEP⟩b"),
            ("\u{9B}31m", "⟨U+9B⟩31m"), ("\u{E000}\u{3164}\u{2800}", "⟨U+E000⟩⟨U+3164⟩⟨U+2800⟩"), ("a\rb", "a⟨CR⟩b"),
            ("שלום", "שלום"), ("tab\there", "tab\there"), ("é e\u{301} ❤\u{FE0F}", "é e\u{301} ❤\u{FE0F}"),
        ])
    func visible(_ text: String, _ shown: String) {
        #expect(VisibleText.line(text).unicodeScalars.elementsEqual(shown.unicodeScalars))
    }

    @Test("bytes that are no text are shown as numbers, and none is lost")
    func invalid() {
        let segments = VisibleText.segments([0x61, 0xFF, 0xC3, 0x28, 0xE2, 0x82])
        #expect(segments.map(\.text).joined() == "a\\xff\\xc3(\\xe2\\x82")
        #expect(segments.map(\.kind) == [.text, .mark, .text, .mark])
    }

    @Test("a terminal's sequences are told from text and from marks")
    func sequences() {
        let segments = VisibleText.segments(Array("\u{1B}[1;32mwget\u{1B}[0m \u{1B}]0;t\u{7} \u{1B}[3\n1m".utf8))
        #expect(
            segments.map(\.text) == [
                "⟨ESC⟩[1;32m", "wget", "⟨ESC⟩[0m", " ", "⟨ESC⟩", "]0;t", "⟨BEL⟩", " ", "⟨ESC⟩[3", "⟨LF⟩", "1m",
            ])
        #expect(segments[0].kind == .sequence && segments[6].kind == .mark)
    }

    @Test("a tower of combining marks is cut down")
    func tower() {
        let shown = VisibleText.line("a" + String(repeating: "\u{301}", count: 40))
        #expect(shown.unicodeScalars.count { $0 == "\u{301}" } == 4)
        #expect(shown.contains("⟨U+301⟩"))
    }

    @Test("an address holds whatever a name is made of")
    func addresses() {
        #expect(PageLink.pod(namespace: "a/b?c#d", pod: "..") == "/pods/a%2Fb%3Fc%23d/%2E%2E")
        #expect(PageLink.sessions([("q", "a b&c=\"\u{301}"), ("pod", "")]) == "/sessions?q=a%20b%26c%3D%22%CC%81")
    }
}

extension Collection where Element: Equatable {
    func contains(_ other: some Collection<Element>) -> Bool {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.starts(with: other) { return true }
            rest = rest.dropFirst()
        }
        return other.isEmpty
    }
}
