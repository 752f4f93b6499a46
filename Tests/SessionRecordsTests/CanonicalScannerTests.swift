// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import TestSupport
import Testing

@Suite("Scanning canonical JSON")
struct CanonicalScannerTests {
    private func members(_ bytes: [UInt8]) -> [String]? {
        bytes.withUnsafeBufferPointer { buffer in
            CanonicalScanner.members(of: buffer)?.map { String(decoding: buffer[$0.key], as: UTF8.self) }
        }
    }

    @Test(
        "canonical objects pass, and their members are found",
        arguments: [
            ("{}", []), (#"{"a":1}"#, ["a"]), (#"{"a":-17,"b":[0,true,false,null,"x",[],{}]}"#, ["a", "b"]),
            (#"{"\n":"\u001f\"\\\b\f\r\t","é":"𝄞"}"#, [#"\n"#, "é"]),
            // RFC 8785 3.2.3: sorted by UTF-16, so U+1F600 (D83D…) stands before U+FB33.
            ("{\"\u{20AC}\":1,\"\u{1F600}\":2,\"\u{FB33}\":3}", ["\u{20AC}", "\u{1F600}", "\u{FB33}"]),
        ] as [(String, [String])])
    func canonical(_ text: String, _ keys: [String]) {
        #expect(members(Array(text.utf8)) == keys)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "[]", "1", "{", "}", "{}{}", "{} ", " {}", #"{"a": 1}"#, #"{"a":1,}"#, #"{"b":1,"a":2}"#,
            #"{"a":1,"a":2}"#, #"{"a":01}"#, #"{"a":-0}"#, #"{"a":-}"#, #"{"a":1.5}"#, #"{"a":1e3}"#, #"{"a":+1}"#,
            #"{"a":tru}"#, #"{"a":"\u0041"}"#, #"{"a":"\u001F"}"#, #"{"a":"\u000a"}"#, #"{"a":"\/"}"#,
            #"{"a":"\x"}"#, #"{"a":"\#n"}"#, #"{"a":"x}"#, #"{"a"}"#, #"{a:1}"#, #"{"a":}"#, #"{"a":[1,]}"#,
            "{\"\u{FB33}\":3,\"\u{1F600}\":2}", #"{"a":"\"#,
        ])
    func refused(_ text: String) {
        #expect(members(Array(text.utf8)) == nil)
    }

    @Test(
        "broken UTF-8 is refused",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
            [0xE2, 0x82], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func brokenUTF8(_ bytes: [UInt8]) {
        #expect(members(Array(#"{"a":""#.utf8) + bytes + Array(#""}"#.utf8)) == nil)
        #expect(members(Array(#"{"a":""#.utf8) + bytes) == nil)
    }

    @Test("deep nesting is refused, not followed")
    func depth() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(members(Array("{\"a\":\(deep)".utf8)) == nil)
    }

    @Test("what JSONValue writes as canonical passes; one changed byte never crashes the scanner")
    func mutations() throws {
        var random = SeededGenerator(seed: 7)
        let container = try #require(ContainerID("0123456789abcdef"))
        var session = Session(id: SessionID(container: container), node: "worker-0")
        session.labels = ["\u{1F600}": "x", "\u{FB33}": "\u{1}", "a\"b": "\\"]
        session.evidence = [Evidence(witness: .criStatus, fact: "exit", at: Timestamp(nanoseconds: 7), value: "42")]
        let bytes = session.json.canonical
        #expect(members(bytes) != nil)
        for _ in 0..<5000 {
            var altered = bytes
            altered[Int.random(in: 0..<altered.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            _ = members(altered)
            _ = members(Array(altered.prefix(Int.random(in: 0...altered.count, using: &random))))
        }
    }
}
