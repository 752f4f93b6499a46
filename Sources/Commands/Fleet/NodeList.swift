// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CollectorClient
import SessionRecords

/// `lastword nodes`.
struct NodeList: Verb {
    static let configuration = CommandConfiguration(
        commandName: "nodes", abstract: "List the nodes that deliver to a collector, and how they stand.",
        discussion: """
            A ! behind IDENTITY marks a node that shows no more than a token which is good for any node. LEDGER and HEAD are of \
            the ledger that was delivered to last; MISSING counts the entries that are missing in all of them.
            """)

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print them.", valueName: "format"))
    var format: RowFormat = .table

    @Flag(help: "Leave out the table's title line.")
    var noHeaders = false

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let nodes = try await global.source(context).needFleet(for: "of other nodes").nodes()
        switch format {
        case .table:
            if !nodes.isEmpty {
                try context.print(
                    NodeTable.render(nodes, now: context.now(), headers: !noHeaders, palette: global.palette(context)))
            }
        case .json: try context.print(JSONText.pretty(.array(nodes.map(\.json))))
        case .jsonl: try context.print(nodes.map { JSONText.line($0.json) }.joined())
        case .yaml: try context.print(YAMLText.document(.array(nodes.map(\.json))))
        }
        guard nodes.isEmpty else { return .success }
        context.note("no nodes found")
        return .nothing
    }
}

/// The table of `nodes`.
enum NodeTable {
    static let titles = [
        "NODE", "CLUSTER", "RECEIVED", "IDENTITY", "CLOCK", "LEDGER", "HEAD", "MISSING", "OPEN-GAPS", "ALARMS",
    ]

    static func render(_ nodes: [CollectorNode], now: Timestamp, headers: Bool, palette: Palette = .plain) -> String {
        var table = TextTable(titles: titles, headers: headers, palette: palette)
        return table.whole(nodes.map { row($0, now) })
    }

    private static func row(_ node: CollectorNode, _ now: Timestamp) -> [TextTable.Cell] {
        let newest = node.ledgers.max { received($0) < received($1) }
        let open = node.alarms.count { $0.closedAt == nil }
        let missing = node.ledgers.map(\.missing).reduce(Int64(0)) { $0.addingReportingOverflow($1).partialValue }
        return [
            TextTable.Cell(node.node), TextTable.Cell(node.cluster),
            TextTable.Cell(
                node.lastReceivedAt.map { HumanTime.age(nanoseconds: now.nanoseconds(since: $0)) + " ago" }),
            identity(node.identity), TextTable.Cell(node.clockOffsetSeconds.map { milliseconds($0) + "s" }),
            TextTable.Cell(newest.map { String($0.ledger.prefix(SessionTable.idDigits)) }),
            TextTable.Cell(newest?.head.map(String.init)),
            TextTable.Cell("\(missing)", style: missing == 0 ? nil : .bad),
            TextTable.Cell(
                node.openGaps.map(String.init), style: (node.openGaps ?? 0) == 0 ? nil : .warning),
            TextTable.Cell("\(open)", style: open == 0 ? nil : .bad),
        ]
    }

    /// Three decimals at most.
    private static func milliseconds(_ seconds: String) -> String {
        guard let point = seconds.firstIndex(of: ".") else { return seconds }
        return String(seconds.prefix(upTo: point) + seconds.suffix(from: point).prefix(4))
    }

    private static func received(_ ledger: CollectorNode.Ledger) -> Timestamp {
        ledger.lastReceivedAt ?? Timestamp(nanoseconds: .min)
    }

    private static func identity(_ word: String?) -> TextTable.Cell {
        let isWeak = word?.hasPrefix("any-node") == true
        return TextTable.Cell(word.map { isWeak ? $0 + " !" : $0 }, style: isWeak ? .warning : nil)
    }
}

extension CollectorNode.Ledger {
    /// How many numbers the holes have.
    var missing: Int64 {
        (holes ?? []).reduce(0) { sum, hole in
            guard let first = hole.first, let last = hole.last, last >= first else { return sum }
            return sum.addingReportingOverflow(last.subtractingReportingOverflow(first).partialValue &+ 1).partialValue
        }
    }
}

extension CollectorNode {
    var json: JSONValue {
        var object = JSONObject([("node", .string(node))])
        object["cluster"] = cluster.map(JSONValue.string)
        object["lastReceivedAt"] = lastReceivedAt.map { .string($0.description) }
        object["lastEntryAt"] = lastEntryAt.map { .string($0.description) }
        object["identity"] = identity.map(JSONValue.string)
        object["clockOffsetSeconds"] = clockOffsetSeconds.map(JSONValue.string)
        object["ledgers"] = .array(
            ledgers.map { ledger in
                var entry = JSONObject([("ledger", .string(ledger.ledger))])
                entry["first"] = ledger.first.map(JSONValue.integer)
                entry["head"] = ledger.head.map(JSONValue.integer)
                entry["hash"] = ledger.hash.map { .string($0.description) }
                entry["firstReceivedAt"] = ledger.firstReceivedAt.map { .string($0.description) }
                entry["lastReceivedAt"] = ledger.lastReceivedAt.map { .string($0.description) }
                entry["holes"] = .array((ledger.holes ?? []).map { .array($0.map(JSONValue.integer)) })
                entry["stubs"] = ledger.stubs.map(JSONValue.integer)
                return .object(entry)
            })
        object["alarms"] = .array(alarms.map(\.json))
        object["openGaps"] = openGaps.map(JSONValue.integer)
        return .object(object)
    }
}
