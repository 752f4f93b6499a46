// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SessionRecords
import Synchronization

/// Who is signed in to the pages: random secrets that browsers keep as a cookie, and the tokens that they stand for.
///
/// The secrets are in memory alone, and only their SHA-256; after a restart people sign in again. Whether the token is still
/// good is asked of the store at every request. At most `limit` at a time, and `limitEach` of one token; then the oldest goes.
final class PageSessions: Sendable {
    static let limitEach = 20

    private struct Entry {
        /// The token's id, which is no secret.
        let token: String
        let since: ContinuousClock.Instant
    }

    let lifetime: Duration
    private let limit: Int
    private let isSecure: Bool
    private let entries = Mutex<[Digest: Entry]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameter isSecure: whether the collector speaks TLS: then the cookie is for TLS alone.
    init(
        lifetime: Duration, isSecure: Bool, limit: Int = 10_000,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.lifetime = lifetime
        self.limit = limit
        self.isSecure = isSecure
        self.now = now
    }

    /// The prefix makes browsers refuse a cookie of this name that another host or a plain connection sets.
    var cookieName: String { isSecure ? "__Host-lastword" : "lastword" }

    /// Signs the token's holder in; returns the `Set-Cookie` that says so.
    func begin(_ token: String) -> String {
        var random = SystemRandomNumberGenerator()
        let secret = Hex.encode((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
        let now = self.now()
        entries.withLock { entries in
            entries = entries.filter { now - $0.value.since < lifetime }
            Self.makeRoom(&entries, Self.limitEach) { $0.token == token }
            Self.makeRoom(&entries, limit) { _ in true }
            entries[Digest(of: Array(secret.utf8))] = Entry(token: token, since: now)
        }
        return cookie(secret, seconds: max(1, lifetime.components.seconds))
    }

    /// The id of the token that the request's cookie stands for; nil where there is none, or its time is over.
    func token(_ headers: HTTPFields) -> String? {
        guard let key = key(headers) else { return nil }
        let now = self.now()
        return entries.withLock { entries in
            guard let entry = entries[key], now - entry.since < lifetime else { return nil }
            return entry.token
        }
    }

    /// Signs out; returns the `Set-Cookie` that takes the cookie away.
    func end(_ headers: HTTPFields) -> String {
        if let key = key(headers) { entries.withLock { _ = $0.removeValue(forKey: key) } }
        return cookie("", seconds: 0)
    }

    private static func makeRoom(
        _ entries: inout [Digest: Entry], _ limit: Int, _ counts: (Entry) -> Bool
    ) {
        let counted = entries.filter { counts($0.value) }
        guard counted.count >= limit, let oldest = counted.min(by: { $0.value.since < $1.value.since }) else { return }
        entries[oldest.key] = nil
    }

    private func cookie(_ secret: String, seconds: Int64) -> String {
        "\(cookieName)=\(secret); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
    }

    private func key(_ headers: HTTPFields) -> Digest? {
        for part in (headers[.cookie] ?? "").split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].drop(while: { $0 == " " }) == cookieName else { continue }
            let secret = pair[1].utf8
            // Only what we made can be one: others are not worth to be hashed.
            guard secret.count == 64 else { continue }
            return Digest(of: Array(secret))
        }
        return nil
    }
}
