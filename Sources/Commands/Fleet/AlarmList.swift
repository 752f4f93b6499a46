// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CollectorClient
import SessionRecords

/// `lastword alarms`.
struct AlarmList: Verb {
    static let configuration = CommandConfiguration(
        commandName: "alarms",
        abstract: "List what a collector found wrong with the ledgers that nodes deliver, the latest first.")

    @Option(help: ArgumentHelp("Only alarms about this node.", valueName: "name"))
    var node: String?

    @Flag(help: "Only what is still so.")
    var open = false

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print them.", valueName: "format"))
    var format: RowFormat = .table

    @Flag(help: "Leave out the table's title line.")
    var noHeaders = false

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let all = try await global.source(context).needFleet(for: "what is wrong with ledgers; verify looks at its own")
            .alarms()
        let alarms = all.filter { (node == nil || $0.node == node) && (!open || $0.closedAt == nil) }
        switch format {
        case .table:
            if !alarms.isEmpty {
                try context.print(AlarmTable.render(alarms, headers: !noHeaders, palette: global.palette(context)))
            }
        case .json: try context.print(JSONText.pretty(.array(alarms.map(\.json))))
        case .jsonl: try context.print(alarms.map { JSONText.line($0.json) }.joined())
        case .yaml: try context.print(YAMLText.document(.array(alarms.map(\.json))))
        }
        guard alarms.isEmpty else { return .success }
        context.note("no alarms found")
        return .nothing
    }
}

/// The table of `alarms`.
enum AlarmTable {
    static let titles = ["KIND", "NODE", "LEDGER", "ENTRY", "OPENED", "CLOSED", "TEXT"]

    static func render(_ alarms: [CollectorAlarm], headers: Bool, palette: Palette = .plain) -> String {
        var table = TextTable(titles: titles, headers: headers, palette: palette)
        return table.whole(
            alarms.map { alarm in
                [
                    TextTable.Cell(alarm.kind, style: alarm.closedAt == nil ? .bad : nil), TextTable.Cell(alarm.node),
                    TextTable.Cell(alarm.ledger.map { String($0.prefix(SessionTable.idDigits)) }),
                    TextTable.Cell(alarm.number.map(String.init)),
                    TextTable.Cell(alarm.openedAt.map(HumanTime.wholeSeconds)),
                    alarm.closedAt.map { TextTable.Cell(HumanTime.wholeSeconds($0)) }
                        ?? TextTable.Cell("open", style: .warning),
                    TextTable.Cell(alarm.text),
                ]
            })
    }
}

extension CollectorAlarm {
    var json: JSONValue {
        var object = JSONObject([("kind", .string(kind))])
        object["node"] = node.map(JSONValue.string)
        object["ledger"] = ledger.map(JSONValue.string)
        object["number"] = number.map(JSONValue.integer)
        object["count"] = count.map(JSONValue.integer)
        object["openedAt"] = openedAt.map { .string($0.description) }
        object["lastAt"] = lastAt.map { .string($0.description) }
        object["closedAt"] = closedAt.map { .string($0.description) }
        object["text"] = text.map(JSONValue.string)
        return .object(object)
    }
}
