// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Foundation
import NIOHTTP1
import SessionRecords
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("Readers limited to namespaces", .serialized)
struct LimitedReaderTests {
    /// Words that stand only in what the reader must not see.
    private static let secrets = ["forbidden-ns", "web-2", "debugger-2", "hush"]

    @Test("on every route of the OpenAPI document, by every parameter, nothing of other namespaces is to be seen")
    func walk() async throws {
        var ledger = MadeLedger()
        let mine = ledger.addSession(1, namespace: "default", output: "open words\n")
        let other = ledger.addSession(2, namespace: "forbidden-ns", exitCode: 7, output: "hush hush\n")
        ledger.addGap()
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json.utf8)) as? [String: Any])
        let validator = SchemaValidator(document: document)
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let reader = try await collector.token(.reader, namespaces: ["default", "empty"])
            let values = [
                "namespace": "forbidden-ns", "pod": "web-2", "container": "debugger-2", "target": "nginx",
                "exitCode": "7", "node": "worker-0", "cluster": "prod", "state": "ended", "running": "false",
                "since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z",
                "startedBefore": "2100-01-01T00:00:00Z",
                "q": "hush", "reference": String(other.rawValue.prefix(8)), "limit": "1000", "after": "0",
                "details": "true", "format": "frames", "missed": "false", "open": "false",
            ]
            var walked = 0
            for (template, item) in try #require(document["paths"] as? [String: [String: Any]]) {
                for (method, operation) in item where method != "parameters" {
                    let parameters =
                        ((operation as? [String: Any])?["parameters"] as? [[String: Any]] ?? []).map { parameter in
                            (parameter["$ref"] as? String).flatMap { validator.resolve($0) } ?? parameter
                        }.filter { $0["in"] as? String == "query" }.compactMap { $0["name"] as? String }
                    let ids = template.contains("{id}") ? [other.rawValue, mine.rawValue, "ledger-1"] : [""]
                    for id in ids {
                        let path = template.replacing("{id}", with: id)
                        for query in [""] + parameters.map({ "?\($0)=\(values[$0] ?? "x")" }) {
                            let body = method == "get" ? nil : Array(#"{"reason":"test"}"#.utf8)
                            let answer = try await collector.call(
                                HTTPMethod(rawValue: method.uppercased()), path + query, token: reader, body: body)
                            #expect(answer.status != 500 && answer.status != 503, "\(method) \(path)\(query)")
                            if template == "/openapi.json" { continue }
                            for secret in Self.secrets + [other.rawValue] {
                                #expect(!answer.text.contains(secret), "\(method) \(path)\(query) shows \(secret)")
                            }
                            if id == other.rawValue, template.hasPrefix("/v1/sessions"), method == "get", query.isEmpty
                            {
                                #expect(answer.status == 404)
                            }
                            walked += 1
                        }
                    }
                }
            }
            #expect(walked > 60)
            // What is its own it sees, also in counts.
            let own = try await collector.call(.GET, "/v1/sessions", token: reader)
            #expect((own.json["sessions"] as? [Any])?.count == 1)
            #expect(try await collector.call(.GET, "/v1/sessions/\(mine)/output", token: reader).text == "open words\n")
            #expect(try await collector.call(.GET, "/v1/status", token: reader).json["sessions"] as? Int == 1)
            #expect(try await collector.call(.GET, "/v1/statistics", token: reader).json["sessions"] as? Int == 1)
            let beginning = try collector.store.cursors.text(mark: 0)
            let changes = try await collector.call(.GET, "/v1/changes?after=\(beginning)", token: reader)
            #expect((changes.json["sessions"] as? [Any])?.count == 1)
            let details = try await collector.call(.GET, "/v1/sessions/\(mine)?details=true", token: reader)
            #expect(
                Set((details.json["collector"] as? [String: Any] ?? [:]).keys) == ["receivedAt"],
                "ledgers and their numbers are a node's")
            for path in ["/v1/nodes", "/v1/gaps", "/v1/alarms", "/v1/ledgers/ledger-1"] {
                #expect(try await collector.call(.GET, path, token: reader).status == 403)
            }
        }
    }

    @Test("marks and pages' ends tell nothing of what they count, and none can be made up")
    func cursors() async throws {
        var ledger = MadeLedger()
        for number in 1...4 { ledger.addSession(number) }
        try await RunningCollector.with { [ledger] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            let reader = try await collector.token(.reader, namespaces: ["default"])
            let before = try #require(
                try await collector.call(.GET, "/v1/changes", token: reader).json["mark"] as? String)
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            let after = try #require(
                try await collector.call(.GET, "/v1/changes", token: reader).json["mark"] as? String)
            #expect(before.utf8.count == after.utf8.count)
            #expect(Int64(before) == nil && Int64(after) == nil)
            #expect(before.prefix(16) != after.prefix(16), "no counter in it")
            let page = try await collector.call(.GET, "/v1/sessions?limit=2", token: reader)
            let next = try #require(page.json["next"] as? String)
            let rest = try await collector.call(.GET, "/v1/sessions?limit=2&after=\(next)", token: reader)
            #expect((rest.json["sessions"] as? [Any])?.count == 2)
            let forged = String(next.dropLast(4)) + (next.hasSuffix("AAAA") ? "BBBB" : "AAAA")
            for wrong in ["0", "1.1", forged, before] {
                let answer = try await collector.call(.GET, "/v1/sessions?after=\(wrong)", token: reader)
                #expect(answer.status == 400, "\(wrong)")
            }
            for wrong in ["0", "1", next, String(before.dropFirst())] {
                let answer = try await collector.call(.GET, "/v1/changes?after=\(wrong)", token: reader)
                #expect(answer.status == 400, "\(wrong)")
            }
        }
    }
}
