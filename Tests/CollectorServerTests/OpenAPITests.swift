// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CollectorStore
import Foundation
import HTTPTypes
import NIOHTTP1
import SessionRecords
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("The OpenAPI document", .serialized)
struct OpenAPITests {
    private let document: [String: Any]
    private let validator: SchemaValidator

    init() throws {
        let parsed = try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json.utf8))
        document = try #require(parsed as? [String: Any])
        validator = SchemaValidator(document: document)
    }

    private struct Operation {
        let method: String
        let path: String
        let content: [String: Any]
    }

    private var operations: [Operation] {
        let paths = document["paths"] as? [String: [String: Any]] ?? [:]
        return paths.flatMap { path, item in
            item.filter { $0.key != "parameters" }.map { method, content in
                Operation(method: method.uppercased(), path: path, content: content as? [String: Any] ?? [:])
            }
        }.sorted { ($0.path, $0.method) < ($1.path, $1.method) }
    }

    @Test("every route that is served is in it, and the other way round, with the same role")
    func routes() async throws {
        try await RunningCollector.with { collector async throws in
            let served = collector.application.routes.api
            #expect(
                Set(served.map { "\($0.method) \($0.path)" }) == Set(operations.map { "\($0.method) \($0.path)" }))
            for operation in operations {
                let route = try #require(
                    served.first { $0.path == operation.path && $0.method.rawValue == operation.method })
                let role = operation.content["x-lastword-role"] as? String
                let isUnlimited = operation.content["x-lastword-unlimited"] as? Bool == true
                switch route.access {
                case .open: #expect((operation.content["security"] as? [Any])?.isEmpty == true, "\(operation.path)")
                case .role(let expected): #expect(role == expected.rawValue && !isUnlimited, "\(operation.path)")
                case .unlimitedReader: #expect(role == "reader" && isUnlimited, "\(operation.path)")
                case .loopbackOrReader: #expect(role == nil)
                case .page, .nodePage: Issue.record("\(operation.path) is a page, and no page is part of the API")
                }
            }
        }
    }

    @Test("every reference in it leads somewhere, and every schema, parameter and answer is used")
    func references() {
        let text = OpenAPIDocument.json
        let references = Set(text.matches(of: /"\$ref":"([^"]+)"/).map { String($0.1) })
        for reference in references { #expect(validator.resolve(reference) != nil, "\(reference)") }
        let components = document["components"] as? [String: [String: Any]] ?? [:]
        for kind in ["schemas", "parameters", "responses"] {
            for name in (components[kind] ?? [:]).keys {
                #expect(references.contains("#/components/\(kind)/\(name)"), "\(kind)/\(name)")
            }
        }
    }

    /// The schema of an answer, where it is JSON.
    private func schema(_ operation: Operation, _ status: Int) -> [String: Any]? {
        guard var answer = (operation.content["responses"] as? [String: [String: Any]])?["\(status)"] else {
            return nil
        }
        if let reference = answer["$ref"] as? String { answer = validator.resolve(reference) ?? [:] }
        let content = answer["content"] as? [String: [String: Any]]
        return content?["application/json"]?["schema"] as? [String: Any]
    }

    private func operation(_ method: String, _ path: String) throws -> Operation {
        try #require(operations.first { $0.method == method && $0.path == path })
    }

    @Test("each answer of the collector is as the document says")
    func answers() async throws {
        var ledger = MadeLedger()
        let id = ledger.addSession(1, output: "one\u{1B}[31m\n")
        ledger.addSession(2, namespace: "web")
        ledger.addGap()
        ledger.addGap(closed: true)
        var fork = MadeLedger()
        fork.addSession(1, exitCode: 9)
        try await RunningCollector.with { [ledger, fork] collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            let admin = try await collector.token(.admin)
            // A hole, a fork, then everything.
            #expect(try await collector.deliver(ledger, 0..<1, token: agent).status == 200)
            #expect(try await collector.deliver(ledger, 3..<4, token: agent).status == 200)
            var seen = 0
            func expect(
                _ method: HTTPMethod, _ template: String, _ path: String, _ status: Int, body: String? = nil
            ) async throws {
                let answer = try await collector.call(
                    method, path, token: admin, body: body.map { Array($0.utf8) })
                #expect(answer.status == status, "\(method) \(path): \(answer.text)")
                let operation = try self.operation(method.rawValue, template)
                #expect((operation.content["responses"] as? [String: Any])?["\(status)"] != nil, "\(path) \(status)")
                guard answer.headers["content-type"].first == "application/json" else { return }
                let described = try #require(self.schema(operation, status), "\(path) has no schema for \(status)")
                #expect(validator.faults(answer.json, described) == [], "\(path)")
                seen += 1
            }
            try await expect(.GET, "/v1/nodes", "/v1/nodes", 200)
            try await expect(.GET, "/v1/ledgers/{id}", "/v1/ledgers/ledger-1", 200)
            #expect(try await collector.deliver(fork, 1..<2, token: agent).status == 200)
            #expect(try await collector.deliver(ledger, token: agent).status == 200)
            for path in [
                "/v1/sessions", "/v1/sessions?limit=1", "/v1/sessions?q=one&exitCode=42&state=ended,running",
                "/v1/sessions?reference=default/web-1/debugger-1",
            ] {
                try await expect(.GET, "/v1/sessions", path, 200)
            }
            for path in [
                "/v1/sessions?limit=0", "/v1/sessions?namespce=x", "/v1/sessions?state=dead", "/v1/sessions?after=x",
                "/v1/sessions?since=yesterday", "/v1/sessions?reference=%2F", "/v1/sessions?q=%FF",
            ] {
                try await expect(.GET, "/v1/sessions", path, 400)
            }
            let beginning = try collector.store.cursors.text(mark: 0)
            for path in ["/v1/changes", "/v1/changes?after=\(beginning)"] {
                try await expect(.GET, "/v1/changes", path, 200)
            }
            try await expect(.GET, "/v1/changes", "/v1/changes?after=0", 400)
            try await expect(
                .PUT, "/v1/sessions/{id}/hold", "/v1/sessions/\(id)/hold", 200, body: #"{"reason":"case"}"#)
            try await expect(
                .POST, "/v1/sessions/{id}/erase", "/v1/sessions/\(id)/erase", 409, body: #"{"reason":"case"}"#)
            try await expect(.PUT, "/v1/sessions/{id}/hold", "/v1/sessions/\(id)/hold", 400, body: #"{"reason":" "}"#)
            for path in ["/v1/sessions/\(id)", "/v1/sessions/\(id)?details=true"] {
                try await expect(.GET, "/v1/sessions/{id}", path, 200)
            }
            try await expect(.GET, "/v1/sessions/{id}", "/v1/sessions/00000000-0000-5000-8000-000000000000", 404)
            try await expect(.GET, "/v1/sessions/{id}", "/v1/sessions/nonsense", 400)
            for format in ["plain", "raw", "frames"] {
                try await expect(
                    .GET, "/v1/sessions/{id}/output", "/v1/sessions/\(id)/output?format=\(format)", 200)
            }
            try await expect(
                .DELETE, "/v1/sessions/{id}/hold", "/v1/sessions/\(id)/hold", 200, body: #"{"reason":"over"}"#)
            try await expect(
                .POST, "/v1/sessions/{id}/erase", "/v1/sessions/\(id)/erase", 200, body: #"{"reason":"asked"}"#)
            try await expect(.GET, "/v1/sessions/{id}/output", "/v1/sessions/\(id)/output", 404)
            try await expect(.GET, "/v1/sessions/{id}", "/v1/sessions/\(id)?details=true", 200)
            for path in ["/v1/statistics", "/v1/statistics?since=2020-01-01T00:00:00Z"] {
                try await expect(.GET, "/v1/statistics", path, 200)
            }
            try await expect(.GET, "/v1/status", "/v1/status", 200)
            for path in ["/v1/gaps", "/v1/gaps?missed=true&node=worker-0"] {
                try await expect(.GET, "/v1/gaps", path, 200)
            }
            for path in ["/v1/alarms", "/v1/alarms?open=true"] { try await expect(.GET, "/v1/alarms", path, 200) }
            try await expect(.GET, "/v1/ledgers/{id}", "/v1/ledgers/none", 404)
            for path in ["/v1/ledgers/ledger-1/entries", "/v1/ledgers/ledger-1/entries?after=2&limit=1"] {
                try await expect(.GET, "/v1/ledgers/{id}/entries", path, 200)
            }
            try await expect(.GET, "/openapi.json", "/openapi.json", 200)
            try await expect(.GET, "/readyz", "/readyz", 200)
            try await expect(.GET, "/healthz", "/healthz", 200)
            try await expect(.GET, "/metrics", "/metrics", 200)
            #expect(seen > 25)
        }
    }

    @Test("a path that is not served is 404, another method 405 with what is allowed")
    func others() async throws {
        try await RunningCollector.with { collector async throws in
            for path in ["/v1", "/v1/sessions/", "/v1//sessions", "/v1/sessions/a/b/c", "/%2e%2e/etc/passwd"] {
                let answer = try await collector.call(.GET, path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.code == "route.unknown")
            }
            let answer = try await collector.call(.POST, "/v1/sessions")
            #expect(answer.status == 405)
            #expect(answer.headers["allow"] == ["GET"])
        }
    }
}
