// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import ServerAccess
import SessionRecords

/// When a bearer token ends, as it says itself (RFC 7519, `exp`). Nothing is verified: it is for the reader's eyes.
struct TokenLife: Hashable, Sendable {
    let file: String
    let end: Timestamp

    /// Nil where the file cannot be read, or holds a token that does not say when it ends: the checks that use it say so.
    init?(file: String) {
        let reader = CredentialReader(code: "check.tokens")
        guard let bytes = try? reader.read(file, what: "token file"),
            let token = try? reader.token(bytes, from: file), let end = Self.end(of: token)
        else { return nil }
        self.file = file
        self.end = end
    }

    func hasEnded(_ now: Timestamp) -> Bool { end <= now }

    func failure(_ now: Timestamp) -> LastwordError {
        LastwordError(
            code: "check.token-expired",
            message: "the token in \(file) ended at \(end); it is \(now) now",
            remedy: "put a new token into the file, which is read again; in a pod the kubelet does: see its events, "
                + "and whether the node's clock is right")
    }

    /// The second of three parts is a JSON object in base64url.
    static func end(of token: String) -> Timestamp? {
        struct Claims: Decodable { let exp: Double? }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].utf8.count <= 65_536 else { return nil }
        var text = parts[1].replacing("-", with: "+").replacing("_", with: "/")
        text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        // Another kind of token that only looks like this one has no end that we know.
        guard let data = Data(base64Encoded: String(text)),
            let claims = try? JSONDecoder().decode(Claims.self, from: data),
            let seconds = claims.exp, seconds >= 0, seconds < 253_402_300_800
        else { return nil }
        return Timestamp(seconds: Int64(seconds), nanos: 0)
    }
}
