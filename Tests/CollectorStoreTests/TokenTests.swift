// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords
import Testing

@Suite("Tokens and the audit trail")
struct TokenTests {
    @Test("a token is known by its secret alone, which is nowhere in the store's files")
    func secret() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let (secret, facts) = try await store.createToken(
            name: "dashboards", role: .reader, namespaces: ["ours", "other"], expiresAt: nil, by: "ada")
        #expect(secret.hasPrefix("lwt_\(facts.id)_"))
        #expect(secret.utf8.count == 64)
        let known = try #require(try await store.authenticate(secret))
        #expect(known == facts)
        #expect(known.scope == .namespaces(["ours", "other"]))
        #expect(try await store.tokens() == [facts])
        try store.close()
        #expect(try scratch.occurrences(of: String(secret.suffix(43))) == 0)
        #expect(try scratch.occurrences(of: facts.id) > 0)
    }

    @Test("what is no token of ours, or almost one, is none")
    func wrong() async throws {
        let store = try Scratch().open()
        let (secret, facts) = try await store.createToken(name: "a", role: .admin, expiresAt: nil, by: "ada")
        let (other, _) = try await store.createToken(name: "b", role: .admin, expiresAt: nil, by: "ada")
        let wrong = [
            "", "lwt", "lwt__", "lwt_\(facts.id)_", "lwt_\(facts.id)", secret + "x", String(secret.dropLast()),
            "lwt_\(facts.id)_" + other.suffix(43), "xwt" + secret.dropFirst(3), secret.uppercased(),
            "lwt_' OR 1=1 --aaa_" + secret.suffix(43), String(repeating: "_", count: 100_000),
        ]
        for text in wrong { #expect(try await store.authenticate(text) == nil, "\(text.prefix(80))") }
        #expect(try await store.authenticate(secret) == facts)
    }

    @Test("an expired and a revoked token are none")
    func expiry() async throws {
        let scratch = try Scratch()
        let store = try scratch.open()
        let end = TestClock.epoch.advanced(byNanoseconds: 3_600_000_000_000)
        let (secret, _) = try await store.createToken(
            name: "short", role: .agent, node: "worker-0", expiresAt: end, by: "ada")
        #expect(try await store.authenticate(secret)?.node == "worker-0")
        scratch.clock.advance(seconds: 3601)
        #expect(try await store.authenticate(secret) == nil)

        let (second, facts) = try await store.createToken(name: "any", role: .agent, expiresAt: nil, by: "ada")
        #expect(try await store.authenticate(second)?.node == nil)
        #expect(try await store.revokeToken(facts.id, by: "eve"))
        #expect(try await store.authenticate(second) == nil)
        #expect(try await !store.revokeToken(facts.id, by: "eve"))
        #expect(try await store.tokens().last?.revokedAt != nil)
    }

    @Test("node and namespaces go with their roles only")
    func roles() async throws {
        let store = try Scratch().open()
        for (role, node, namespaces) in [
            (TokenRole.reader, "worker-0", nil), (.admin, nil, ["ours"]), (.agent, nil, ["ours"]), (.agent, "", nil),
        ] as [(TokenRole, String?, Set<String>?)] {
            let refusal = await #expect(throws: LastwordError.self) {
                try await store.createToken(
                    name: "x", role: role, node: node, namespaces: namespaces, expiresAt: nil, by: "ada")
            }
            #expect(refusal?.code == "token.invalid")
        }
        #expect(try await store.tokens().isEmpty)
    }

    @Test("what administrators do is in the audit trail, newest first, without secrets")
    func audit() async throws {
        let store = try Scratch().open()
        var ledger = MadeLedger()
        try await store.take([ledger.ended(1)])
        let (secret, facts) = try await store.createToken(name: "a", role: .admin, expiresAt: nil, by: "ada")
        try await store.hold(Sample.id(1), by: "ada", reason: "case 7")
        try await store.release(Sample.id(1), by: "bob", reason: "closed")
        try await store.erase(Sample.id(1), by: "bob", reason: "a password")
        try await store.revokeToken(facts.id, by: "eve")
        try await store.audit("login.refused", actor: "10.0.0.1", detail: [("role", .string("admin"))])
        let lines = try await store.auditLines(limit: 100)
        #expect(
            lines.map(\.action) == [
                "login.refused", "token.revoke", "session.erase", "session.release", "session.hold", "token.create",
            ])
        #expect(lines.map(\.actor) == ["10.0.0.1", "eve", "bob", "bob", "ada", "ada"])
        #expect(lines.allSatisfy { !($0.detail ?? "").contains(secret.suffix(43)) })
        #expect(
            try await store.auditLines(before: lines[2].number, limit: 2).map(\.number) == lines[3...4].map(\.number))
        #expect(try await store.auditLines(session: Sample.id(1), limit: 10).count == 3)
    }

    @Test("what a token may do is asked by its id for as long as it is good")
    func byID() async throws {
        let scratch = try Scratch()
        let clock = scratch.clock
        let store = try scratch.open()
        let (_, facts) = try await store.createToken(name: "a", role: .reader, expiresAt: nil, by: "ada")
        let (_, short) = try await store.createToken(
            name: "b", role: .reader, expiresAt: clock.next().advanced(byNanoseconds: 60_000_000_000), by: "ada")
        #expect(store.token(facts.id) == facts && store.token(short.id) == short)
        #expect(store.token("0000000000000000") == nil)
        clock.advance(seconds: 61)
        #expect(store.token(facts.id) == facts && store.token(short.id) == nil)
        try await store.revokeToken(facts.id, by: "ada")
        #expect(store.token(facts.id) == nil)
    }
}
