// SPDX-License-Identifier: Apache-2.0
import Foundation
import SessionRecords

@testable import Commands

/// What a stand-in for a collector has, and how it answers from it.
struct CollectorContents: Sendable {
    struct Entry: Sendable {
        var number: Int64
        var hash: Digest
        var previousHash: Digest?
        var bytes: [UInt8]?
    }

    var memory = MemorySource.samples
    /// JSON of the elements of `/v1/nodes` and `/v1/alarms`, and of `/v1/status`.
    var nodes: [String] = []
    var alarms: [String] = []
    var status = "{}"
    /// What is said besides of a session.
    var details: [SessionID: String] = [:]
    var statistics = "{\"states\":[]}"
    var ledgers: [String: [Entry]] = [:]
    /// Heads that the collector tells, where they are not those of its entries.
    var heads: [String: (number: Int64, hash: Digest)] = [:]
    /// The last entries that retention removed.
    var anchors: [String: (number: Int64, hash: Digest)] = [:]
    /// Answers to a path, whatever the contents say.
    var answers: [String: CollectorAnswer] = [:]
    /// Never answers.
    var isHanging = false
    /// A page is never longer than this, whatever is asked for.
    var pageLimit = 2

    func answer(_ path: String, _ query: [String: String]) async throws -> CollectorAnswer {
        while isHanging { try await Task.sleep(for: .seconds(60)) }
        if let answer = answers[path] { return answer }
        let parts = path.split(separator: "/").map(String.init)
        guard parts.first == "v1", parts.count >= 2 else { return Self.absent("route.unknown") }
        switch (parts[1], parts.count) {
        case ("sessions", 2): return try await list(query)
        case ("sessions", 3):
            let session = memory.sessions.first { $0.id.rawValue == parts[2] }
            guard let session else { return Self.absent("session.unknown") }
            guard query["details"] == "true" else { return .good(session.json.compact) }
            return .good("{\"session\":\(session.json.compact),\"collector\":\(details[session.id] ?? "{}")}")
        case ("sessions", 4) where parts[3] == "output": return output(parts[2])
        case ("changes", 2): return changes(query)
        case ("gaps", 2): return .good("{\"gaps\":[\(gaps(query["node"]).joined(separator: ","))]}")
        case ("nodes", 2): return .good("{\"nodes\":[\(nodes.joined(separator: ","))]}")
        case ("alarms", 2): return .good("{\"alarms\":[\(alarms.joined(separator: ","))]}")
        case ("status", 2): return .good(status)
        case ("statistics", 2): return .good(statistics)
        case ("ledgers", 3): return ledger(parts[2])
        case ("ledgers", 4): return entries(parts[2], query)
        default: return Self.absent("route.unknown")
        }
    }

    private static func absent(_ code: String) -> CollectorAnswer {
        .refusal(404, code, "there is none")
    }

    private func list(_ query: [String: String]) async throws -> CollectorAnswer {
        var selection = SessionSelection()
        selection.namespace = query["namespace"]
        selection.pod = query["pod"]
        selection.container = query["container"]
        selection.target = query["target"]
        selection.node = query["node"]
        selection.exitCode = query["exitCode"].flatMap { Int($0) }
        selection.running = query["running"] == "true"
        selection.since = query["since"].flatMap { Timestamp(rfc3339: $0) }
        selection.until = query["until"].flatMap { Timestamp(rfc3339: $0) }
        selection.startedBefore = query["startedBefore"].flatMap { Timestamp(rfc3339: $0) }
        let reference = try query["reference"].map { try SessionReference($0) }
        let all = try await sorted().filter { session in
            guard selection.matches(session), reference?.matches(session) ?? true else { return false }
            guard let words = query["q"] else { return true }
            return memory.outputs[session.id].map { String(decoding: $0.bytes, as: UTF8.self).contains(words) } ?? false
        }
        let start = query["after"].flatMap { Int($0) } ?? 0
        let end = min(all.count, start + min(pageLimit, query["limit"].flatMap { Int($0) } ?? 100))
        let next = end < all.count ? ",\"next\":\"\(end)\"" : ""
        return .good("{\"sessions\":\(Self.array(all[start..<end]))\(next)}")
    }

    private func sorted() async throws -> [Session] {
        var everything = memory
        everything.pageLimit = .max
        return try await everything.source.list(SessionSelection(), .max, nil).sessions
    }

    private static func array(_ sessions: some Sequence<Session>) -> String {
        JSONValue.array(sessions.map(\.json)).compact
    }

    private func output(_ id: String) -> CollectorAnswer {
        guard let session = memory.sessions.first(where: { $0.id.rawValue == id }),
            let tail = memory.outputs[session.id]
        else { return Self.absent("output.absent") }
        let bytes = Data(tail.bytes).base64EncodedString()
        let frames = Data(OutputFrameCoding.encode(tail.frames)).base64EncodedString()
        return .good("{\"bytes\":\"\(bytes)\",\"frames\":\"\(frames)\"}")
    }

    /// Marks are `m0`, `m1`, …: one for each poll.
    private func changes(_ query: [String: String]) -> CollectorAnswer {
        guard let after = query["after"] else { return .good("{\"sessions\":[],\"mark\":\"m0\"}") }
        let index = Int(after.dropFirst()) ?? 0
        guard index < memory.polls.count else { return .good("{\"sessions\":[],\"mark\":\"\(after)\"}") }
        return .good("{\"sessions\":\(Self.array(memory.polls[index])),\"mark\":\"m\(index + 1)\"}")
    }

    /// Gaps of `worker-0` and `worker-1` in turn.
    private func gaps(_ node: String?) -> [String] {
        memory.gaps.enumerated().map { index, gap in
            NodeGap(gap, node: "worker-\(index % 2)", ledger: "ledger-\(index % 2)")
        }.filter { node == nil || $0.node == node }.map(\.json.compact)
    }

    private func ledger(_ id: String) -> CollectorAnswer {
        guard let entries = ledgers[id] else { return Self.absent("ledger.unknown") }
        let head = heads[id] ?? entries.last.map { (number: $0.number, hash: $0.hash) }
        let told = head.map { ",\"head\":{\"number\":\($0.number),\"hash\":\"\($0.hash)\"}" } ?? ""
        let first = entries.first.map { ",\"first\":\($0.number)" } ?? ""
        let anchor = anchors[id].map { ",\"anchor\":{\"number\":\($0.number),\"hash\":\"\($0.hash)\"}" } ?? ""
        return .good("{\"ledger\":\"\(id)\",\"node\":\"worker-0\"\(first)\(told)\(anchor),\"holes\":[]}")
    }

    private func entries(_ id: String, _ query: [String: String]) -> CollectorAnswer {
        guard let all = ledgers[id] else { return Self.absent("ledger.unknown") }
        let after = query["after"].flatMap { Int64($0) } ?? 0
        let behind = all.filter { $0.number > after }
        let page = behind.prefix(pageLimit)
        let items = page.map { entry in
            let bytes = entry.bytes.map { ",\"bytes\":\"\(Data($0).base64EncodedString())\"" } ?? ""
            let previous = entry.previousHash.map { ",\"previousHash\":\"\($0)\"" } ?? ""
            return "{\"number\":\(entry.number),\"hash\":\"\(entry.hash)\"\(previous)\(bytes)}"
        }
        let next = page.count < behind.count ? ",\"next\":\(page.last?.number ?? 0)" : ""
        return .good("{\"entries\":[\(items.joined(separator: ","))]\(next)}")
    }
}
