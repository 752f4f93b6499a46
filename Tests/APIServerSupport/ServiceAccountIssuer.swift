// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation

/// Signs projected ServiceAccount tokens as an API server does, with a key of its own (ES256).
package struct ServiceAccountIssuer: Sendable {
    /// `iss`, unless a cluster says otherwise.
    package static let standard = "https://kubernetes.default.svc.cluster.local"

    private let key = P256.Signing.PrivateKey()
    private let keyName = UUID().uuidString

    /// What `/openid/v1/jwks` answers.
    package var jwks: String {
        // Uncompressed: 4, then the two coordinates.
        let point = key.publicKey.x963Representation.dropFirst()
        let (x, y) = (Data(point.prefix(32)), Data(point.suffix(32)))
        return """
            {"keys":[{"use":"sig","kty":"EC","kid":"\(keyName)","crv":"P-256","alg":"ES256",\
            "x":"\(x.base64URL)","y":"\(y.base64URL)"}]}
            """
    }

    /// A token as the kubelet of a node gets it for a pod, of Kubernetes 1.30 or newer.
    ///
    /// - Parameter account: `namespace/name`.
    package func token(account: String, audience: String, node: String, lifetime: Duration) throws -> String {
        let names = account.split(separator: "/").map(String.init)
        let now = Int(Date.now.timeIntervalSince1970)
        let claims: [String: Any] = [
            "iss": Self.standard, "aud": [audience], "sub": "system:serviceaccount:" + names.joined(separator: ":"),
            "iat": now, "nbf": now, "exp": now + Int(lifetime.components.seconds), "jti": UUID().uuidString,
            "kubernetes.io": [
                "namespace": names[0], "serviceaccount": ["name": names[1], "uid": UUID().uuidString],
                "node": ["name": node, "uid": UUID().uuidString],
            ] as [String: Any],
        ]
        let head = try JSONSerialization.data(withJSONObject: ["alg": "ES256", "kid": keyName])
        let body = try JSONSerialization.data(withJSONObject: claims)
        let signed = head.base64URL + "." + body.base64URL
        return signed + "." + (try key.signature(for: Data(signed.utf8)).rawRepresentation.base64URL)
    }
}

extension Data {
    /// Without padding (RFC 7515, 2).
    package var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
