// SPDX-License-Identifier: Apache-2.0
import JWTKit

/// What a projected ServiceAccount token says.
/// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#schema-for-service-account-private-claims
struct ServiceAccountClaims: JWTPayload {
    /// One or several; jwt-kit's own type traps on an empty list.
    struct Audience: Codable, Sendable {
        let values: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // RFC 7519 §4.1.3: one text, or a list of them; the list's own decoding says what is wrong with anything else.
            if let value = try? container.decode(String.self) {
                values = [value]
            } else {
                values = try container.decode([String].self)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(values)
        }
    }

    struct Reference: Codable, Sendable {
        var name: String
        var uid: String?
    }

    struct Kubernetes: Codable, Sendable {
        var namespace: String?
        /// Since Kubernetes 1.30 (`ServiceAccountTokenPodNodeInfo`; on by default from there, stable in 1.32).
        var node: Reference?
        var pod: Reference?
        var serviceaccount: Reference?
    }

    var iss: String
    var aud: Audience
    /// Seconds since 1970, as `exp` and `nbf` are.
    var exp: Double
    var nbf: Double?
    var sub: String
    var kubernetes: Kubernetes?

    enum CodingKeys: String, CodingKey {
        case iss, aud, exp, nbf, sub
        case kubernetes = "kubernetes.io"
    }

    /// The signature alone is jwt-kit's matter; the claims are compared by `ServiceAccountTokens`, with its clock.
    func verify(using algorithm: some JWTAlgorithm) async throws {}
}
