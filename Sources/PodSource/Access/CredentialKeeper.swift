// SPDX-License-Identifier: Apache-2.0
import NIOSSL
import ServerAccess

/// Keeps the credentials of a server, and reads them again once they are old or were refused. Rotated tokens and client
/// certificates come into effect without a restart.
struct CredentialKeeper {
    private let read: () throws -> ServerCredentials
    private let lifetime: Duration
    private var current: (credentials: ServerCredentials, tls: TLSConfiguration, readAt: ContinuousClock.Instant)?

    init(lifetime: Duration, read: @escaping () throws -> ServerCredentials) {
        self.lifetime = lifetime
        self.read = read
    }

    /// They were refused: read them again before the next use.
    mutating func invalidate() {
        guard var kept = current else { return }
        kept.readAt = .now - lifetime
        current = kept
    }

    /// - Throws: `PodSourceFailure.credentials`. Credentials that were good before are not used past their age when
    ///   they cannot be read any more: a removed token is meant to be gone.
    mutating func credentials() throws(PodSourceFailure) -> (ServerCredentials, TLSConfiguration) {
        if let current, ContinuousClock.now - current.readAt < lifetime { return (current.credentials, current.tls) }
        do {
            let credentials = try read()
            // The same bytes keep the same TLS settings, and with them the connections that stand.
            let tls =
                try current.flatMap { $0.credentials == credentials ? $0.tls : nil }
                ?? credentials.tlsConfiguration(.pods)
            current = (credentials, tls, .now)
            return (credentials, tls)
        } catch {
            throw .credentials(PodSourceFailure.asError(error))
        }
    }
}
