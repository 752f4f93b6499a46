// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import SessionRecords

/// Carries out what the program's own commands ask for, on a store that is open.
struct Administration: Sendable {
    let store: CollectorStore

    func perform(_ request: ControlRequest) async -> ControlAnswer {
        do {
            return try await carryOut(request)
        } catch let error as LastwordError {
            return ControlAnswer(error)
        } catch {
            return ControlAnswer(
                LastwordError(code: "control.failed", message: "the collector could not do it", cause: error))
        }
    }

    private func carryOut(_ request: ControlRequest) async throws -> ControlAnswer {
        let actor = request.actor
        switch request.action {
        case .createToken(let name, let role, let node, let namespaces, let expiresAt):
            guard let role = TokenRole(rawValue: role) else {
                throw LastwordError(code: "token.invalid", message: "there is no role \(Bounds.name(role))")
            }
            let (secret, facts) = try await store.createToken(
                name: name, role: role, node: node, namespaces: namespaces.map { Set($0) }, expiresAt: expiresAt,
                by: actor)
            return ControlAnswer(
                lines: [secret], notes: ["made \(TokenText.line(facts)); the token is shown this once"])
        case .listTokens:
            return ControlAnswer(lines: TokenText.table(try await store.tokens()))
        case .revokeToken(let id):
            let isRevoked = try await store.revokeToken(TokenText.id(id), by: actor)
            return ControlAnswer(
                notes: [isRevoked ? "revoked" : "there is no such token that is not revoked already"], isGood: isRevoked
            )
        case .hold(let session, let reason):
            let id = try await find(session)
            try await store.hold(id, by: actor, reason: reason)
            return ControlAnswer(lines: ["held \(id)"])
        case .release(let session, let reason):
            let id = try await find(session)
            let wasHeld = try await store.release(id, by: actor, reason: reason)
            return ControlAnswer(lines: [wasHeld ? "released \(id)" : "\(id) was not held"], isGood: wasHeld)
        case .erase(let session, let reason):
            let id = try await find(session)
            let isNew = try await store.erase(id, by: actor, reason: reason)
            return ControlAnswer(lines: [isNew ? "erased the output of \(id)" : "the output of \(id) was erased before"]
            )
        case .backup(let file):
            try await store.backup(to: file, by: actor)
            return ControlAnswer(lines: ["wrote \(file)"])
        case .verify: return try await StoreVerification(store: store).run()
        case .auditTrail(let session, let before, let limit, let asJSON):
            let lines = try await auditLines(session, before, limit)
            return ControlAnswer(lines: lines.map { asJSON ? $0.json.compact : $0.text }, isGood: !lines.isEmpty)
        }
    }

    /// The newest lines, oldest first.
    private func auditLines(_ session: String?, _ before: Int64?, _ limit: Int) async throws -> [AuditLine] {
        // A session that retention has removed is found by its whole id alone.
        var id: SessionID?
        if let session {
            if let whole = SessionID(session) { id = whole } else { id = try await find(session) }
        }
        return try await store.auditLines(session: id, before: before, limit: limit).reversed()
    }

    /// The one session that is meant: by its id, the beginning of it, or its path.
    private func find(_ text: String) async throws -> SessionID {
        guard let reference = CollectorReference(text) else {
            throw LastwordError(
                code: "session.reference", message: "that names no session",
                remedy: "give the beginning of an id, or namespace/pod/container")
        }
        let found = try await store.find(reference, scope: .all, limit: 10)
        guard let first = found.first else {
            throw LastwordError(code: "session.unknown", message: "there is no such session")
        }
        guard found.count == 1 else {
            throw LastwordError(
                code: "session.ambiguous",
                message: "that names several sessions: " + found.map(\.id.rawValue).joined(separator: ", "),
                remedy: "give more of the id")
        }
        return first.id
    }
}

extension AuditLine {
    fileprivate var json: JSONValue {
        var object = JSONObject([
            ("number", .integer(number)), ("at", .string(at.description)), ("actor", .string(actor)),
            ("action", .string(action)),
        ])
        object["session"] = session.map { .string($0.rawValue) }
        object["reason"] = reason.map(JSONValue.string)
        // A text that holds JSON, as in the feed to a SIEM.
        object["detail"] = detail.map(JSONValue.string)
        return .object(object)
    }

    fileprivate var text: String {
        var text = "\(number) \(at) \(action) by \(SafeText.line(actor))"
        if let session { text += " session=\(session)" }
        if let reason { text += " reason=\(SafeText.line(reason))" }
        return text + (detail.map { " " + SafeText.line($0) } ?? "")
    }
}

/// Tokens as text, never their secret.
private enum TokenText {
    static func line(_ facts: TokenFacts) -> String {
        var text = "\(facts.id) \(facts.role.rawValue)"
        if facts.role == .agent { text += facts.node.map { " node=\($0)" } ?? " node=any" }
        if let namespaces = facts.namespaces { text += " namespaces=" + namespaces.sorted().joined(separator: ",") }
        text += facts.expiresAt.map { " expires=\($0)" } ?? " expires=never"
        if let revoked = facts.revokedAt { text += " revoked=\(revoked)" }
        return text + (facts.name.isEmpty ? "" : " name=" + SafeText.line(facts.name))
    }

    static func table(_ tokens: [TokenFacts]) -> [String] {
        tokens.map { "\(line($0)) created=\($0.createdAt)" }
    }

    /// The id, also from a whole token.
    static func id(_ text: String) -> String {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        return parts.count >= 2 && parts[0] == "lwt" ? String(parts[1]) : text
    }
}
