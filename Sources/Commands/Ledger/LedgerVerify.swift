// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords
import SystemJournal

/// `lastword verify`.
struct LedgerVerify: Verb {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Recompute the ledger's chain and compare it with heads kept elsewhere.",
        discussion: """
            The chain alone shows every entry that was changed, dropped or moved in the middle. That its end was cut off, \
            or that all of it was made anew, only shows against a head noted elsewhere: the agent's own entries in the \
            journal, which are looked for, and notes given with --head.
            """)

    @Option(
        help: ArgumentHelp(
            "An entry's number and hash as noted elsewhere; may be given several times.", valueName: "number:hash"),
        transform: { (text: String) throws -> NotedHead in try NotedHead(text) })
    var head: [NotedHead] = []

    @Option(
        help: ArgumentHelp(
            "Look for the agent's entries in these journal files, instead of the node's own journal.", valueName: "path"
        ),
        completion: .directory)
    var journalDirectory: String?

    @Flag(help: "Do not look for heads in the journal.")
    var noJournal = false

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print it.", valueName: "format"))
    var format: DocumentFormat = .text

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let place = noJournal ? nil : journalDirectory.map { JournalPlace.directory($0) } ?? .host
        let report = try await global.source(context).verify(head) { ledger in
            place.map { context.journalHeads($0, ledger) } ?? KeptHeads()
        }
        try context.print(
            report.json.document(format) ?? VerifyText.render(report, palette: global.palette(context)))
        return report.isIntact ? .success : .nothing
    }
}

/// The human form of `verify`.
enum VerifyText {
    static func render(_ report: VerifyReport, palette: Palette = .plain) -> String {
        var text = SectionText()
        text.section("Ledger")
        text.add("ID", report.ledger)
        text.add("Entries", "\(report.entries), with \(report.records) sessions and \(report.outputs) outputs")
        if let first = report.firstNumber, let last = report.head?.number { text.add("Numbers", "\(first) to \(last)") }
        text.add("Removed through", report.anchor?.description)
        text.add("Head", report.head?.description)
        if report.comparisons.isEmpty {
            text.add("Compared with", "nothing: no head kept elsewhere, so a cut end or a new chain would not show")
        }
        text.add("Compared with", report.comparisons.map(describe))
        text.add("Journal", report.journal)
        text.add("Problems", report.problems)
        text.add("Result", report.isIntact ? "intact" : "NOT INTACT", style: report.isIntact ? .good : .bad)
        return text.render(palette: palette)
    }

    private static func describe(_ comparison: VerifyReport.Comparison) -> String {
        let verdict =
            switch comparison.verdict {
            case .agrees: "agrees"
            case .differs: "DIFFERS"
            case .missing: "MISSING, the ledger ends before it"
            case .otherLedger: "not compared, it is of another ledger"
            case .removed: "not compared, retention has removed the entry"
            }
        let keeper = comparison.keeper + (comparison.count > 1 ? ", the newest of \(comparison.count)" : "")
        return "\(comparison.head) (\(keeper)): \(verdict)"
    }
}

extension VerifyReport {
    var json: JSONValue {
        var object = JSONObject()
        object["intact"] = .bool(isIntact)
        object["ledger"] = ledger.map(JSONValue.string)
        object["entries"] = .integer(entries)
        object["records"] = .integer(records)
        object["outputs"] = .integer(outputs)
        object["firstNumber"] = firstNumber.map(JSONValue.integer)
        object["head"] = head.map(\.json)
        object["anchor"] = anchor.map(\.json)
        object["comparisons"] = .array(
            comparisons.map { comparison in
                .object(
                    JSONObject([
                        ("keeper", .string(comparison.keeper)), ("head", comparison.head.json),
                        ("verdict", .string(comparison.verdict.rawValue)), ("count", .integer(Int64(comparison.count))),
                    ]))
            })
        object["journal"] = journal.map(JSONValue.string)
        object["problems"] = .strings(problems)
        return .object(object)
    }
}

extension NotedHead {
    fileprivate var json: JSONValue {
        .object(JSONObject([("number", .integer(number)), ("hash", .string(hash.description))]))
    }
}
