// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import Testing

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "RFC 3339 is read to the nanosecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000000001Z", 1), ("1969-12-31T23:59:59.999999999Z", -1),
            ("2026-11-21T02:40:10.522775261Z", 1_795_228_810_522_775_261),
            ("2026-11-21T02:40:10.5Z", 1_795_228_810_500_000_000),
            ("2026-11-21T04:40:10.5+02:00", 1_795_228_810_500_000_000),
            ("2026-11-20T21:10:10.500-05:30", 1_795_228_810_500_000_000),
            ("2026-11-21t02:40:10z", 1_795_228_810_000_000_000), ("2000-02-29T00:00:00Z", 951_782_400_000_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
            ("1677-09-21T00:12:43.145224192Z", Int64.min), ("2262-04-11T23:47:16.854775807Z", Int64.max),
        ] as [(String, Int64)])
    func parsing(_ text: String, _ nanoseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
        #expect(Timestamp(rfc3339: Array("x\(text)".utf8).dropFirst())?.nanoseconds == nanoseconds)
    }

    @Test(
        "everything else is refused, also the year-1 times of the kubelet and days that do not exist",
        arguments: [
            "", "Z", "0001-01-01T00:00:00Z", "2026-11-21", "2026-11-21T02:40:10", "2026-11-21 02:40:10Z",
            "2026-11-21T02:40:10.Z", "2026-11-21T02:40:10.1234567890Z", "2026-11-21T02:40:10Zx", "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
            "2026-11-00T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T00:60:00Z", "2026-11-21T00:00:61Z",
            "2026-11-21T02:40:10+2:00", "2026-11-21T02:40:10+24:00", "2026-11-21T02:40:10+00:60",
            "2262-04-11T23:47:16.854775808Z", "1677-09-21T00:12:43.145224191Z", "9999-12-31T23:59:59Z",
            "２026-11-21T02:40:10Z", "-026-11-21T02:40:10Z", "2026-11-21T02:40:1",
        ])
    func refused(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("text drops the trailing zeros of the fraction, and the fraction where it is zero")
    func text() {
        #expect(Timestamp(nanoseconds: 0).description == "1970-01-01T00:00:00Z")
        #expect(Timestamp(nanoseconds: 1_500_000_000).description == "1970-01-01T00:00:01.5Z")
        #expect(Timestamp(nanoseconds: -1).description == "1969-12-31T23:59:59.999999999Z")
        #expect(Timestamp(nanoseconds: 1_000).description == "1970-01-01T00:00:00.000001Z")
    }

    @Test("any moment survives the way to text and back")
    func roundTrip() {
        var random = SystemRandomNumberGenerator()
        let edges = [Int64.min, .min + 1, -1, 0, 1, .max - 1, .max]
        for nanoseconds in edges + (0..<20_000).map({ _ in Int64.random(in: .min ... .max, using: &random) }) {
            let time = Timestamp(nanoseconds: nanoseconds)
            #expect(Timestamp(rfc3339: time.description) == time, "\(nanoseconds)")
        }
    }

    @Test("any bytes are read or refused, never a crash")
    func mutations() {
        let alphabet = Array("0123456789-:.TZtz+ \u{0}é".utf8)
        let seed = Array("2026-11-21T02:40:10.522775261+02:00".utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4) {
                bytes[Int.random(in: 0..<bytes.count)] = alphabet.randomElement() ?? 0
            }
            _ = Timestamp(rfc3339: bytes.prefix(Int.random(in: 0...bytes.count)))
        }
    }

    @Test("arithmetic saturates instead of overflowing, and parts that do not fit are refused")
    func bounds() {
        let first = Timestamp(nanoseconds: .min)
        let last = Timestamp(nanoseconds: .max)
        #expect(last.nanoseconds(since: first) == .max)
        #expect(first.nanoseconds(since: last) == .min)
        #expect(last.advanced(byNanoseconds: 1) == last)
        #expect(first.advanced(byNanoseconds: -1) == first)
        #expect(Timestamp(seconds: -9_223_372_037, nanos: 145_224_192) == first)
        #expect(Timestamp(seconds: -9_223_372_037, nanos: 145_224_191) == nil)
        #expect(Timestamp(seconds: 9_223_372_036, nanos: 854_775_808) == nil)
        #expect(Timestamp(seconds: .min, nanos: 999_999_999) == nil)
        #expect(Timestamp(seconds: 0, nanos: 1_000_000_000) == nil)
        #expect(Timestamp(seconds: 0, nanos: -1) == nil)
        #expect(Timestamp(seconds: -1, nanos: 1)?.nanoseconds == -999_999_999)
    }
}
