// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import HTTPTypes
import NIOHTTP1
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import CollectorServer
@testable import CollectorSupport

@Suite("Signing in to the pages", .serialized)
struct SignInTests {
    @Test("a reader's token gives a cookie that is not the token, is for this collector alone, and leads on")
    func signsIn() async throws {
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.reader)
            let asked = try await collector.page("/sessions?namespace=a%20b")
            #expect(asked.status == 303)
            #expect(asked.headers["location"] == ["/sign-in?next=%2Fsessions%3Fnamespace%3Da%2520b"])
            let answer = try await collector.signIn(token, next: "/sessions?namespace=a%20b")
            #expect(answer.status == 303 && answer.headers["location"] == ["/sessions?namespace=a%20b"])
            let cookie = try #require(answer.headers["set-cookie"].first)
            for part in ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43200"] { #expect(cookie.contains(part)) }
            #expect(!cookie.contains("Secure") && !cookie.contains("Domain"))
            #expect(!cookie.contains(token) && !cookie.contains(token.split(separator: "_")[2]))
            let page = try await collector.page("/sessions", cookie: answer.cookie)
            #expect(page.status == 200 && page.text.contains("(test)") && page.text.contains("Sign out"))
            // The cookie is for pages: no other site's script can use the API by it.
            let api = try await collector.call(.GET, "/v1/sessions", headers: [("cookie", answer.cookie)])
            #expect(api.status == 401)
        }
    }

    @Test("over TLS the cookie is for TLS alone, and no other host can set it")
    func secure() async throws {
        try await RunningCollector.with(authority: try TestAuthority()) { collector async throws in
            let answer = try await collector.signIn(try await collector.token(.reader))
            #expect(answer.cookie.hasPrefix("__Host-lastword="))
            #expect(answer.headers["set-cookie"].first?.hasSuffix("; Secure") == true)
            #expect(try await collector.page("/sessions", cookie: answer.cookie).status == 200)
            let other = answer.cookie.replacing("__Host-", with: "")
            #expect(try await collector.page("/sessions", cookie: other).status == 303)
        }
    }

    @Test("it ends with the token: revoked, or expired")
    func ends() async throws {
        let clock = Mutex(MadeLedger.now)
        try await RunningCollector.with(now: { clock.withLock { $0 } }) { collector async throws in
            let lasting = try await collector.cookie(try await collector.token(.reader))
            let hour = MadeLedger.now.advanced(byNanoseconds: 3_600_000_000_000)
            let expiring = try await collector.cookie(try await collector.token(.reader, expiresAt: hour))
            let (secret, facts) = try await collector.store.createToken(
                name: "x", role: .reader, expiresAt: nil, by: "test")
            let revoked = try await collector.cookie(secret)
            for cookie in [lasting, expiring, revoked] {
                #expect(try await collector.page("/sessions", cookie: cookie).status == 200)
            }
            try await collector.store.revokeToken(facts.id, by: "test")
            #expect(try await collector.page("/sessions", cookie: revoked).status == 303)
            #expect(try await collector.page("/live/sessions", cookie: revoked).status == 401)
            #expect(try await collector.page("/sessions", cookie: expiring).status == 200)
            clock.withLock { $0 = hour.advanced(byNanoseconds: 1) }
            #expect(try await collector.page("/sessions", cookie: expiring).status == 303)
            #expect(try await collector.page("/sessions", cookie: lasting).status == 200)
        }
    }

    @Test("signing out ends it on this side; signing in again ends the one before")
    func signsOut() async throws {
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.reader)
            let first = try await collector.cookie(token)
            let second = try await collector.signIn(token, cookie: first).cookie
            #expect(first != second)
            #expect(try await collector.page("/sessions", cookie: first).status == 303)
            let out = try await collector.form("/sign-out", "", second)
            #expect(out.status == 303 && out.headers["set-cookie"].first?.contains("Max-Age=0") == true)
            #expect(try await collector.page("/sessions", cookie: second).status == 303)
        }
    }

    @Test(
        "a form of another site, another port or of no page at all changes nothing",
        arguments: [
            [("sec-fetch-site", "cross-site")], [("sec-fetch-site", "same-site")], [("sec-fetch-site", "none")],
            [("origin", "http://evil.example")], [("origin", "null")], [("origin", "http://localhost:1")], [],
            [("origin", "http://localhost.evil.example")],
        ])
    func foreign(_ headers: [(String, String)]) async throws {
        try await RunningCollector.with { collector async throws in
            let token = try await collector.token(.reader)
            let refused = try await collector.signIn(token, headers: headers)
            #expect(refused.status == 403 && refused.headers["set-cookie"].isEmpty)
            let cookie = try await collector.cookie(token)
            #expect(try await collector.form("/sign-out", "", cookie, headers).status == 403)
            #expect(try await collector.page("/sessions", cookie: cookie).status == 200)
            let own = [("origin", "http://localhost:\(collector.port)")]
            #expect(try await collector.signIn(token, headers: own).status == 303)
        }
    }

    @Test("who guesses is refused, counted, delayed and in the audit trail; a good token is let in meanwhile")
    func guesses() async throws {
        try await RunningCollector.with(flags: ["--auth-failure-limit", "3"]) { collector async throws in
            let token = try await collector.token(.reader)
            for wrong in ["", "x", token + "A"] {
                let answer = try await collector.signIn(wrong)
                #expect(answer.status == 401 && answer.headers["set-cookie"].isEmpty)
                #expect(answer.text.contains("Not signed in.") && !answer.text.contains(token))
            }
            let delayed = try await collector.signIn("lwt_nothing")
            #expect(delayed.status == 429 && delayed.headers["retry-after"].first != nil)
            #expect(try await collector.signIn(token).status == 303)
            let lines = try await collector.store.auditLines(limit: 100)
            #expect(lines.count { $0.action == "page.sign-in-refused" } == 3)
            #expect(lines.count { $0.action == "page.sign-in" && $0.actor.contains("(test)") } == 1)
            #expect(lines.allSatisfy { !("\($0)".contains(token)) })
        }
    }

    @Test("an agent's token is refused, as a token to sign in with and as a bearer's")
    func agents() async throws {
        try await RunningCollector.with { collector async throws in
            let agent = try await collector.token(.agent, node: "worker-0")
            let refused = try await collector.signIn(agent)
            #expect(refused.status == 403 && refused.text.contains("agent"))
            #expect(refused.headers["set-cookie"].isEmpty)
            #expect(try await collector.page("/sessions", token: agent).status == 403)
        }
    }

    @Test("a bearer token and a reader's client certificate open pages; a wrong token is told so")
    func others() async throws {
        let authority = try TestAuthority()
        let reader = try authority.client("alice", uris: ["lastword:reader"])
        let node = try authority.client("worker-0")
        try await RunningCollector.with(authority: authority) { collector async throws in
            #expect(try await collector.page("/nodes", token: try await collector.token(.reader)).status == 200)
            let page = try await collector.call(.GET, "/sessions", client: reader)
            #expect(page.status == 200 && page.text.contains("certificate alice") && !page.text.contains("Sign out"))
            #expect(try await collector.call(.GET, "/sessions", client: node).status == 403)
            let wrong = try await collector.page("/sessions", token: "lwt_wrong")
            #expect(wrong.status == 401 && wrong.text.contains("<h1>Not signed in</h1>"))
        }
    }

    @Test(
        "it never leads to another host",
        arguments: [
            "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "sessions", "/a b",
            "/x\r\nSet-Cookie: a=b", "/sign-out", "/é",
        ])
    func redirects(_ next: String) {
        #expect(SignInPages.local(next) == "/sessions")
        #expect(SignInPages.local("/nodes?a=b%20c") == "/nodes?a=b%20c")
    }

    @Test("sessions of the pages end after their time, and there are only so many: the oldest goes")
    func limits() {
        let clock = Mutex(ContinuousClock.now)
        let sessions = PageSessions(lifetime: .seconds(60), isSecure: false, limit: 100) { clock.withLock { $0 } }
        func begin(_ token: String) -> String {
            clock.withLock { $0 += .milliseconds(1) }
            return String(sessions.begin(token).prefix { $0 != ";" })
        }
        let first = begin("a")
        let other = begin("b")
        for _ in 1..<PageSessions.limitEach { _ = begin("a") }
        #expect(sessions.token([.cookie: first]) == "a")
        let last = begin("a")
        #expect(sessions.token([.cookie: first]) == nil, "one more than a token may have")
        #expect(sessions.token([.cookie: "x=1; " + other]) == "b", "of another token")
        for token in 0..<100 { _ = begin("t\(token)") }
        #expect(sessions.token([.cookie: other]) == nil, "one more than there may be")
        let late = begin("late")
        #expect(sessions.token([.cookie: late]) == "late")
        clock.withLock { $0 += .seconds(60) }
        #expect(sessions.token([.cookie: late]) == nil && sessions.token([.cookie: last]) == nil)
    }
}
