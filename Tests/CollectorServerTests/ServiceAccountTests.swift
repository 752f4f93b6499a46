// SPDX-License-Identifier: Apache-2.0
import APIServerSupport
import CollectorStore
import Foundation
import JWTKit
import NIOHTTP1
import ReceiverSupport
import SessionRecords
import Synchronization
import TestSupport
import Testing

@testable import CollectorServer
@testable import CollectorSupport

/// An issuer of a test's own.
private struct Issuer {
    let keys = JWTKeyCollection()
    let jwks: String

    struct Claims: JWTPayload {
        var iss = "https://kubernetes.test"
        var aud: [String] = ["lastword"]
        var exp = Double(MadeLedger.now.nanoseconds / 1_000_000_000) + 600
        var nbf: Double? = Double(MadeLedger.now.nanoseconds / 1_000_000_000) - 600
        var sub = "system:serviceaccount:lastword:lastword-agent"
        var kubernetes: Kubernetes? = Kubernetes()

        struct Kubernetes: Codable, Sendable {
            var namespace = "lastword"
            var node: [String: String]? = ["name": "worker-0", "uid": "1"]
        }

        enum CodingKeys: String, CodingKey {
            case iss, aud, exp, nbf, sub
            case kubernetes = "kubernetes.io"
        }

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    init() async throws {
        let ecdsa = ES256PrivateKey()
        let rsa = try Insecure.RSA.PrivateKey(pem: try await Self.rsaPEM())
        await keys.add(ecdsa: ecdsa, kid: "ec")
        await keys.add(rsa: rsa, digestAlgorithm: .sha256, kid: "rsa")
        await keys.add(rsa: rsa, digestAlgorithm: .sha512, kid: "rsa-512")
        await keys.add(
            hmac: HMACKey(from: String(repeating: "secret", count: 8)), digestAlgorithm: .sha256, kid: "hmac")
        let point = try #require(ecdsa.publicKey.parameters)
        let parts = try rsa.publicKey.getKeyPrimitives()
        // A symmetric key in the set must not become a way in.
        jwks = """
            {"keys":[{"kty":"EC","crv":"P-256","kid":"ec","use":"sig","alg":"ES256",
            "x":"\(point.x.base64URL)","y":"\(point.y.base64URL)"},
            {"kty":"RSA","kid":"rsa","use":"sig","n":"\(parts.modulus.base64URL)","e":"\(parts.publicExponent.base64URL)"},
            {"kty":"RSA","kid":"rsa-512","n":"\(parts.modulus.base64URL)","e":"\(parts.publicExponent.base64URL)"},
            {"kty":"oct","kid":"hmac","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}
            """
    }

    private static func rsaPEM() async throws -> String {
        try await ChildProcess.require(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
            .text
    }

    func token(_ kid: String = "ec", _ change: (inout Claims) -> Void = { _ in }) async throws -> String {
        var claims = Claims()
        change(&claims)
        return try await keys.sign(claims, kid: JWKIdentifier(string: kid))
    }
}

extension String {
    /// What is base64 of either alphabet, as base64url without padding.
    fileprivate var base64URL: String {
        replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

@Suite("ServiceAccount tokens", .serialized)
struct ServiceAccountTests {
    private func with(
        _ issuer: Issuer, _ body: (RunningCollector) async throws -> Void
    ) async throws {
        let scratch = try ScratchDirectory()
        let flags = [
            "--service-accounts-issuer", "https://kubernetes.test", "--service-accounts-jwks-file",
            try scratch.write(issuer.jwks, to: "jwks.json"), "--auth-failure-limit", "1000",
        ]
        try await RunningCollector.with(flags: flags, scratch: scratch, body)
    }

    @Test(
        "a projected token delivers for the node that it names, signed by either algorithm", arguments: ["ec", "rsa"])
    func accepted(_ kid: String) async throws {
        let issuer = try await Issuer()
        var mine = MadeLedger()
        mine.addSession(1)
        var other = MadeLedger("ledger-2", node: "worker-1")
        other.addSession(1)
        try await with(issuer) { [mine, other] collector async throws in
            let token = try await issuer.token(kid)
            #expect(try await collector.deliver(mine, token: token).status == 200)
            #expect(try await collector.deliver(other, token: token).status == 403)
            #expect(try await collector.call(.GET, "/v1/sessions", token: token).status == 403)
            #expect(try await collector.store.nodes(scope: .all).map(\.identity) == ["service-account"])
        }
    }

    @Test("whatever is not right about a token refuses it")
    func refused() async throws {
        let issuer = try await Issuer()
        let stranger = try await Issuer()
        var ledger = MadeLedger()
        ledger.addSession(1)
        let now = Double(MadeLedger.now.nanoseconds / 1_000_000_000)
        var tokens: [(String, String)] = [
            ("expired", try await issuer.token { $0.exp = now - 61 }),
            ("not valid yet", try await issuer.token { $0.nbf = now + 61 }),
            ("another audience", try await issuer.token { $0.aud = ["https://kubernetes.default.svc"] }),
            ("no audience", try await issuer.token { $0.aud = [] }),
            ("another issuer", try await issuer.token { $0.iss = "https://kubernetes.other" }),
            ("another account", try await issuer.token { $0.sub = "system:serviceaccount:default:lastword-agent" }),
            ("a user", try await issuer.token { $0.sub = "lastword/lastword-agent" }),
            ("no node", try await issuer.token { $0.kubernetes?.node = nil }),
            ("no claims of Kubernetes", try await issuer.token { $0.kubernetes = nil }),
            ("a node that is none", try await issuer.token { $0.kubernetes?.node = ["name": "../x"] }),
            ("signed by another key", try await stranger.token()),
            ("an algorithm that is not accepted", try await issuer.token("rsa-512")),
            ("a symmetric signature", try await issuer.token("hmac")),
        ]
        let good = try await issuer.token()
        let parts = good.split(separator: ".").map(String.init)
        let none = Data(#"{"alg":"none","typ":"JWT","kid":"ec"}"#.utf8).base64URL
        tokens += [
            ("no signature", "\(none).\(parts[1])."), ("a cut signature", String(good.dropLast(4))),
            (
                "another payload",
                "\(parts[0]).\(try await issuer.token { $0.exp = now + 9999 }.split(separator: ".")[1]).\(parts[2])"
            ),
        ]
        try await with(issuer) { [ledger, tokens] collector async throws in
            for (what, token) in tokens {
                #expect(try await collector.deliver(ledger, token: token).status == 401, "\(what)")
            }
            #expect(try await collector.deliver(ledger, token: good).status == 200)
        }
    }

    @Test("the issuer's keys are read again when a token names an unknown one, but not with every such token")
    func rotation() async throws {
        let (old, new) = (try await Issuer(), try await Issuer())
        let scratch = try ScratchDirectory()
        let clock = ManualClock()
        let file = try scratch.write(old.jwks, to: "jwks.json")
        let keys = ServiceAccountKeys(.file(file), now: { clock.now })
        #expect(await keys.keys(with: "ec") != nil)
        try scratch.write(new.jwks.replacing("\"kid\":\"ec\"", with: "\"kid\":\"ec-2\""), to: "jwks.json")
        #expect(await keys.keys(with: "ec-2") == nil)
        clock.advance(ServiceAccountKeys.pause)
        #expect(await keys.keys(with: "ec-2") != nil)
        #expect(await keys.keys(with: "ec") == nil)
    }

    @Test("keys come over TLS from the API server, with the collector's own token; no other server is believed")
    func byURL() async throws {
        let issuer = try await Issuer()
        let certificates = try StandInCertificates()
        let isDown = Mutex(false)
        let server = OTLPReceiver(.init(tls: certificates)) { _ in
            isDown.withLock(\.self) ? .status(503) : .other(type: "application/jwk-set+json", issuer.jwks)
        }
        try await server.start()
        let scratch = try ScratchDirectory()
        let url = server.url + "/openid/v1/jwks"
        let authority = try scratch.write(certificates.authority, to: "ca.pem")
        let token = try scratch.write("the-collectors-own\n", to: "token")
        let flags = [
            "--service-accounts-issuer", "https://kubernetes.test", "--service-accounts-jwks-url", url,
            "--service-accounts-jwks-ca-file", authority, "--service-accounts-jwks-token-file", token,
        ]
        var ledger = MadeLedger()
        ledger.addSession(1)
        try await RunningCollector.with(flags: flags, scratch: scratch) { [ledger] collector async throws in
            #expect(try await collector.deliver(ledger, token: try await issuer.token()).status == 200)
        }
        #expect(server.requests.allSatisfy { $0.path == "/openid/v1/jwks" } && !server.requests.isEmpty)
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Bearer the-collectors-own" })
        let keys = ServiceAccountKeys(.url(url, caFile: authority, tokenFile: token))
        try await keys.load()
        isDown.withLock { $0 = true }
        await #expect(throws: LastwordError.self) { try await keys.load() }
        #expect(await keys.keys(with: "ec") != nil)
        let others = try scratch.write(try StandInCertificates().authority, to: "other-ca.pem")
        isDown.withLock { $0 = false }
        await #expect(throws: LastwordError.self) {
            try await ServiceAccountKeys(.url(url, caFile: others, tokenFile: nil)).load()
        }
        await server.stop()
    }

    @Test("keys that cannot be used are refused by name, and the ones before stay in force")
    func unusable() async throws {
        let issuer = try await Issuer()
        let scratch = try ScratchDirectory()
        let file = try scratch.write(issuer.jwks, to: "jwks.json")
        let keys = ServiceAccountKeys(.file(file))
        try await keys.load()
        for text in ["", "[]", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"c2VjcmV0\"}]}"] {
            try scratch.write(text, to: "jwks.json")
            await #expect(throws: LastwordError.self) { try await keys.load() }
            #expect(await keys.keys(with: "rsa") != nil)
        }
    }
}
