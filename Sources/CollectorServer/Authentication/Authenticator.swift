// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import HTTPTypes
import Logging
import Metrics
import SessionRecords
import Telemetry

/// Finds out who sends a request, and whether that is enough.
///
/// A bearer token goes before a client certificate. Too many wrong tokens from one address, and it has to wait, but for those
/// who show a token that the store knows: agents behind one address do not wait for one of them that is misconfigured. A
/// verified certificate, even one that names nobody, is not an attempt. On the control socket everybody is an administrator: its file is the owner's alone.
struct Authenticator: Sendable {
    /// A ServiceAccount token has some 1.5 KiB.
    private static let tokenLimit = 16 * 1024

    let isRequired: Bool
    let store: CollectorStore
    let serviceAccounts: ServiceAccountTokens?
    let failures: FailedLogins
    /// Who is signed in to the pages.
    let pageSessions: PageSessions
    let logger: Logging.Logger

    func admit(_ request: HTTPRequest, peer: Peer, to access: Route.Access) async throws(APIError) -> Principal {
        if access == .open { return Principal(name: Principal.anybody) }
        let isPage = access == .page || access == .nodePage
        let principal =
            if isPage, let signedIn = pageReader(request.headerFields) {
                signedIn
            } else {
                try await principal(request, peer)
            }
        switch access {
        case .open: return principal ?? Principal(name: Principal.anybody)
        case .loopbackOrReader where peer.isLoopback: return principal ?? Principal(name: "this machine")
        case .role(let role): return try permit(principal, role) { $0.has(role) }
        case .loopbackOrReader, .page: return try permit(principal, .reader) { $0.has(.reader) }
        case .unlimitedReader, .nodePage:
            let principal = try permit(principal, .reader) { $0.has(.reader) }
            guard principal.readsEverything else {
                throw APIError(
                    .forbidden, "auth.limited", "this is about nodes, and the login is limited to namespaces",
                    remedy: "use a reader that is not limited")
            }
            return principal
        }
    }

    private func permit(
        _ principal: Principal?, _ role: Principal.Role, _ isPermitted: (Principal) -> Bool
    ) throws(APIError) -> Principal {
        guard let principal else {
            throw APIError(
                .unauthorized, "auth.required", "a login is required",
                remedy: "send Authorization: Bearer TOKEN, or present a client certificate")
        }
        guard isPermitted(principal) else {
            throw APIError(
                .forbidden, "auth.role", "the login is not for the role \(role.rawValue)",
                remedy: "make a token with lastword-collector token create --role \(role.rawValue)")
        }
        return principal
    }

    /// Whoever the cookie names, unless the request brings a token of its own.
    func pageReader(_ headers: HTTPFields) -> Principal? {
        guard headers[.authorization] == nil, let id = pageSessions.token(headers), let facts = store.token(id) else {
            return nil
        }
        return Principal(facts)
    }

    /// Whose token somebody signs in with; counts and logs it where it is nobody's.
    func signIn(_ token: String, _ peer: Peer) async throws(APIError) -> TokenFacts {
        if token.utf8.count <= Self.tokenLimit, let facts = try await known(token) { return facts }
        try delay(peer)
        throw refuse("page", "unknown, expired or revoked", peer)
    }

    private func delay(_ peer: Peer) throws(APIError) {
        guard let delay = failures.delay(peer.address) else { return }
        Counter(label: "lastword_collector_logins_delayed_total").increment()
        throw APIError(
            .tooManyRequests, "auth.too-many-failures", "too many failed logins from this address",
            remedy: "correct the token; the collector's log says what was wrong with it", retryAfter: delay)
    }

    /// Nil if nothing was presented.
    private func principal(_ request: HTTPRequest, _ peer: Peer) async throws(APIError) -> Principal? {
        if let header = request.headerFields[.authorization] { return try await login(header, peer) }
        if let certificate = peer.certificate {
            do throws(LastwordError) {
                return try CertificateIdentity.principal(of: certificate)
            } catch {
                throw refuse("certificate", error.message, peer, isAttempt: false)
            }
        }
        guard !isRequired else { return nil }
        guard LoopbackName.isOwn(request.authority) else {
            throw APIError(
                .forbidden, "auth.host", "without a login the collector is asked as localhost or by a loopback address",
                remedy: "call it http://localhost:PORT, or send a token")
        }
        return Principal(
            name: Principal.anybody, sender: Sender(node: nil, kind: .token, anyNode: true, name: Principal.anybody),
            reads: .all)
    }

    private func login(_ header: String, _ peer: Peer) async throws(APIError) -> Principal {
        let parts = header.split(separator: " ", maxSplits: 1)
        let isBearer = parts.count == 2 && parts[0].lowercased() == "bearer" && parts[1].utf8.count <= Self.tokenLimit
        let token = isBearer ? String(parts[1].drop { $0 == " " }) : ""
        let isOwn = token.hasPrefix("lwt_")
        // Before the delay: 256 random bits are not guessed, and looking them up costs next to nothing.
        if isOwn, let facts = try await known(token) { return Principal(facts) }
        try delay(peer)
        guard isBearer else { throw refuse("header", "not a bearer token", peer) }
        if isOwn { throw refuse("token", "unknown, expired or revoked", peer) }
        guard let serviceAccounts, token.split(separator: ".", omittingEmptySubsequences: false).count == 3 else {
            throw refuse("token", "not one of the collector's, and ServiceAccount tokens are not set up", peer)
        }
        do {
            return try await serviceAccounts.principal(token)
        } catch {
            throw refuse("service-account", error.description, peer)
        }
    }

    private func known(_ token: String) async throws(APIError) -> TokenFacts? {
        do {
            return try await store.authenticate(token)
        } catch let error as LastwordError {
            throw APIError(store: error)
        } catch {
            throw APIError(
                .serviceUnavailable, "server.stopping", "the collector is stopping", retryAfter: .seconds(5))
        }
    }

    /// Counts and logs it; what was wrong is not told to whoever tried.
    private func refuse(_ method: String, _ why: String, _ peer: Peer, isAttempt: Bool = true) -> APIError {
        if isAttempt { failures.note(peer.address) }
        Counter(label: "lastword_collector_logins_failed_total", dimensions: [("method", method)]).increment()
        logger.warning("a login failed", metadata: [LogKey.peerAddress: "\(peer.address)", LogKey.reason: "\(why)"])
        return APIError(
            .unauthorized, "auth.failed", "the login is not accepted",
            remedy: "it may be wrong, expired or revoked; the collector's log says why")
    }
}

extension Principal {
    init(_ facts: TokenFacts) {
        let name = "token \(facts.id) (\(facts.name))"
        switch facts.role {
        case .agent:
            self.init(
                name: name, sender: Sender(node: facts.node, kind: .token, anyNode: facts.node == nil, name: name))
        case .reader: self.init(name: name, reads: facts.scope)
        case .admin: self.init(name: name, reads: .all, isAdmin: true)
        }
    }
}
