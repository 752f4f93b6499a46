// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import HummingbirdCore
import SessionRecords

/// Counts, and how the collector is doing.
struct StatisticsHandlers: Sendable {
    let store: CollectorStore
    let version: String

    func statistics(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["since", "until"])
        let counts = try await store.statistics(
            since: try request.query.time("since"), until: try request.query.time("until"), scope: scope)
        return JSONBody.response { json in
            json.member("sessions", .integer(Int64(counts.sessions)))
            Self.write("days", counts.days, to: &json)
            Self.write("exitCodes", counts.exitCodes, to: &json)
            Self.write("namespaces", counts.namespaces, to: &json)
            Self.write("images", counts.images, to: &json)
            Self.write("states", counts.states, to: &json)
        }
    }

    /// A reader of some namespaces learns how many sessions it can see, and no more.
    func status(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow([])
        let visible = scope.isUnlimited ? nil : try await store.count(scope: scope)
        let status = try await store.status()
        return JSONBody.response { json in
            json.member("version", .string(version))
            json.member("sessions", .integer(Int64(visible ?? status.sessions)))
            guard scope.isUnlimited else { return }
            json.member("entries", .integer(Int64(status.entries)))
            json.member("outputs", .integer(Int64(status.outputs)))
            json.member("nodes", .integer(Int64(status.nodes)))
            json.member("ledgers", .integer(Int64(status.ledgers)))
            json.member("holds", .integer(Int64(status.holds)))
            json.member("openAlarms", .integer(Int64(status.openAlarms)))
            json.member("openGaps", .integer(Int64(status.openGaps)))
            json.member("lastReceivedAt", status.lastReceivedAt.map { .time($0) })
            json.object("store") { json in
                json.member("createdAt", .time(status.createdAt))
                json.member("fileBytes", .integer(status.fileBytes))
                json.member("usedBytes", .integer(status.usedBytes))
                json.member("schemaVersion", .integer(Int64(status.schemaVersion)))
                json.member("sqliteVersion", .string(status.sqliteVersion))
                json.member("setAside", .strings(status.setAside))
            }
        }
    }

    /// `[{"value":"…","sessions":3}]`, without a value where the record does not say.
    private static func write(_ key: String, _ counts: [Statistics.Count], to json: inout JSONBody) {
        json.list(key) { json in
            for count in counts {
                json.element { json in
                    json.member("value", count.value.map(JSONValue.string))
                    json.member("sessions", .integer(Int64(count.sessions)))
                }
            }
        }
    }
}
