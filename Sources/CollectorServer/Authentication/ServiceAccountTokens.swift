// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import Foundation
import JWTKit
import SessionRecords

/// Checks projected ServiceAccount tokens: signature, issuer, audience, time, account, and for which node they are.
struct ServiceAccountTokens: Sendable {
    /// Clocks may differ by so much.
    static let tolerance = 60.0

    let settings: CollectorConfiguration.ServiceAccounts
    let keys: ServiceAccountKeys
    let now: @Sendable () -> Timestamp

    /// Throws `auth.token` with a reason for the log; the sender learns no more than that the token was not accepted.
    func principal(_ token: String) async throws(LastwordError) -> Principal {
        let claims = try await verified(token)
        let seconds = Double(now().nanoseconds) / 1_000_000_000
        guard claims.iss == settings.issuer else { throw refusal("another issuer") }
        guard claims.aud.values.contains(settings.audience) else { throw refusal("another audience") }
        guard seconds < claims.exp + Self.tolerance else { throw refusal("expired") }
        if let begin = claims.nbf, seconds < begin - Self.tolerance { throw refusal("not valid yet") }
        let parts = claims.sub.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "system", parts[1] == "serviceaccount" else {
            throw refusal("not a ServiceAccount's")
        }
        let account = "\(parts[2])/\(parts[3])"
        guard settings.allow.contains(account) else { throw refusal("ServiceAccount \(account) is not allowed") }
        guard let node = claims.kubernetes?.node?.name, CertificateIdentity.isNodeName(node) else {
            throw refusal(
                "it names no node: a cluster before 1.30 cannot; give the agent a token of the collector's own")
        }
        let name = "service account \(account) on \(node)"
        return Principal(name: name, sender: Sender(node: node, kind: .serviceAccount, name: name))
    }

    private func verified(_ token: String) async throws(LastwordError) -> ServiceAccountClaims {
        guard let header = Header(token) else { throw refusal("malformed") }
        // What Kubernetes signs with, and nothing that takes a public key for a secret or asks for no signature.
        guard let algorithm = header.alg, ["RS256", "ES256"].contains(algorithm) else {
            throw refusal("signed in a way that is not accepted")
        }
        guard let name = header.kid, let keys = await keys.keys(with: name) else {
            throw refusal("signed by an unknown key")
        }
        do {
            guard try await keys.getKey(for: JWKIdentifier(string: name)).name == algorithm else {
                throw refusal("signed in another way than its key is for")
            }
            return try await keys.verify(token, as: ServiceAccountClaims.self)
        } catch let error as LastwordError {
            throw error
        } catch {
            throw refusal("the signature is wrong", error)
        }
    }

    /// All that is looked at before the signature has been checked.
    private struct Header: Decodable {
        let alg: String?
        let kid: String?
        /// Extensions that must be understood; none is.
        let crit: [String]?

        init?(_ token: String) {
            // What does not decode is no header, and the token is refused as such.
            guard let part = token.split(separator: ".").first, let bytes = Base64URL.decode(String(part)),
                let header = try? JSONDecoder().decode(Header.self, from: Data(bytes)), header.crit == nil
            else { return nil }
            self = header
        }
    }

    private func refusal(_ why: String, _ cause: (any Error)? = nil) -> LastwordError {
        LastwordError(code: "auth.token", message: "the ServiceAccount token is not accepted: \(why)", cause: cause)
    }
}
