// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

/// `lastword gaps`.
struct GapList: Verb {
    static let configuration = CommandConfiguration(
        commandName: "gaps", abstract: "List the times in which a source was not being watched.")

    @Option(
        help: ArgumentHelp("Only gaps that were not closed before this time.", valueName: "time"),
        transform: TimeExpression.init)
    var since: TimeExpression?

    @Option(
        help: ArgumentHelp("Only gaps that opened at or before this time.", valueName: "time"),
        transform: TimeExpression.init)
    var until: TimeExpression?

    @Option(help: ArgumentHelp("Only gaps of this source: runtime, pods, journal or agent.", valueName: "name"))
    var source: String?

    @Option(help: ArgumentHelp("Only gaps of this node; for this a collector is needed.", valueName: "name"))
    var node: String?

    @Flag(help: "Only gaps that are still open.")
    var open = false

    @Flag(help: "Only intervals that are over and that nothing closed: what was in them is not known.")
    var missed = false

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print them.", valueName: "format"))
    var format: RowFormat = .table

    @Flag(help: "Leave out the table's title line.")
    var noHeaders = false

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let gaps = try await global.source(context).gaps(node).filter { matches($0.gap, now: context.now()) }
        switch format {
        case .table:
            if !gaps.isEmpty {
                try context.print(GapTable.render(gaps, headers: !noHeaders, palette: global.palette(context)))
            }
        case .json: try context.print(JSONText.pretty(.array(gaps.map(\.json))))
        case .jsonl: try context.print(gaps.map { JSONText.line($0.json) }.joined())
        case .yaml: try context.print(YAMLText.document(.array(gaps.map(\.json))))
        }
        if gaps.contains(where: \.gap.isClosedByListingAlone) {
            context.note("closed by relisting alone: containers that came and went inside such a gap are not known")
        }
        guard gaps.isEmpty else { return .success }
        context.note("no gaps found")
        return .nothing
    }

    private func matches(_ gap: Gap, now: Timestamp) -> Bool {
        if let source, gap.source != source { return false }
        if open, gap.closedAt != nil { return false }
        if missed, gap.kind != .missed { return false }
        if let since, let closed = gap.closedAt, closed < since.resolved(now: now) { return false }
        if let until, gap.openedAt > until.resolved(now: now) { return false }
        return true
    }
}

/// The table of `gaps`.
enum GapTable {
    /// With a column for the node where the source has several.
    static func render(_ gaps: [NodeGap], headers: Bool, palette: Palette = .plain) -> String {
        let hasNodes = gaps.contains { $0.node != nil }
        var table = TextTable(
            titles: (hasNodes ? ["NODE"] : [])
                + ["SOURCE", "OPENED", "CLOSED", "DURATION", "CLOSED-BY", "DROPPED", "REASON"], headers: headers,
            palette: palette)
        return table.whole(
            gaps.map { found in
                let gap = found.gap
                return (hasNodes ? [TextTable.Cell(found.node)] : []) + [
                    TextTable.Cell(gap.source), TextTable.Cell(HumanTime.wholeSeconds(gap.openedAt)),
                    gap.closedAt.map { TextTable.Cell(HumanTime.wholeSeconds($0)) }
                        ?? TextTable.Cell("open", style: .warning),
                    TextTable.Cell(
                        gap.closedAt.map { HumanTime.duration(nanoseconds: $0.nanoseconds(since: gap.openedAt)) }),
                    closing(gap), TextTable.Cell(gap.dropped.map(String.init)),
                    TextTable.Cell(gap.reason),
                ]
            })
    }

    private static func closing(_ gap: Gap) -> TextTable.Cell {
        gap.kind == .missed ? TextTable.Cell("not closed by anything", style: .bad) : TextTable.Cell(gap.closedBy)
    }
}

extension Gap {
    /// Our own absence, where nobody was there to tell of what is gone.
    fileprivate var isClosedByListingAlone: Bool { kind == .absence && closedBy == GapClosing.relisted }
}
