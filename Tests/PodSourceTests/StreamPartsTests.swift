// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@testable import PodSource

@Suite("Parts of the stream")
struct StreamPartsTests {
    // MARK: Lines

    @Test("lines come out whole wherever the chunks are cut", arguments: 1...7)
    func chunks(size: Int) {
        var splitter = LineSplitter(limit: 100)
        let bytes = Array("one\n\ntwo two\nthree".utf8)
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            for case .line(let line) in splitter.append(bytes[start..<min(start + size, bytes.count)]) {
                lines.append(String(decoding: line, as: UTF8.self))
            }
        }
        #expect(lines == ["one", "two two"])
    }

    @Test("a line over the limit is thrown away, counted, and the next one is whole", arguments: [1, 3, 64])
    func oversize(size: Int) {
        var splitter = LineSplitter(limit: 4)
        let bytes = Array("1234\n12345\nok\n".utf8)
        var lines: [LineSplitter.Line] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            lines += splitter.append(bytes[start..<min(start + size, bytes.count)])
        }
        #expect(lines == [.line(Array("1234".utf8)), .oversize(bytes: 5), .line(Array("ok".utf8))])
    }

    // MARK: Slices

    private func members(_ json: String, _ keys: Set<String>) -> [String: String]? {
        JSONSlicer.members(keys, of: Array(json.utf8)[...])?.mapValues { String(decoding: $0, as: UTF8.self) }
    }

    @Test("members are found whatever stands around them")
    func slices() {
        #expect(
            members(#" { "a" : [1,{"b":"}"}] ,"c":"x\"}{", "d":{"a":0},"e":-1.5e3 } "#, ["a", "c", "e"])
                == ["a": #"[1,{"b":"}"}]"#, "c": #""x\"}{""#, "e": "-1.5e3"])
        #expect(members("{}", ["a"]) == [:])
        let elements = JSONSlicer.elements(of: Array(#"[ {"a":[]} , 2,"]"]"#.utf8)[...])?
            .map { String(decoding: $0, as: UTF8.self) }
        #expect(elements == [#"{"a":[]}"#, "2", #""]""#])
    }

    @Test(
        "what is cut or crooked has no members",
        arguments: ["", "{", "[]", #"{"a"}"#, #"{"a":}"#, #"{"a":1"#, #"{"a":"\"#, #"{"a":"x\"#, "{a:1}", #"{"a":[}"#])
    func crooked(json: String) {
        #expect(members(json, ["a"]) == nil)
    }

    @Test("nesting without end costs no stack")
    func deep() {
        #expect(members(#"{"a":"# + String(repeating: "[", count: 1_000_000), ["a"]) == nil)
    }

    // MARK: Backoff

    @Test("the wait is random below a ceiling that grows to the cap")
    func backoff() {
        var backoff = Backoff(base: .milliseconds(100), cap: .seconds(3))
        var longest = Duration.zero
        for attempt in 0..<200 {
            let delay = backoff.failed()
            #expect(delay <= min(.seconds(3), .milliseconds(100) * (1 << min(attempt, 10))))
            #expect(delay >= .milliseconds(20))
            longest = max(longest, delay)
        }
        #expect(longest > .seconds(1))
        backoff.succeeded()
        #expect(backoff.failed() <= .milliseconds(100))
    }
}
