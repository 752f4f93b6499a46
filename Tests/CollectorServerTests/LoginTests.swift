// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import HealthReporting
import NIOHTTP1
import SessionRecords
import TestSupport
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("Logins", .serialized)
struct LoginTests {
    @Test("without a login nothing but the open pages answers, and the challenge says how")
    func required() async throws {
        try await RunningCollector.with { collector async throws in
            for path in ["/v1/sessions", "/v1/nodes", "/v1/status", "/v1/sessions/x/output"] {
                let answer = try await collector.call(.GET, path)
                #expect(answer.status == 401)
                #expect(answer.code == "auth.required")
                #expect(answer.headers["www-authenticate"] == ["Bearer realm=\"lastword\""])
            }
            #expect(try await collector.call(.POST, "/v1/logs", body: [1]).status == 401)
            for path in ["/openapi.json", "/healthz", "/metrics"] {
                #expect(try await collector.call(.GET, path).status == 200, "\(path)")
            }
        }
    }

    @Test("a wrong, an expired and a revoked token get the same answer")
    func tokens() async throws {
        try await RunningCollector.with(flags: ["--auth-failure-limit", "1000"]) { collector async throws in
            let good = try await collector.token(.reader)
            let expired = try await collector.token(.reader, expiresAt: MadeLedger.now)
            let (revoked, facts) = try await collector.store.createToken(
                name: "r", role: .reader, expiresAt: nil, by: "test")
            #expect(try await collector.call(.GET, "/v1/sessions", token: revoked).status == 200)
            try await collector.store.revokeToken(facts.id, by: "test")
            #expect(try await collector.call(.GET, "/v1/sessions", token: good).status == 200)
            var answers: Set<String> = []
            for token in [expired, revoked, almost(good), "lwt_x_y", "lwt_", "nonsense", "a.b.c"] {
                let answer = try await collector.call(.GET, "/v1/sessions", token: token)
                #expect(answer.status == 401)
                answers.insert(answer.text)
            }
            #expect(answers.count == 1)
        }
    }

    @Test("each role may do its own and no more")
    func roles() async throws {
        try await RunningCollector.with { collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            let reader = try await collector.token(.reader)
            let admin = try await collector.token(.admin)
            let id = "00000000-0000-5000-8000-000000000000"
            let reason = Array(#"{"reason":"test"}"#.utf8)
            func status(_ method: HTTPMethod, _ path: String, _ token: String, _ body: [UInt8]? = nil) async throws
                -> Int
            {
                try await collector.call(method, path, token: token, body: body).status
            }
            #expect(try await status(.GET, "/v1/sessions", agent) == 403)
            #expect(try await status(.GET, "/v1/sessions", reader) == 200)
            #expect(try await status(.GET, "/v1/sessions", admin) == 200)
            #expect(try await status(.POST, "/v1/logs", reader, [1]) == 403)
            #expect(try await status(.POST, "/v1/logs", admin, [1]) == 403)
            #expect(try await status(.PUT, "/v1/sessions/\(id)/hold", reader, reason) == 403)
            #expect(try await status(.PUT, "/v1/sessions/\(id)/hold", admin, reason) == 404)
            #expect(try await status(.POST, "/v1/sessions/\(id)/erase", admin, reason) == 404)
            #expect(try await status(.POST, "/v1/sessions/\(id)/erase", admin, []) == 400)
        }
    }

    @Test("after too many failed logins an address has to wait, but for a token that the store knows")
    func failures() async throws {
        try await RunningCollector.with(flags: ["--auth-failure-limit", "3"]) { collector async throws in
            let good = try await collector.token(.reader)
            for _ in 0..<3 { #expect(try await collector.call(.GET, "/v1/sessions", token: "wrong").status == 401) }
            #expect(try await collector.call(.GET, "/v1/sessions", token: good).status == 200)
            #expect(try await collector.call(.GET, "/v1/sessions", token: almost(good)).status == 429)
            let answer = try await collector.call(.GET, "/v1/sessions", token: "a.b.c")
            #expect(answer.status == 429)
            let seconds = try #require(answer.headers["retry-after"].first.flatMap { Int($0) })
            #expect((1...60).contains(seconds))
            // Who shows nothing tries nothing.
            #expect(try await collector.call(.GET, "/healthz").status == 200)
        }
    }

    @Test("failed logins count for a while, for each address, and for a whole IPv6 network")
    func counting() {
        let clock = ManualClock()
        let failures = FailedLogins(limit: 2, window: .seconds(60), now: { clock.now })
        #expect(failures.delay("10.0.0.1") == nil)
        failures.note("10.0.0.1")
        clock.advance(.seconds(30))
        failures.note("10.0.0.1")
        #expect(failures.delay("10.0.0.1") == .seconds(30))
        #expect(failures.delay("10.0.0.2") == nil)
        clock.advance(.seconds(31))
        #expect(failures.delay("10.0.0.1") == nil)
        failures.note("2001:db8:1:2:3:4:5:6")
        failures.note("2001:db8:1:2:ffff:0:0:1")
        #expect(failures.delay("2001:db8:1:2::9") != nil)
        #expect(failures.delay("2001:db8:1:3:3:4:5:6") == nil)
        for address in ["2001:db8::1", "2001:0db8:0:0:ffff::2"] { failures.note(address) }
        #expect(failures.delay("2001:db8:0::9") != nil, "zeros may be left out anywhere")
        #expect(failures.delay("2001:db8:0:1::1") == nil)
        for _ in 0..<2 { failures.note("::ffff:10.0.0.7") }
        #expect(failures.delay("10.0.0.7") != nil)
        #expect(failures.delay("::ffff:10.0.0.8") == nil)
    }

    @Test("client certificates: an agent's by common name or URI, readers and administrators by URI")
    func certificates() async throws {
        let authority = try TestAuthority()
        var ledger = MadeLedger(node: "worker-7")
        ledger.addSession(1)
        try await RunningCollector.with(authority: authority) { [ledger] collector async throws in
            for name in ["worker-7", "system:node:worker-7"] {
                let client = try authority.client(name)
                #expect(try await collector.deliver(ledger, token: nil, client: client).status == 200)
                #expect(try await collector.call(.GET, "/v1/sessions", client: client).status == 403)
            }
            let named = try authority.client("whoever", uris: ["lastword:node:worker-7"])
            #expect(try await collector.deliver(ledger, token: nil, client: named).status == 200)
            let other = try authority.client("worker-8")
            #expect(try await collector.deliver(ledger, token: nil, client: other).status == 403)
            let reader = try authority.client("auditor", uris: ["lastword:reader"])
            #expect(try await collector.call(.GET, "/v1/nodes", client: reader).status == 200)
            #expect(try await collector.deliver(ledger, token: nil, client: reader).status == 403)
            let limited = try authority.client("auditor", uris: ["lastword:reader:web", "lastword:reader:shop"])
            #expect(try await collector.call(.GET, "/v1/sessions", client: limited).status == 200)
            #expect(try await collector.call(.GET, "/v1/nodes", client: limited).status == 403)
            for uri in ["lastword:nothing", "lastword:node:", "lastword:node:a/b", "lastword:admin:x"] {
                let client = try authority.client("x", uris: [uri])
                #expect(try await collector.call(.GET, "/v1/sessions", client: client).status == 401, "\(uri)")
            }
            let node = try #require(try await collector.store.nodes(scope: .all).first)
            #expect(node.identity == "certificate")
        }
    }

    @Test("a certificate that names nobody is no attempt: its address need not wait")
    func misnamed() async throws {
        let authority = try TestAuthority()
        try await RunningCollector.with(authority: authority, flags: ["--auth-failure-limit", "2"]) {
            collector async throws in
            let misnamed = try authority.client("x", uris: ["lastword:nothing"])
            for _ in 0..<3 {
                #expect(try await collector.call(.GET, "/v1/sessions", client: misnamed).status == 401)
            }
            #expect(try await collector.call(.GET, "/v1/sessions", token: "wrong").status == 401)
        }
    }

    @Test("over TLS both HTTP/2 and HTTP/1.1 answer, and who has no certificate may have a token")
    func versions() async throws {
        let authority = try TestAuthority()
        try await RunningCollector.with(authority: authority) { collector async throws in
            let token = try await collector.token(.reader)
            let answer = try await collector.call(.GET, "/v1/sessions", token: token)
            #expect(answer.status == 200)
            #expect(answer.version == .http2)
            #expect(try await collector.call(.GET, "/v1/sessions").status == 401)
            let curl = try await ChildProcess.run([
                "curl", "--silent", "--http1.1", "--cacert",
                try collector.scratch.write(authority.certificate, to: "ca"),
                "--header", "authorization: Bearer \(token)", "https://localhost:\(collector.port)/v1/sessions",
            ])
            #expect(curl.text == "{\"sessions\":[]}")
        }
    }

    @Test("a certificate of another authority ends the handshake")
    func foreignAuthority() async throws {
        let authority = try TestAuthority()
        let foreign = try TestAuthority().client("worker-0")
        try await RunningCollector.with(authority: authority) { collector async throws in
            await #expect(throws: (any Error).self) {
                _ = try await collector.call(.GET, "/healthz", client: foreign)
            }
            #expect(try await collector.call(.GET, "/healthz").status == 200)
        }
    }

    @Test("changed certificates are served without a restart, and useless ones change nothing")
    func reload() async throws {
        let authority = try TestAuthority()
        try await RunningCollector.with(authority: authority) { collector async throws in
            func served() async throws -> String {
                let shown = try await ChildProcess.run([
                    "sh", "-c",
                    "openssl s_client -connect 127.0.0.1:\(collector.port) </dev/null 2>/dev/null | openssl x509 -noout -subject",
                ])
                return shown.text
            }
            #expect(try await served().contains("collector"))
            let new = try authority.server("renewed")
            try collector.scratch.write(new.certificate, to: "server.crt")
            try collector.scratch.write(new.key, to: "server.key")
            try await waitUntil("the new certificate is served") { try await served().contains("renewed") }
            try collector.scratch.write("nonsense", to: "server.crt")
            try await waitUntil("the useless certificate is noticed") {
                collector.application.health.summary.contains("certificates")
            }
            #expect(try await served().contains("renewed"))
        }
    }

    @Test("without a required login, on loopback, everybody writes for any node and reads, and nobody administers")
    func open() async throws {
        var ledger = MadeLedger()
        let id = ledger.addSession(1)
        try await RunningCollector.with(flags: ["--no-auth-required"]) { [ledger] collector async throws in
            #expect(try await collector.deliver(ledger, token: nil).status == 200)
            #expect(try await collector.call(.GET, "/v1/sessions/\(id)").status == 200)
            let reason = Array(#"{"reason":"test"}"#.utf8)
            #expect(try await collector.call(.PUT, "/v1/sessions/\(id)/hold", body: reason).status == 403)
            #expect(try await collector.call(.GET, "/v1/sessions", token: "wrong").status == 401)
        }
    }

    @Test("without a required login a website that points its name at this machine is refused, but no token is")
    func rebinding() async throws {
        try await RunningCollector.with(flags: ["--no-auth-required"]) { collector async throws in
            let token = try await collector.token(.reader)
            let foreign = [
                "evil.example", "evil.example:80", "127.evil.example", "127.0.0.1.evil.example", "localhost.evil",
            ]
            for name in foreign {
                for path in ["/v1/sessions", "/sessions"] {
                    let answer = try await collector.call(.GET, path, headers: [("host", name)])
                    #expect(answer.status == 403, "\(name)\(path)")
                }
                let refusal = try await collector.call(.GET, "/v1/sessions", headers: [("host", name)])
                #expect(refusal.code == "auth.host")
                let known = try await collector.call(.GET, "/v1/sessions", token: token, headers: [("host", name)])
                #expect(known.status == 200)
            }
            let own = [
                "localhost", "LOCALHOST:1", "lastword.localhost", "127.0.0.1:4318", "127.8.9.1", "[::1]", "[::1]:4",
            ]
            for name in own {
                let answer = try await collector.call(.GET, "/v1/sessions", headers: [("host", name)])
                #expect(answer.status == 200, "\(name)")
            }
        }
    }

    /// The token with another last letter, so that only its digest tells that it is none.
    private func almost(_ token: String) -> String { token.dropLast() + (token.hasSuffix("A") ? "B" : "A") }
}
