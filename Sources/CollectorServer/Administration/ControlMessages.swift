// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// What the program's own commands ask for: of the running server over its control socket, otherwise of the store itself.
struct ControlRequest: Codable, Sendable {
    enum Action: Codable, Sendable {
        case createToken(name: String, role: String, node: String?, namespaces: [String]?, expiresAt: Timestamp?)
        case listTokens
        case revokeToken(id: String)
        case hold(session: String, reason: String)
        case release(session: String, reason: String)
        case erase(session: String, reason: String)
        case backup(file: String)
        case verify
        case auditTrail(session: String?, before: Int64?, limit: Int, asJSON: Bool)
    }

    var action: Action
    /// Who asks, for the audit trail. Whoever can reach the socket could say anything here: it is the owner's alone.
    var actor: String
}

/// What came of it: lines for people, or an error.
struct ControlAnswer: Codable, Sendable {
    struct Failure: Codable, Sendable {
        var code: String
        var message: String
        var remedy: String?
    }

    /// For standard output.
    var lines: [String] = []
    /// For standard error.
    var notes: [String] = []
    /// Whether what was looked for was found and in order; false is exit code 1.
    var isGood = true
    var failure: Failure?

    init(lines: [String] = [], notes: [String] = [], isGood: Bool = true) {
        self.lines = lines
        self.notes = notes
        self.isGood = isGood
    }

    init(_ error: LastwordError) {
        failure = Failure(
            code: error.code, message: error.description.split(separator: "\n").first.map(String.init) ?? "",
            remedy: error.remedy)
    }

    /// The answer, or its failure thrown.
    func get() throws(LastwordError) -> ControlAnswer {
        guard let failure else { return self }
        throw LastwordError(code: failure.code, message: failure.message, remedy: failure.remedy)
    }
}
