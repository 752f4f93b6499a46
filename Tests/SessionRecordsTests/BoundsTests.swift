// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@Suite("Bounds")
struct BoundsTests {
    @Test("text within the limit is left alone")
    func within() {
        #expect(Bounds.clip("", to: 3) == "")
        #expect(Bounds.clip("äöü", to: 6) == "äöü")
    }

    @Test("longer text is cut between two scalars, has at most the limit's bytes, and begins as the text did")
    func borders() {
        let text = "aé€😀e\u{301}👩‍👩‍👧z" + String(repeating: "x", count: 20)
        for limit in 3..<text.utf8.count {
            let clipped = Bounds.clip(text, to: limit)
            #expect(clipped.utf8.count <= limit)
            // Never more than the longest scalar is given away.
            #expect(clipped.utf8.count > limit - 4)
            #expect(clipped.unicodeScalars.last == "…")
            #expect(text.unicodeScalars.starts(with: clipped.unicodeScalars.dropLast()))
            #expect(!clipped.unicodeScalars.contains("\u{FFFD}"))
        }
    }

    @Test("one letter with a million accents is cut where the limit is, not at its grapheme's border")
    func oneGrapheme() {
        let text = "e" + String(repeating: "\u{301}", count: 1_000_000)
        let clipped = Bounds.clip(text, to: Bounds.argumentBytes)
        #expect(clipped.utf8.count > Bounds.argumentBytes - 4)
        #expect(clipped.utf8.count <= Bounds.argumentBytes)
    }

    @Test("a command keeps so many words of such a length")
    func command() {
        let words = Bounds.command((0..<1000).map { _ in String(repeating: "a", count: 20_000) })
        #expect(words.count == Bounds.arguments)
        #expect(words.allSatisfy { $0.utf8.count == Bounds.argumentBytes })
    }

    @Test("evidence is sorted by time, and its value is bounded")
    func evidence() {
        let late = Evidence(witness: .journal, fact: "exit", at: Timestamp(nanoseconds: 2))
        let early = Evidence(witness: .pin, fact: "exit", at: Timestamp(nanoseconds: 1))
        let none = Evidence(
            witness: .criStatus, fact: "status", value: String(repeating: "é", count: Bounds.evidenceValueBytes))
        #expect([late, none, early].sorted() == [none, early, late])
        #expect((none.value?.utf8.count ?? 0) <= Bounds.evidenceValueBytes)
    }
}
