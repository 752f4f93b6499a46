// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import HTTPTypes
import HummingbirdCore
import SessionRecords

/// Lists of sessions, and one session.
struct SessionHandlers: Sendable {
    static let filters: Set = [
        "namespace", "pod", "container", "target", "exitCode", "node", "cluster", "state", "running", "since", "until",
        "startedBefore", "q", "reference", "limit", "after",
    ]

    let store: CollectorStore

    func list(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(Self.filters)
        var cursor: PageCursor?
        if let text = try request.query.text("after") {
            guard let parsed = store.cursors.cursor(text) else {
                throw QueryParameters.invalid("after is not the next of a page of this list")
            }
            cursor = parsed
        }
        let page = try await store.sessions(
            try Self.query(request.query), scope: scope, limit: try request.query.limit(), after: cursor)
        let next = try page.next.map { try store.cursors.text($0) }
        return JSONBody.response { json in
            json.list("sessions") { json in
                for session in page.sessions { json.element(raw: Array(session.json.utf8)) }
            }
            json.member("next", next.map(JSONValue.string))
        }
    }

    func changes(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(Self.filters)
        var after: Int64?
        if let text = try request.query.text("after") {
            guard let mark = store.cursors.mark(text) else {
                throw QueryParameters.invalid(
                    "after is not a mark of this store", remedy: "ask without after for a new one")
            }
            after = mark
        }
        let page = try await store.changes(
            after: after, try Self.query(request.query), scope: scope,
            limit: try request.query.limit())
        let mark = try store.cursors.text(mark: page.mark)
        return JSONBody.response { json in
            json.list("sessions") { json in
                for session in page.sessions { json.element(raw: Array(session.json.utf8)) }
            }
            json.member("mark", .string(mark))
        }
    }

    func one(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["details"])
        guard let session = try await store.session(try request.sessionID, scope: scope) else {
            throw APIError.unknownSession
        }
        let record = Array(session.record.json.utf8)
        guard try request.query.truth("details") == true else {
            return JSONBody.response(raw: record)
        }
        return JSONBody.response { json in
            json.member("session", raw: record)
            json.object("collector") { json in
                // Ledgers are a node's, and a number tells how much else the node has recorded.
                if scope.isUnlimited {
                    json.member("ledger", .string(session.ledger))
                    json.member("number", .integer(session.number))
                }
                json.member("receivedAt", .time(session.receivedAt))
                json.member("hold", session.hold.map { .act($0.actor, $0.reason, $0.at) })
                json.member("erased", session.erased.map { .act($0.actor, $0.reason, $0.at) })
                // Another ledger may tell of another namespace.
                guard scope.isUnlimited else { return }
                json.list("others") { json in
                    for other in session.others {
                        json.element { json in
                            json.member("ledger", .string(other.ledger))
                            json.member("node", .string(other.node))
                            json.member("number", .integer(other.number))
                            json.member("receivedAt", .time(other.receivedAt))
                            json.member("session", raw: Array(other.json.utf8))
                        }
                    }
                }
            }
        }
    }

    static func query(_ parameters: QueryParameters) throws(APIError) -> CollectorQuery {
        var query = CollectorQuery()
        query.namespace = try parameters.text("namespace")
        query.pod = try parameters.text("pod")
        query.container = try parameters.text("container")
        query.targetContainer = try parameters.text("target")
        query.exitCode = try parameters.integer("exitCode", 0...4_294_967_295).map { Int($0) }
        query.node = try parameters.text("node")
        query.cluster = try parameters.text("cluster")
        if let states = try parameters.text("state") {
            for name in states.split(separator: ",") {
                guard let state = SessionState(rawValue: String(name)) else {
                    throw QueryParameters.invalid(
                        "state must be some of " + SessionState.allCases.map(\.rawValue).joined(separator: ", "))
                }
                query.states.insert(state)
            }
        }
        if try parameters.truth("running") == true { query.isRunningOnly = true }
        query.since = try parameters.time("since")
        query.until = try parameters.time("until")
        query.startedBefore = try parameters.time("startedBefore")
        query.search = try parameters.text("q")
        if let text = try parameters.text("reference") {
            guard let reference = CollectorReference(text) else {
                throw QueryParameters.invalid("reference must be the beginning of an id, or namespace/pod/container")
            }
            query.reference = reference
        }
        return query
    }
}

extension APIRequest {
    /// What the one who asks may see.
    var scope: ReadScope {
        get throws(APIError) {
            guard let scope = principal.reads else {
                throw APIError(.forbidden, "auth.role", "the login is not for the role reader")
            }
            return scope
        }
    }

    var sessionID: SessionID {
        get throws(APIError) {
            guard let id = parameters["id"].flatMap({ SessionID($0) }) else {
                throw APIError(
                    .badRequest, "session.id", "that is not a session's id",
                    remedy: "a list with reference= finds a session by the beginning of its id")
            }
            return id
        }
    }
}

extension QueryParameters {
    /// How many at most; 100 where nothing is said.
    func limit() throws(APIError) -> Int {
        Int(try integer("limit", 1...1000) ?? 100)
    }
}

extension APIError {
    /// The same for a session that the reader may not see: that it is there is not told either.
    static let unknownSession = APIError(.notFound, "session.unknown", "there is no such session")
}

extension JSONValue {
    static func time(_ time: Timestamp) -> JSONValue { .string(time.description) }

    /// What somebody did to a session.
    static func act(_ actor: String, _ reason: String, _ at: Timestamp) -> JSONValue {
        .object(JSONObject([("by", .string(actor)), ("reason", .string(reason)), ("at", .time(at))]))
    }
}
