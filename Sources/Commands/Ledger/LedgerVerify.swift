// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import CollectorClient
import SessionRecords
import SystemJournal

/// `lastword verify`.
struct LedgerVerify: Verb {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Recompute the ledger's chain and compare it with heads kept elsewhere.",
        discussion: """
            The chain alone shows every entry that was changed, dropped or moved in the middle. That its end was cut off, \
            or that all of it was made anew, only shows against a head noted elsewhere: the agent's own entries in the \
            journal, which are looked for, the head that a collector has of the ledger, and notes given with --head.

            With --collector, the ledger of this node's store is compared with what the collector has of it. Where there is no \
            store, or with --ledger, the collector's own chains are recomputed from the entries that it keeps.
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
        help: ArgumentHelp("Only this ledger, and at the collector where one is named.", valueName: "id"))
    var ledger: String?

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print it.", valueName: "format"))
    var format: DocumentFormat = .text

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if noJournal, journalDirectory != nil {
            throw ValidationError("Give either --journal-directory or --no-journal.")
        }
    }

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let reports = try await reports(in: context)
        guard !reports.isEmpty else {
            context.note("no ledger found")
            return .nothing
        }
        let isOne = ledger != nil || reports.count == 1 && reports[0].node == nil
        let value = isOne ? reports[0].json : .array(reports.map(\.json))
        let palette = global.palette(context)
        try context.print(
            value.document(format)
                ?? reports.map { VerifyText.render($0, palette: palette) }.joined(separator: "\n"))
        return reports.allSatisfy(\.isIntact) ? .success : .nothing
    }

    private func reports(in context: CommandContext) async throws -> [VerifyReport] {
        // Also beside `--store`: this is the one command that compares the two.
        guard let access = global.remote.access(context, environment: true) else {
            let place = noJournal ? nil : journalDirectory.map { JournalPlace.directory($0) } ?? .host
            let source = try await context.openStore(global.storePath(context))
            return try await source.verify(request { ledger in Self.journal(place, ledger, context) })
        }
        let remote = try await context.openCollector(access)
        let fleet = try remote.needFleet(for: "the head of a ledger")
        let hasStore = global.namedStore(context) != nil || context.hasStore(global.storePath(context))
        guard hasStore, ledger == nil else {
            guard head.isEmpty || ledger != nil else {
                throw ValidationError("A head is of one ledger: name it by --ledger.")
            }
            // The journal of whatever machine this is has nothing to say, unless somebody names one.
            let place = journalDirectory.map { JournalPlace.directory($0) }
            return try await remote.verify(request { ledger in Self.journal(place, ledger, context) })
        }
        let place = noJournal ? nil : journalDirectory.map { JournalPlace.directory($0) } ?? .host
        let source = try await context.openStore(global.storePath(context))
        return try await source.verify(
            request { ledger in
                try await Self.journal(place, ledger, context) + [fleet.head(ledger)]
            })
    }

    private func request(
        _ kept: @escaping @Sendable (String) async throws -> [KeptHeads]
    ) -> VerifyRequest {
        VerifyRequest(ledger: ledger, heads: head, kept: kept)
    }

    private static func journal(_ place: JournalPlace?, _ ledger: String, _ context: CommandContext) -> [KeptHeads] {
        place.map { [context.journalHeads($0, ledger)] } ?? []
    }
}

/// The human form of `verify`.
enum VerifyText {
    static func render(_ report: VerifyReport, palette: Palette = .plain) -> String {
        var text = SectionText()
        text.section("Ledger")
        text.add("ID", report.ledger)
        text.add("Node", report.node)
        text.add("Entries", entries(report))
        if let first = report.firstNumber, let last = report.head?.number { text.add("Numbers", "\(first) to \(last)") }
        text.add("Removed through", report.anchor?.description)
        text.add("Head", report.head?.description)
        if report.comparisons.isEmpty {
            text.add("Compared with", "nothing: no head kept elsewhere, so a cut end or a new chain would not show")
        }
        text.add("Compared with", report.comparisons.map(describe))
        text.add("Journal", report.journal)
        text.add("Collector", report.collector)
        text.add("Problems", report.problems)
        text.add("Result", report.isIntact ? "intact" : "NOT INTACT", style: report.isIntact ? .good : .bad)
        return text.render(palette: palette)
    }

    private static func entries(_ report: VerifyReport) -> String {
        let stubs = report.stubs == 0 ? "" : ", of \(report.stubs) only the hash"
        guard let records = report.records, let outputs = report.outputs else { return "\(report.entries)" + stubs }
        return "\(report.entries), with \(records) sessions and \(outputs) outputs" + stubs
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
        object["node"] = node.map(JSONValue.string)
        object["entries"] = .integer(entries)
        object["records"] = records.map(JSONValue.integer)
        object["outputs"] = outputs.map(JSONValue.integer)
        object["stubs"] = stubs == 0 ? nil : .integer(stubs)
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
        object["collector"] = collector.map(JSONValue.string)
        object["problems"] = .strings(problems)
        return .object(object)
    }
}

extension NotedHead {
    fileprivate var json: JSONValue {
        .object(JSONObject([("number", .integer(number)), ("hash", .string(hash.description))]))
    }
}
