// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OTLPProto
import SessionRecords
import SwiftProtobuf
import TestSupport
import Testing

@testable import OTLPCoding

@Suite("Entries as OTLP and back")
struct RoundTripTests {
    @Test("what is decoded is what was encoded, in both forms, in order", arguments: OTLPFormat.allCases)
    func roundTrip(_ format: OTLPFormat) throws {
        let sent = SampleLedger.everyKind.entries
        let encoder = OTLPEncoder.sample
        let body = try format == .protobuf ? encoder.body(sent) : encoder.json(sent)
        let batch = try OTLPDecoder().decode(body, as: format)
        #expect(batch.foreign == 0)
        #expect(batch.entries.map(\.number) == sent.map(\.number))
        for (came, went) in zip(batch.entries, sent) {
            #expect(came.ledger == went.ledger && came.type == went.type && came.at == went.at)
            #expect(came.hash == went.hash && came.previousHash == went.previousHash)
            #expect(came.bytes == went.bytes && came.stubReason == nil && came.node == "worker-0")
        }
        let ended = batch.entries[3]
        #expect(ended.session == Sample.ended)
        #expect(ended.output?.bytes == Sample.outputBytes && ended.output?.frames == Sample.frames)
        #expect(batch.entries[4].gap?.reason == "connection lost")
    }

    @Test("consecutive entries of one container share a resource; others do not")
    func runs() {
        let request = OTLPEncoder.sample.request(SampleLedger.everyKind.entries)
        #expect(request.resourceLogs.map { $0.scopeLogs.reduce(0) { $0 + $1.logRecords.count } } == [2, 2, 3])
        let keys = request.resourceLogs[1].resource.attributes.map(\.key)
        #expect(keys.contains("k8s.pod.name") && keys.contains("container.id") && keys.contains("k8s.deployment.name"))
        #expect(request.resourceLogs.allSatisfy { $0.resource.attributes.contains { $0.key == "k8s.node.name" } })
    }

    @Test("no attribute list has a key twice, and texts are of one line")
    func keys() {
        var session = Sample.ended
        session.pod = "two\nlines\u{1B}[2J"
        var ledger = SampleLedger.everyKind
        ledger.add(session)
        let request = OTLPEncoder.sample.request(ledger.entries)
        for record in request.records {
            #expect(Set(record.attributes.map(\.key)).count == record.attributes.count)
            #expect(!record.body.stringValue.contains { $0.isNewline || $0 == "\u{1B}" })
        }
        for group in request.resourceLogs {
            #expect(Set(group.resource.attributes.map(\.key)).count == group.resource.attributes.count)
        }
    }

    @Test("a stub has number and hashes, and no bytes")
    func stub() throws {
        var entry = SampleLedger.everyKind.entries[3]
        entry.form = .stub(reason: "the receiver answered 413")
        let request = OTLPEncoder.sample.request([entry])
        #expect(request.records[0].attributes.count < 12)
        let came = try #require(try request.decoded().entries.first)
        #expect(came.bytes == nil && came.stubReason == "the receiver answered 413" && came.output == nil)
        #expect(came.hash == entry.hash && came.number == 4 && came.at == nil && came.outputOmitted == "refused")
    }

    @Test("without its output an entry is whole, and says so")
    func withoutOutput() throws {
        var entry = SampleLedger.everyKind.entries[3]
        entry.form = .withoutOutput
        let came = try #require(try OTLPEncoder.sample.request([entry]).decoded().entries.first)
        #expect(came.bytes == entry.bytes && came.output == nil && came.outputOmitted == "refused")
    }

    @Test("an excerpt is readable text of bounded length, and the output itself stays")
    func excerpt() throws {
        let long = Array(repeating: UInt8(ascii: "x"), count: 20_000) + Array("é end\u{7}\n".utf8)
        let frames = OutputFrameCoding.encode([OutputFrame(stream: .stdout, time: nil, length: long.count)])
        var session = Sample.ended
        session.output?.sha256 = Digest(of: long)
        session.output?.framesSHA256 = Digest(of: frames)
        var ledger = SampleLedger()
        ledger.add(session, output: .init(bytes: long, frames: frames))
        let policy = SendingPolicy(output: .init(.excerpt))
        let record = OTLPEncoder.sample(policy).request(ledger.entries).records[0]
        let text = try #require(record["lastword.output.excerpt"]).stringValue
        #expect(text.utf8.count <= SendingPolicy.excerptBytes + 8 && text.hasSuffix("é end\u{FFFD}\n"))
        #expect(record["lastword.output"] == nil)
        #expect(record["lastword.output.omitted"]?.stringValue == "excerpt")
    }

    @Test("output of namespaces that are not named stays on the node")
    func outputByNamespace() throws {
        let policy = SendingPolicy(output: .init(.full) { $0 == "elsewhere" })
        let came = try OTLPEncoder.sample(policy).request(SampleLedger.everyKind.entries).decoded().entries[3]
        #expect(came.output == nil && came.outputOmitted == "none" && came.bytes != nil)
    }

    @Test(
        "where arguments stay on the node, no byte of them leaves it", arguments: [SendingPolicy.Amount.excerpt, .none])
    func arguments(_ amount: SendingPolicy.Amount) throws {
        let policy = SendingPolicy(arguments: .init(amount))
        let body = try OTLPEncoder.sample(policy).body(SampleLedger.everyKind.entries)
        #expect(!String(decoding: body, as: UTF8.self).contains("hidden words"))
        let batch = try OTLPDecoder().decode(body, as: .protobuf)
        #expect(batch.entries[3].stubReason == "policy: arguments \(amount.rawValue)")
        #expect(batch.entries[4].bytes != nil)
        let request = try Request(serializedBytes: body)
        let words = request.records[3]["process.command_args"]?.arrayValue.values.map(\.stringValue)
        #expect(words == (amount == .none ? nil : ["sh"]))
    }

    @Test("the runtime's message is no attribute where output or arguments stay, in part or in that namespace")
    func message() throws {
        var session = Sample.ended
        session.message = "failed to start: sh -c 'words', which printed 'words'"
        var ledger = SampleLedger()
        ledger.add(session)
        func message(_ policy: SendingPolicy) -> String? {
            OTLPEncoder.sample(policy).request(ledger.entries).records[0]["lastword.message"]?.stringValue
        }
        #expect(message(SendingPolicy()) == session.message)
        for amount in [SendingPolicy.Amount.excerpt, .none] {
            #expect(message(SendingPolicy(output: .init(amount))) == nil)
            #expect(message(SendingPolicy(arguments: .init(amount))) == nil)
        }
        #expect(message(SendingPolicy(output: .init(.full, where: { $0 == "elsewhere" }))) == nil)
        // With the command line kept back, the bytes that hold it are, too.
        let body = try OTLPEncoder.sample(SendingPolicy(arguments: .init(.none))).body(ledger.entries)
        #expect(!String(decoding: body, as: UTF8.self).contains("failed to start"))
    }

    @Test("where arguments stay on the node, an entry that cannot be read stays, too")
    func unreadable() throws {
        var ledger = SampleLedger()
        ledger.add(
            "session.ended", "session",
            .object(
                JSONObject([
                    ("node", .string("worker-0")), ("mode", .string("of a later version")),
                    ("command", .strings(["hidden words"])),
                ])))
        ledger.add(type: "session.ended", at: SampleLedger.epoch, bytes: Array("{\"hidden words".utf8))
        let policy = SendingPolicy(arguments: .init(.none))
        let body = try OTLPEncoder.sample(policy).body(ledger.entries)
        #expect(!String(decoding: body, as: UTF8.self).contains("hidden words"))
        #expect(try OTLPDecoder().decode(body, as: .protobuf).entries.allSatisfy { $0.stubReason != nil })
    }

    @Test("a record of a later version is taken, with its bytes and without a record")
    func laterVersion() throws {
        var ledger = SampleLedger()
        ledger.add(
            "session.ended", "session",
            .object(JSONObject([("node", .string("worker-0")), ("mode", .string("not known yet"))])))
        ledger.add("exec.started", "exec", .object(JSONObject()))
        let entries = try OTLPEncoder.sample.request(ledger.entries).decoded().entries
        #expect(entries.map(\.type) == ["session.ended", "exec.started"])
        #expect(entries.allSatisfy { $0.bytes != nil && $0.session == nil })
    }

    @Test("the golden request")
    func golden() throws {
        let text = String(decoding: try OTLPEncoder.sample.json(SampleLedger.everyKind.entries), as: UTF8.self)
        try Golden.expect(text + "\n", "request.json")
    }

    @Test("answers are read as they were written, in both forms", arguments: OTLPFormat.allCases)
    func answers(_ format: OTLPFormat) {
        let success = OTLPAnswer.Success(rejected: 3, message: "not ours")
        #expect(OTLPAnswer.success(OTLPAnswer.body(success, as: format), as: format) == success)
        #expect(OTLPAnswer.success([], as: format) == OTLPAnswer.Success())
        #expect(OTLPAnswer.success(Array("<html>".utf8), as: format) == nil)
        #expect(OTLPAnswer.refusal(OTLPAnswer.body(refusal: "no", as: format), as: format) == "no")
        #expect(OTLPAnswer.refusal([0xFF], as: format) == "")
    }

    @Test("of a refusal in JSON the words are read, whatever else is in it")
    func refusalDetails() {
        let text = #"{"code":3,"message":"no","details":[{"@type":"type.googleapis.com/later","n":[1]}],"later":{}}"#
        #expect(OTLPAnswer.refusal(Array(text.utf8), as: .json) == "no")
    }
}
