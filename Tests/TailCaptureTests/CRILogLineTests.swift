// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@testable import TailCapture

@Suite("A line of a container log")
struct CRILogLineTests {
    private static let time = "2026-11-21T02:40:13.90024906Z"

    private func parse(_ text: String) throws -> CRILogLine {
        try CRILogLine(Array(text.utf8))
    }

    @Test(
        "gives its time, whatever its width and zone",
        arguments: [
            ("2026-11-21T02:40:13Z", "2026-11-21T02:40:13Z"),
            ("2026-11-21T02:40:13.9Z", "2026-11-21T02:40:13.9Z"),
            ("2026-11-21T02:40:13.900000000Z", "2026-11-21T02:40:13.9Z"),
            ("2026-11-21T02:40:13.90024906Z", "2026-11-21T02:40:13.90024906Z"),
            ("2026-11-21T04:40:13.123456789+02:00", "2026-11-21T02:40:13.123456789Z"),
            ("2026-11-20T21:10:13.1-05:30", "2026-11-21T02:40:13.1Z"),
        ])
    func times(text: String, expected: String) throws {
        #expect(try parse("\(text) stdout F x").time == Timestamp(rfc3339: expected))
    }

    @Test(
        "is kept without a time that has the form of one and cannot be told",
        arguments: [
            "0001-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T25:00:00.5Z", "2026-11-21T02:40:13.1234567890Z",
        ])
    func unreadableTimes(text: String) throws {
        #expect(try parse("\(text) stderr F x").time == nil)
    }

    @Test("says stream, partial or full, and where the content begins")
    func fields() throws {
        let full = try parse("\(Self.time) stdout F hello world")
        #expect(full.stream == .stdout && !full.isPartial && full.contentOffset == 39)
        let partial = try parse("\(Self.time) stderr P:x:y more")
        #expect(partial.stream == .stderr && partial.isPartial && partial.contentOffset == 43)
        #expect(try parse("\(Self.time) stdout F:unknown ").contentOffset == 47)
    }

    @Test("has any bytes for content, blanks, NUL and a forged prefix among them")
    func content() throws {
        let bytes = Array("\(Self.time) stdout F ".utf8)
        for content in [[], [0x20], [0, 0xFF, 0xFE], Array("\(Self.time) stdout F x".utf8)] as [[UInt8]] {
            #expect(try CRILogLine(bytes + content).contentOffset == bytes.count)
        }
    }

    @Test(
        "is malformed if a field is missing or wrong",
        arguments: [
            ("", CRILogLine.Malformation.time), ("garbage", .time), ("no time stdout F x", .time),
            ("2026-11-21 stdout F x", .time), ("2026-11-21T02:40:13 stdout F x", .time), ("\0\0\0\0", .time),
            ("2026-11-21T02:40:13Zz stdout F x", .time), ("2026-11-21T02:40:13.Z stdout F x", .time),
            (" \(time) stdout F x", .time), ("\(time)", .time), ("\(time) ", .stream), ("\(time) stdin F x", .stream),
            ("\(time) stdoutx F x", .stream), ("\(time) stdout", .stream), ("\(time) stdout ", .tag),
            ("\(time) stdout F", .unfinished), ("\(time) stdout FF x", .tag), ("\(time) stdout  x", .tag),
            ("\(time) stdout X x", .tag), ("\(time) stdout \(String(repeating: "F:", count: 200)) x", .unfinished),
        ])
    func malformed(text: String, why: CRILogLine.Malformation) {
        #expect(throws: why) { try parse(text) }
    }

    @Test("has the time that Timestamp reads, for any text")
    func sameAsTimestamp() {
        var random = SeededGenerator(seed: 7)
        var times = LogTimeReader()
        let seeds = [
            "2026-11-21T02:40:13Z", "2026-11-21T02:40:13.900249061Z", "1999-02-30T23:59:60.5+14:00",
            "2261-12-31T00:00:00-12:45",
            // The first day that can be told begins at 00:12:43: its midnight cannot.
            "1677-09-21T00:12:43.145224192Z",
        ].map { Array($0.utf8) }
        let letters = Array("0123456789TZtz:+-. ".utf8)
        var readable = 0
        for _ in 0..<6000 {
            var text = seeds[Int.random(in: 0..<seeds.count, using: &random)]
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let index = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: text.remove(at: index)
                case 1: text.insert(letters[Int.random(in: 0..<letters.count, using: &random)], at: index)
                default: text[index] = letters[Int.random(in: 0..<letters.count, using: &random)]
                }
            }
            let expected = Timestamp(rfc3339: text[...])
            switch text.withUnsafeBytes({ times.read($0) }) {
            case .moment(let moment):
                readable += 1
                #expect(moment == expected, "\(String(decoding: text, as: UTF8.self))")
            case .unreadable, .malformed:
                #expect(expected == nil, "\(String(decoding: text, as: UTF8.self))")
            }
        }
        #expect(readable > 1000)
    }
}
