// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

/// `lastword verify`.
struct LedgerVerify: Verb {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Recompute the ledger's chain and compare it with heads kept elsewhere.",
        discussion: """
            The chain alone shows every entry that was changed, dropped or moved in the middle. That its end was cut off, \
            or that all of it was made anew, only shows against a head noted elsewhere: give such notes with --head.
            """)

    @Option(
        help: ArgumentHelp(
            "An entry's number and hash as noted elsewhere; may be given several times.", valueName: "number:hash"),
        transform: { (text: String) throws -> LedgerHead in try LedgerHead(text) })
    var head: [LedgerHead] = []

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("text, json or yaml.", valueName: "format"))
    var format: DocumentFormat = .text

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let report = try await global.source(context).verify(head)
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
        text.add("Entries", "\(report.entries)")
        if let first = report.firstNumber, let last = report.head?.number { text.add("Numbers", "\(first) to \(last)") }
        text.add("Removed through", report.anchor?.description)
        text.add("Head", report.head?.description)
        if report.comparisons.isEmpty {
            text.add("Compared with", "nothing: no head kept elsewhere, so a cut end or a new chain would not show")
        }
        text.add("Compared with", report.comparisons.map(describe))
        text.add("Problems", report.problems)
        text.add("Result", report.isIntact ? "intact" : "NOT INTACT", style: report.isIntact ? .good : .bad)
        return text.render(palette: palette)
    }

    private static func describe(_ comparison: VerifyReport.Comparison) -> String {
        let verdict =
            switch comparison.agrees {
            case true?: "agrees"
            case false?: "DIFFERS"
            case nil: "not compared, the entry is not in the ledger any more"
            }
        return "\(comparison.head) (\(comparison.keptIn.rawValue)): \(verdict)"
    }
}

extension VerifyReport {
    var json: JSONValue {
        var object = JSONObject()
        object["intact"] = .bool(isIntact)
        object["ledger"] = ledger.map(JSONValue.string)
        object["entries"] = .integer(entries)
        object["firstNumber"] = firstNumber.map(JSONValue.integer)
        object["head"] = head.map(\.json)
        object["anchor"] = anchor.map(\.json)
        object["comparisons"] = .array(
            comparisons.map { comparison in
                var entry = JSONObject([
                    ("keptIn", .string(comparison.keptIn.rawValue)), ("head", comparison.head.json),
                ])
                entry["agrees"] = comparison.agrees.map(JSONValue.bool)
                return .object(entry)
            })
        object["problems"] = .strings(problems)
        return .object(object)
    }
}

extension LedgerHead {
    fileprivate var json: JSONValue {
        .object(JSONObject([("number", .integer(number)), ("hash", .string(hash.description))]))
    }
}
