// SPDX-License-Identifier: Apache-2.0
import Foundation
import SIEMFormats
import SessionRecords
import Testing

@Suite("Syslog messages")
struct SyslogTests {
    private static let element = "lastword@32473"

    @Test("every kind of event is what the golden file shows")
    func golden() throws {
        var text = ""
        for (index, (name, event)) in Sample.everyKind.enumerated() {
            let message = Sample.syslog.message(event, sequence: Int64(index + 1))
            _ = try #require(SyslogReading(message), "\(name) is a message of RFC 5424")
            text += "# \(name)\n"
            text +=
                String(decoding: message, as: UTF8.self).replacing("\u{FEFF}", with: "<BOM>")
                .replacing(/[ ](?=[a-z_A-Z0-9]+=")/, with: "\n    ") + "\n\n"
        }
        try Golden.expect(text, "syslog.txt")
    }

    @Test("a hostile value arrives as it was, in an element that nothing can break out of", arguments: Sample.hostile)
    func hostile(_ words: String) throws {
        var format = Sample.syslog
        format.maxBytes = 1 << 20
        let event = Sample.hostile(words)
        let message = format.message(event, sequence: 1)
        #expect(!message.contains { $0 < 0x20 || $0 == 0x7F }, "no control character")
        let reading = try #require(SyslogReading(message))
        #expect(Set(reading.elements.keys) == [Self.element, "meta", "origin"])
        let values = try #require(reading.elements[Self.element])
        for name in [
            "namespace", "pod", "container", "image", "target", "message", "reason", "cluster", "requested_by",
        ] {
            #expect(SyslogReading.plain(values[name] ?? "") == words, "\(name)")
        }
        #expect(values["cut"] == nil)
        let list = try JSONDecoder().decode(
            [String].self, from: Data(SyslogReading.plain(values["args"] ?? "").utf8))
        #expect(list == [words, "plain", words])
        #expect(values["id"] == event.id)
        #expect(reading.host.unicodeScalars.allSatisfy { (33...126).contains($0.value) })
    }

    @Test(
        "a message is never longer than it may be; what was cut says so, what names the event is whole",
        arguments: [2048, 8192], Sample.hostile)
    func bounded(_ limit: Int, _ words: String) throws {
        var format = Sample.syslog
        format.maxBytes = limit
        let long = String(repeating: words, count: 1 + 6000 / max(1, words.utf8.count))
        let event = Sample.hostile(long)
        let message = format.message(event, sequence: 1)
        #expect(message.count <= limit)
        let values = try #require(SyslogReading(message)?.elements[Self.element])
        #expect(values["id"] == event.id && values["hash"] == event.hash?.description)
        #expect(values["session"] == event.session?.id.rawValue)
        let cut = (values["cut"] ?? "").split(separator: ",").map(String.init)
        #expect(!cut.isEmpty)
        for name in cut { #expect(values[name]?.hasSuffix("…") == true, "\(name)") }
        // An owner's names are cut in the record already.
        let others = values.filter { !cut.contains($0.key) && $0.key != "cut" && !$0.key.hasPrefix("owner_") }
        for (name, value) in others {
            #expect(!value.hasSuffix("…"), "\(name)")
        }
    }

    @Test("severity and facility make the priority")
    func priority() throws {
        func priority(_ event: SecurityEvent) -> Int? {
            SyslogReading(Sample.syslog.message(event, sequence: 1))?.priority
        }
        var success = Sample.ended()
        success.exitCode = 0
        #expect(priority(Sample.event(success, "session.ended")) == 86)
        #expect(priority(Sample.event(Sample.ended(), "session.ended")) == 85)
        var inferred = success
        inferred.ending = .inferred
        #expect(priority(Sample.event(inferred, "session.ended")) == 84)
        #expect(priority(Sample.event(Sample.running(), "session.started")) == 86)
        #expect(priority(Sample.gap(closed: false, closedBy: nil)) == 84)
        #expect(priority(Sample.gap(closed: true, closedBy: nil)) == 83)
        #expect(priority(Sample.gap(closed: true, closedBy: "relisted")) == 85)
        #expect(priority(Sample.alarm()) == 83)
        #expect(priority(Sample.alarm(closed: true)) == 85)
        #expect(priority(Sample.audit()) == 85)
        var local = Sample.syslog
        local.facility = .local3
        #expect(SyslogReading(local.message(Sample.audit(), sequence: 1))?.priority == 19 * 8 + 5)
    }

    @Test("the frame's number counts the message's bytes, and the sequence begins at 1 again behind its largest number")
    func frame() throws {
        let event = Sample.hostile("ünï🦊")
        let message = Sample.syslog.message(event, sequence: 5)
        #expect(Sample.syslog.frame(event, sequence: 5) == Array("\(message.count) ".utf8) + message)
        for (sequence, shown) in [(0, "1"), (1, "1"), (2_147_483_647, "2147483647"), (2_147_483_648, "1")] {
            let message = Sample.syslog.message(event, sequence: Int64(sequence))
            #expect(SyslogReading(message)?.elements["meta"]?["sequenceId"] == shown)
        }
    }

    @Test("times have six digits of a fraction at most, also before 1970")
    func times() throws {
        for (nanoseconds, text) in [
            (Int64(1_795_228_800_123_456_789), "2026-11-21T02:40:00.123456Z"), (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59.999999Z"), (.min, "1677-09-21T00:12:43.145225Z"),
        ] {
            var event = Sample.audit()
            event.at = Timestamp(nanoseconds: nanoseconds)
            #expect(SyslogReading(Sample.syslog.message(event, sequence: 1))?.timestamp == text)
        }
    }
}
