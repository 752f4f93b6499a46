// SPDX-License-Identifier: Apache-2.0
import Foundation
import SIEMFormats
import SessionRecords
import Testing

@Suite("Lines of JSON in the Elastic Common Schema")
struct ECSTests {
    /// The schema's type of every field that may stand in a line.
    static let types: [String: String] = [
        "@timestamp": "date", "ecs.version": "keyword", "message": "text", "event.kind": "keyword",
        "event.category": "keywords", "event.type": "keywords", "event.action": "keyword", "event.outcome": "keyword",
        "event.severity": "long", "event.module": "keyword", "event.dataset": "keyword", "event.provider": "keyword",
        "event.id": "keyword", "event.sequence": "long", "event.hash": "keyword", "event.ingested": "date",
        "event.created": "date", "event.start": "date", "event.end": "date", "event.duration": "long",
        "event.reason": "keyword", "service.type": "keyword", "service.version": "keyword", "host.name": "keyword",
        "user.name": "keyword", "error.message": "text", "process.exit_code": "long", "process.args": "keywords",
        "process.args_count": "long", "process.interactive": "boolean", "process.pid": "long", "process.start": "date",
        "process.end": "date", "process.io.text": "text", "process.io.total_bytes_captured": "long",
        "process.io.total_bytes_skipped": "long", "process.io.max_bytes_per_process_exceeded": "boolean",
        "container.id": "keyword", "container.name": "keyword", "container.runtime": "keyword",
        "container.image.name": "keyword", "container.image.tag": "keywords", "container.image.hash.all": "keywords",
        "container.security_context.privileged": "boolean", "orchestrator.type": "keyword",
        "orchestrator.cluster.name": "keyword", "orchestrator.cluster.id": "keyword",
        "orchestrator.namespace": "keyword", "orchestrator.resource.type": "keyword",
        "orchestrator.resource.name": "keyword", "orchestrator.resource.id": "keyword",
        "orchestrator.resource.parent.type": "keyword", "orchestrator.resource.label": "keywords",
        // Not of the schema: ours.
        "lastword_derived.podDeletedAfterSeconds": "long", "lastword_derived.runningForSeconds": "long",
    ]

    /// `event.category` and the types that the schema allows with each.
    static let allowedTypes: [String: Set<String>] = [
        "process": ["access", "change", "end", "info", "start"], "session": ["start", "end", "info"],
        "host": ["access", "change", "end", "info", "start"],
        "iam": ["admin", "change", "creation", "deletion", "group", "info", "user"],
        "configuration": ["access", "change", "creation", "deletion", "info"],
    ]

    private static func object(_ event: SecurityEvent) throws -> [String: Any] {
        let line = Sample.ecs.line(event)
        #expect(line.last == UInt8(ascii: "\n") && line.count { $0 == UInt8(ascii: "\n") } == 1, "one line")
        return try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }

    static func flattened(_ object: [String: Any], _ prefix: String = "") -> [String: Any] {
        object.reduce(into: [:]) { fields, member in
            let name = prefix + member.key
            if name != "lastword", let inner = member.value as? [String: Any] {
                fields.merge(flattened(inner, name + ".")) { $1 }
            } else {
                fields[name] = member.value
            }
        }
    }

    private static func isOfType(_ value: Any, _ type: String) -> Bool {
        switch type {
        case "date": (value as? String).map { Timestamp(rfc3339: $0) != nil } ?? false
        case "keyword", "text": value is String
        case "keywords": value is [String]
        case "long": (value as? NSNumber).map { !isTruth($0) && Int64(exactly: $0) != nil } ?? false
        case "boolean": (value as? NSNumber).map(isTruth) ?? false
        default: false
        }
    }

    private static func isTruth(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }

    @Test("every kind of event is what the golden file shows, and each field has the schema's type")
    func golden() throws {
        var text = ""
        for (name, event) in Sample.everyKind {
            let object = try Self.object(event)
            for (field, value) in Self.flattened(object) where field != "lastword" {
                let type = try #require(Self.types[field], "\(name): \(field) is no field of the schema")
                #expect(Self.isOfType(value, type), "\(name): \(field) is no \(type)")
            }
            let fields = Self.flattened(object)
            for category in try #require(fields["event.category"] as? [String]) {
                let allowed = try #require(Self.allowedTypes[category])
                #expect(allowed.isSuperset(of: fields["event.type"] as? [String] ?? [""]), "\(name)")
            }
            text += "# \(name)\n" + Self.pretty(object) + "\n\n"
        }
        try Golden.expect(text, "ecs.txt")
    }

    private static func pretty(_ object: [String: Any]) -> String {
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = (try? JSONSerialization.data(withJSONObject: object, options: options)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    @Test("the record stands in it as the agent wrote it, with keys that nobody knows yet")
    func record() throws {
        var event = Sample.event(Sample.ended(), "session.ended")
        let record = "{\"fromTheFuture\":[1,\"ü\"]," + (event.record ?? "").dropFirst()
        event.record = record
        #expect(String(decoding: Sample.ecs.line(event), as: UTF8.self).hasSuffix(",\"lastword\":\(record)}\n"))
        let lastword = try #require(try Self.object(event)["lastword"] as? [String: Any])
        #expect(lastword["exitCode"] as? Int == 42 && lastword["fromTheFuture"] != nil)
    }

    /// By Foundation's other reader: `JSONSerialization` drops a byte order mark at the beginning of a string.
    private struct HostileLine: Decodable {
        struct Event: Decodable {
            let id: String
            let reason: String
        }
        struct Named: Decodable { let name: String }
        struct Place: Decodable { let namespace: String }
        struct Message: Decodable { let message: String }
        struct Process: Decodable {
            struct Output: Decodable { let text: String }
            let args: [String]
            let io: Output
        }

        let event: Event
        let container: Named
        let host: Named
        let orchestrator: Place
        let error: Message
        let process: Process
    }

    @Test("a hostile value stays inside its string", arguments: Sample.hostile)
    func hostile(_ words: String) throws {
        let event = Sample.hostile(words)
        _ = try Self.object(event)
        let line = try JSONDecoder().decode(HostileLine.self, from: Data(Sample.ecs.line(event)))
        #expect(line.event.id == event.id && line.event.reason == words && line.container.name == words)
        #expect(line.host.name == words && line.orchestrator.namespace == words && line.error.message == words)
        #expect(line.process.io.text == words)
        #expect(line.process.args == [words, words, "plain", words])
    }

    @Test("a command line of megabytes is cut in process.args, and whole in the record")
    func longArguments() throws {
        var session = Sample.ended()
        session.args = (0..<256).map { "\($0)" + String(repeating: "x", count: 16_000) }
        let object = try Self.object(Sample.event(session, "session.ended"))
        let fields = Self.flattened(object)
        #expect((fields["process.args"] as? [String])?.count == 3)
        #expect(fields["process.args_count"] as? Int == 257)
        #expect(((object["lastword"] as? [String: Any])?["args"] as? [String])?.count == 256)
    }

    @Test("an output's end begins at a character, and says how much stands before it")
    func output() {
        let bytes = Array("aäöü".utf8)
        let cut = OutputText(end: Array(bytes.suffix(3)), of: bytes.count)
        #expect(cut.text == "ü")
        #expect(cut.skipped == 5)
        let whole = OutputText(end: [0xFF, 0x41, 0x00], of: 3)
        #expect(whole.text == "\u{FFFD}A\0")
        #expect(whole.skipped == 0)
    }

    @Test(
        "an agent's numbers of an output may be any",
        arguments: [Int.min, -.max, -1, 0, 1, .max], [Int.min, -.max, -1, 0, 37, .max, nil])
    func outputNumbers(_ bytes: Int, _ total: Int?) throws {
        var session = Sample.ended()
        session.output?.bytes = bytes
        session.output?.totalBytes = total
        var event = Sample.event(session, "session.ended")
        event.output = OutputText(end: Array("the end".utf8), of: 20)
        let fields = Self.flattened(try Self.object(event))
        let skipped = try #require(fields["process.io.total_bytes_skipped"] as? Int)
        let captured = try #require(fields["process.io.total_bytes_captured"] as? Int)
        #expect(skipped >= 0 && captured >= 0)
    }

    @Test(
        "an image's name and tag are told apart",
        arguments: [
            ("busybox", "busybox", nil), ("busybox:1.36", "busybox", "1.36"),
            ("r.example:5000/a/b", "r.example:5000/a/b", nil), ("r.example:5000/a/b:x", "r.example:5000/a/b", "x"),
            ("a:1@sha256:00", "a", "1"), (":", "", nil), ("", "", nil),
        ] as [(String, String, String?)])
    func image(_ image: String, _ name: String, _ tag: String?) throws {
        var session = Sample.ended()
        session.image = image
        let fields = Self.flattened(try Self.object(Sample.event(session, "session.ended")))
        #expect(fields["container.image.name"] as? String == name)
        #expect(fields["container.image.tag"] as? [String] == tag.map { [$0] })
    }
}
