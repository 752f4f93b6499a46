// SPDX-License-Identifier: Apache-2.0
import CollectorStore
import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import SessionRecords

/// What belongs to nodes: for readers who are not limited to namespaces.
struct NodeHandlers: Sendable {
    let store: CollectorStore

    func gaps(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["node", "missed"])
        let gaps = try await store.gaps(
            node: try request.query.text("node"), missedOnly: try request.query.truth("missed") ?? false, scope: scope)
        return JSONBody.response { json in
            json.list("gaps") { json in
                for stored in gaps {
                    guard case .object(var object) = stored.gap.json else { continue }
                    object["node"] = .string(stored.node)
                    object["ledger"] = .string(stored.ledger)
                    json.element(.object(object))
                }
            }
        }
    }

    func nodes(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow([])
        let nodes = try await store.nodes(scope: scope)
        return JSONBody.response { json in
            json.list("nodes") { json in
                for node in nodes { json.element { Self.write(node, to: &$0) } }
            }
        }
    }

    func alarms(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["node", "open"])
        let alarms = try await store.alarms(
            node: try request.query.text("node"), openOnly: try request.query.truth("open") ?? false, scope: scope)
        return JSONBody.response { json in
            json.list("alarms") { json in
                for alarm in alarms { json.element { Self.write(alarm, to: &$0) } }
            }
        }
    }

    func ledger(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow([])
        guard let ledger = try await store.ledger(request.parameters["id"] ?? "", scope: scope) else {
            throw Self.unknownLedger
        }
        return JSONBody.response { json in
            json.member("ledger", .string(ledger.ledger))
            json.member("node", .string(ledger.node))
            json.member("first", .integer(ledger.first))
            json.object("head") { json in
                json.member("number", .integer(ledger.headNumber))
                json.member("hash", .string(ledger.headHash.description))
            }
            json.member("anchor", Self.anchor(ledger))
            json.list("holes") { Self.write(holes: ledger.holes, to: &$0) }
            json.member("stubs", .integer(Int64(ledger.stubs)))
        }
    }

    func entries(_ request: APIRequest) async throws -> Response {
        let scope = try request.scope
        try request.query.allow(["after", "limit"])
        let id = request.parameters["id"] ?? ""
        let after = try request.query.integer("after", 0...(.max)) ?? 0
        let limit = try request.query.limit()
        guard let ledger = try await store.ledger(id, scope: scope) else { throw Self.unknownLedger }
        let entries = try await store.entries(ledger: id, after: after, limit: limit, scope: scope)
        return JSONBody.response { json in
            json.list("entries") { json in
                for entry in entries {
                    json.element { json in
                        json.member("number", .integer(entry.number))
                        json.member("type", .string(entry.type))
                        json.member("previousHash", .string(entry.previousHash.description))
                        json.member("hash", .string(entry.hash.description))
                        json.member("receivedAt", .time(entry.receivedAt))
                        json.member("bytes", entry.bytes.map { .string(Data($0).base64EncodedString()) })
                        json.member("stubReason", entry.stubReason.map(JSONValue.string))
                    }
                }
            }
            if let last = entries.last, last.number < ledger.headNumber || entries.count == limit {
                json.member("next", .integer(last.number))
            }
        }
    }

    static let unknownLedger = APIError(.notFound, "ledger.unknown", "there is no such ledger")

    // MARK: Writing

    private static func write(_ node: NodeOverview, to json: inout JSONBody) {
        json.member("node", .string(node.node))
        json.member("cluster", node.cluster.map(JSONValue.string))
        json.member("firstReceivedAt", .time(node.firstReceivedAt))
        json.member("lastReceivedAt", .time(node.lastReceivedAt))
        json.member("lastEntryAt", node.lastEntryAt.map { .time($0) })
        json.member("identity", .string(node.identity))
        json.member("clockOffsetSeconds", node.clockOffsetNanoseconds.map { .string(seconds($0)) })
        json.list("ledgers") { json in
            for ledger in node.ledgers {
                json.element { json in
                    json.member("ledger", .string(ledger.ledger))
                    json.member("first", .integer(ledger.first))
                    json.member("head", .integer(ledger.headNumber))
                    json.member("hash", .string(ledger.headHash.description))
                    json.member("firstReceivedAt", .time(ledger.firstReceivedAt))
                    json.member("lastReceivedAt", .time(ledger.lastReceivedAt))
                    json.member("anchor", anchor(ledger))
                    json.list("holes") { write(holes: ledger.holes, to: &$0) }
                    json.member("stubs", .integer(Int64(ledger.stubs)))
                }
            }
        }
        json.list("alarms") { json in
            for alarm in node.alarms { json.element { write(alarm, to: &$0) } }
        }
        json.member("openGaps", .integer(Int64(node.openGaps)))
    }

    private static func write(_ alarm: Alarm, to json: inout JSONBody) {
        json.member("kind", .string(alarm.kind.rawValue))
        json.member("node", .string(alarm.node))
        json.member("ledger", alarm.ledger.map(JSONValue.string))
        json.member("number", alarm.number.map(JSONValue.integer))
        json.member("count", .integer(Int64(alarm.count)))
        json.member("openedAt", .time(alarm.openedAt))
        json.member("lastAt", .time(alarm.lastAt))
        json.member("closedAt", alarm.closedAt.map { .time($0) })
        json.member("text", .string(alarm.text))
    }

    private static func write(holes: [ClosedRange<Int64>], to json: inout JSONBody) {
        for hole in holes { json.element(.array([.integer(hole.lowerBound), .integer(hole.upperBound)])) }
    }

    /// The last entry that the collector's own retention removed; nil if none was.
    private static func anchor(_ ledger: LedgerOverview) -> JSONValue? {
        guard ledger.anchorNumber > 0 else { return nil }
        return .object(
            JSONObject([
                ("number", .integer(ledger.anchorNumber)), ("hash", .string(ledger.anchorHash.description)),
            ]))
    }

    /// With nine decimals, as a record's `durationSeconds`.
    private static func seconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(rest)
        return (nanoseconds < 0 ? "-" : "") + "\(whole)." + String(repeating: "0", count: 9 - digits.count) + digits
    }
}
