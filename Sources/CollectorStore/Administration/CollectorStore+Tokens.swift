// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials
import GRDB
import SQLiteStore
package import SessionRecords

package enum TokenRole: String, Sendable, CaseIterable {
    case agent, reader, admin
}

/// A token without its secret.
package struct TokenFacts: Sendable, Hashable {
    /// Stands in the token itself; may be shown and logged.
    package let id: String
    package let name: String
    package let role: TokenRole
    /// The node that an agent may write for; nil: any.
    package let node: String?
    /// The namespaces that a reader may see; nil: all.
    package let namespaces: Set<String>?
    package let createdAt: Timestamp
    /// Nil: it does not expire.
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?

    /// What the token's holder may read.
    package var scope: ReadScope { namespaces.map(ReadScope.namespaces) ?? .all }
}

extension CollectorStore {
    /// Makes a token and gives its secret, `lwt_<id>_<43 characters>`: the only time that it can be seen. The store keeps its
    /// SHA-256, which is enough for 32 random bytes.
    ///
    /// Throws `token.invalid` where node or namespaces do not fit the role.
    package func createToken(
        name: String, role: TokenRole, node: String? = nil, namespaces: Set<String>? = nil, expiresAt: Timestamp?,
        by actor: String
    ) async throws -> (secret: String, facts: TokenFacts) {
        guard node == nil || role == .agent, namespaces == nil || role == .reader, node?.isEmpty != true else {
            throw LastwordError(
                code: "token.invalid", message: "cannot make a token: only agents have a node, only readers namespaces")
        }
        var random = SystemRandomNumberGenerator()
        let id = Hex.encode((0..<8).map { _ in UInt8.random(in: 0...255, using: &random) })
        let secret = "lwt_\(id)_" + Base64URL.encode((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
        let facts = TokenFacts(
            id: id, name: Bounds.name(name), role: role, node: node, namespaces: namespaces,
            createdAt: options.clock(), expiresAt: expiresAt, revokedAt: nil)
        try await writing("make a token") { [self] db in
            try db.run(
                """
                INSERT INTO token (id, name, role, node, namespaces, secret_sha256, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    facts.id, facts.name, role.rawValue, node, namespaces.map { Self.text($0) },
                    Data(Digest(of: Array(secret.utf8)).bytes), facts.createdAt.nanoseconds, expiresAt?.nanoseconds,
                ])
            try AuditTrail.note(
                "token.create", actor: actor,
                detail: [("id", .string(facts.id)), ("name", .string(facts.name)), ("role", .string(role.rawValue))],
                at: facts.createdAt, db)
            refreshTokens(after: db)
        }
        return (secret, facts)
    }

    /// Whose token it is; nil if it is none of ours, has expired or was revoked. Which of these is not told to the one who
    /// shows it. Waits for no connection.
    package func authenticate(_ secret: String) async throws -> TokenFacts? {
        let parts = secret.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "lwt", parts[1].utf8.count == 16, secret.utf8.count <= 128 else {
            return nil
        }
        let id = String(parts[1])
        let hash = Array(SHA256.hash(data: Data(secret.utf8)))
        let now = options.clock()
        guard let (facts, stored) = tokenBook[id], Self.areSame(stored, hash), facts.revokedAt == nil,
            facts.expiresAt.map({ now < $0 }) ?? true
        else { return nil }
        return facts
    }

    /// What a token that was accepted before may do now, by its id; nil once it has expired or was revoked. Waits for no
    /// connection.
    package func token(_ id: String) -> TokenFacts? {
        guard let facts = tokenBook[id]?.facts, facts.revokedAt == nil,
            facts.expiresAt.map({ options.clock() < $0 }) ?? true
        else { return nil }
        return facts
    }

    /// Has the book read anew when the transaction at hand is committed, and before the next one begins.
    private func refreshTokens(after db: Database) {
        db.afterNextTransaction { [self] db in
            do {
                tokenBook.fill(try TokenFacts.all(db))
            } catch {
                // Unreadable: nobody gets in by what may be revoked.
                tokenBook.fill([])
                _ = failed(error, "read the tokens")
            }
        }
    }

    /// False if there is no such token, or it was revoked before.
    @discardableResult
    package func revokeToken(_ id: String, by actor: String) async throws -> Bool {
        let now = options.clock()
        return try await writing("revoke a token") { [self] db in
            try db.run("UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [now.nanoseconds, id])
            guard db.changesCount > 0 else { return false }
            try AuditTrail.note("token.revoke", actor: actor, detail: [("id", .string(id))], at: now, db)
            refreshTokens(after: db)
            return true
        }
    }

    /// All tokens, oldest first.
    package func tokens() async throws -> [TokenFacts] {
        try await reading("list the tokens") { db in
            try TokenFacts.all(db).map(\.facts)
        }
    }

    /// Takes the same time whatever differs.
    private static func areSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func text(_ namespaces: Set<String>) -> String {
        // A namespace is a DNS label: it has no blank. One that has, names nothing.
        namespaces.sorted().joined(separator: " ")
    }
}

extension TokenFacts {
    fileprivate static let columns =
        "id, name, role, node, namespaces, created_at, expires_at, revoked_at, secret_sha256"

    /// Oldest first.
    static func all(_ db: Database) throws -> [TokenBook.Entry] {
        var tokens: [TokenBook.Entry] = []
        try db.forEachRow("SELECT \(columns) FROM token ORDER BY created_at, id") { row in
            if let facts = TokenFacts(row) { tokens.append((facts, row.bytes(8))) }
            return true
        }
        return tokens
    }

    /// Nil where the role is not one of ours.
    fileprivate init?(_ row: Columns) {
        guard let role = TokenRole(rawValue: row.text(2)) else { return nil }
        self.init(
            id: row.text(0), name: row.text(1), role: role, node: row.optionalText(3),
            namespaces: row.optionalText(4).map { Set($0.split(separator: " ").map(String.init)) },
            createdAt: Timestamp(nanoseconds: row.integer(5)),
            expiresAt: row.optionalInteger(6).map(Timestamp.init(nanoseconds:)),
            revokedAt: row.optionalInteger(7).map(Timestamp.init(nanoseconds:)))
    }
}
