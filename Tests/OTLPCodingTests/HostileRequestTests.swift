// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import OTLPProto
import SessionRecords
import SwiftProtobuf
import TestSupport
import Testing

@testable import OTLPCoding

@Suite("Requests that are forged, damaged or somebody else's")
struct HostileRequestTests {
    private func kind(_ request: Request) throws -> OTLPRefusal.Kind? {
        do {
            _ = try request.decoded()
            return nil
        } catch let refusal as OTLPRefusal {
            return refusal.kind
        }
    }

    private var request: Request { OTLPEncoder.sample.request(SampleLedger.everyKind.entries) }

    @Test("an attribute that is not what the bytes say refuses the whole request")
    func forged() throws {
        let forgeries: [(String, (inout LogRecord) -> Void)] = [
            ("uid", { $0["log.record.uid"] = .with { $0.stringValue = "\(SampleLedger.id):99" } }),
            ("no uid", { $0["log.record.uid"] = nil }),
            ("hash", { $0["lastword.entry.hash"] = .with { $0.bytesValue = Data(repeating: 7, count: 32) } }),
            (
                "previous hash",
                { $0["lastword.entry.previous_hash"] = .with { $0.bytesValue = Data(repeating: 7, count: 32) } }
            ),
            ("type", { $0["lastword.entry.type"] = .with { $0.stringValue = "agent.stopped" } }),
            ("bytes", { $0["lastword.entry"]?.bytesValue.append(0x20) }),
            ("output", { $0["lastword.output"]?.bytesValue.append(0x20) }),
            ("frames", { $0["lastword.output.frames"]?.bytesValue.append(0x20) }),
        ]
        for (name, forge) in forgeries {
            for index in request.records.indices where index == 3 {
                var forged = request
                var seen = 0
                forged.change { record in
                    if seen == index { forge(&record) }
                    seen += 1
                }
                #expect(try kind(forged) == .disagreement, "\(name)")
            }
        }
    }

    @Test(
        "a resource that names another node, pod or container is refused",
        arguments: [
            "k8s.node.name", "k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.container.name", "container.id",
        ])
    func otherContainer(_ key: String) throws {
        var forged = request
        for index in forged.resourceLogs.indices {
            for position in forged.resourceLogs[index].resource.attributes.indices
            where forged.resourceLogs[index].resource.attributes[position].key == key {
                forged.resourceLogs[index].resource.attributes[position].value.stringValue = "another"
            }
        }
        #expect(try kind(forged) == .disagreement)
    }

    @Test("an entry of another ledger or number, with a hash that is right for it, is refused")
    func entryOfAnotherPlace() throws {
        let entry = SampleLedger.everyKind.entries[3]
        let moved = OutgoingEntry(
            ledger: entry.ledger, number: 40, type: entry.type, at: entry.at, previousHash: entry.previousHash,
            hash: LedgerChain.hash(previous: entry.previousHash, number: 40, bytes: entry.bytes), bytes: entry.bytes)
        #expect(try kind(OTLPEncoder.sample.request([moved])) == .disagreement)
        let other = OutgoingEntry(
            ledger: "another", number: entry.number, type: entry.type, at: entry.at, previousHash: entry.previousHash,
            hash: entry.hash, bytes: entry.bytes)
        #expect(try kind(OTLPEncoder.sample.request([other])) == .disagreement)
    }

    @Test(
        "a record of ours without what it must have is malformed",
        arguments: [
            "lastword.ledger.id", "lastword.entry.number", "lastword.entry.type", "lastword.entry.hash",
            "lastword.entry.previous_hash", "lastword.entry", "lastword.output.frames",
        ])
    func missing(_ key: String) throws {
        var damaged = request
        damaged.change { $0[key] = nil }
        #expect(try kind(damaged) == .malformed)
    }

    @Test("a key that is there twice is refused")
    func twice() throws {
        var damaged = request
        damaged.change { record in
            record.attributes.append(
                .with {
                    $0.key = "lastword.entry.number"
                    $0.value.intValue = 1
                })
        }
        #expect(try kind(damaged) == .malformed)
    }

    @Test("an attribute of another type is refused, and never traps")
    func wrongType() throws {
        for key in request.records[3].attributes.map(\.key) where AttributeName.counting.contains(key) {
            var damaged = request
            damaged.change { $0[key] = .with { $0.doubleValue = 1.5 } }
            #expect(try kind(damaged) == .malformed, "\(key)")
        }
    }

    @Test("a number below 1 or a stub with bytes is refused")
    func bounds() throws {
        var damaged = request
        damaged.change { $0["lastword.entry.number"] = .with { $0.intValue = -1 } }
        #expect(try kind(damaged) == .malformed)
        damaged = request
        damaged.change { $0["lastword.entry.stub"] = .with { $0.boolValue = true } }
        #expect(try kind(damaged) == .malformed)
    }

    @Test("records of somebody else are counted and not looked at")
    func foreign() throws {
        var mixed = request
        mixed.resourceLogs[0].scopeLogs[0].logRecords.insert(
            .with {
                $0.body.stringValue = "hello"
                $0["log.record.uid"] = .with { $0.stringValue = "01J" }
            }, at: 0)
        let batch = try mixed.decoded()
        #expect(batch.foreign == 1 && batch.entries.count == 7)
    }

    @Test("a hand-written JSON body of OTLP is read")
    func handWritten() throws {
        let text = """
            {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"mine"}}]},
            "scopeLogs":[{"scope":{"name":"hand"},"logRecords":[{"timeUnixNano":"1795228800000000000","severityNumber":9,
            "traceId":"5b8efff798038103d269b633813fc60c","body":{"stringValue":"hello"},"notKnown":[1,{"a":null}],
            "attributes":[{"key":"n","value":{"intValue":"7"}}]}]}]}]}
            """
        let batch = try OTLPDecoder().decode(Array(text.utf8), as: .json)
        #expect(batch.foreign == 1 && batch.entries.isEmpty)
    }

    @Test("what is no request is malformed", arguments: OTLPFormat.allCases)
    func noRequest(_ format: OTLPFormat) {
        for body in [Array("<html>".utf8), [0xFF, 0xFF], Array("{\"resourceLogs\":7}".utf8)] {
            #expect(throws: OTLPRefusal.self) { try OTLPDecoder().decode(body, as: format) }
        }
    }

    @Test("more records than are taken at once are refused")
    func tooMany() throws {
        #expect(throws: OTLPRefusal(.tooMany, "more than 6 log records in one request")) {
            try request.decoded(limit: 6)
        }
        #expect(try request.decoded(limit: 7).entries.count == 7)
    }

    @Test("a body of millions of empty messages is refused before it is decoded")
    func emptyMessages() throws {
        // Field 1, length 0: an empty ResourceLogs of two bytes.
        let wide = [UInt8](repeating: 0, count: 8 << 20).enumerated().map { $0.offset % 2 == 0 ? UInt8(0x0A) : 0 }
        #expect(throws: OTLPRefusal.self) { try OTLPDecoder().decode(wide, as: .protobuf) }
        let json =
            Array("{\"resourceLogs\":[".utf8) + Array(String(repeating: "{},", count: 2_000_000).utf8)
            + Array("{}]}".utf8)
        #expect(throws: OTLPRefusal.self) { try OTLPDecoder().decode(json, as: .json) }
    }

    @Test("a group in front, which the decoder would skip, hides no millions of messages behind it")
    func group() throws {
        let empty = [UInt8](repeating: 0, count: 4 << 20).enumerated().map { $0.offset % 2 == 0 ? UInt8(0x0A) : 0 }
        // Field 99 as an empty group; then a wire type that does not exist.
        for front in [[0x9B, 0x06, 0x9C, 0x06], [0x9E, 0x06]] as [[UInt8]] {
            for body in [front + empty, front, empty.prefix(2) + front] {
                let refusal = #expect(throws: OTLPRefusal.self) { try OTLPDecoder().decode(body, as: .protobuf) }
                #expect(refusal?.kind == .malformed)
            }
        }
    }

    @Test("the count of messages is that of the request, and what it takes in memory goes by it")
    func counted() throws {
        // An empty ResourceLogs; one with a resource of one attribute with a value.
        let body: [UInt8] = [0x0A, 0, 0x0A, 6, 0x0A, 4, 0x0A, 2, 0x12, 0]
        #expect(try OTLPDecoder.count(body, as: .protobuf).messages == 5)
        #expect(try OTLPDecoder.count(Array(#"{"resourceLogs":[{},{}]}"#.utf8), as: .json).messages == 3)
        #expect(try OTLPDecoder.count(body, as: .protobuf).memory == 5 * 256)
    }

    @Test("frames of nothing, and frames of more or less than the output, are refused")
    func frames() throws {
        for frames in [
            [1, 0, 0, 0, 9], [1, 0, 9, 0, 0], [1, 0, 8], [1, 0, 10], [1], [1] + [UInt8](repeating: 0, count: 1 << 20),
        ] as [[UInt8]] {
            let output = OutgoingEntry.Output(bytes: Array("9 bytes.\n".utf8), frames: frames)
            var session = Sample.ended
            session.output?.sha256 = Digest(of: output.bytes)
            session.output?.framesSHA256 = Digest(of: frames)
            var ledger = SampleLedger()
            ledger.add(session, output: output)
            #expect(try kind(OTLPEncoder.sample.request(ledger.entries)) == .disagreement, "\(frames.prefix(9))")
        }
    }

    @Test("one changed byte anywhere never gets an altered entry through, and never traps")
    func mutations() throws {
        var random = SeededGenerator(seed: 11)
        let sent = SampleLedger.everyKind.entries
        let body = try OTLPEncoder.sample.body(sent)
        for _ in 0..<4000 {
            var altered = body
            altered[Int.random(in: 0..<altered.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            guard let batch = try? OTLPDecoder().decode(altered, as: .protobuf) else { continue }
            for entry in batch.entries where entry.bytes != nil {
                #expect(sent.contains { $0.bytes == entry.bytes && $0.hash == entry.hash && $0.number == entry.number })
                if let output = entry.output { #expect(output.bytes == Sample.outputBytes) }
            }
        }
    }
}
