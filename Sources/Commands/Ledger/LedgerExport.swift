// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

/// `lastword export`.
struct LedgerExport: Verb {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write out the ledger's entries, or the sessions, one a line.",
        discussion: """
            An entry's line is {"number":…,"hash":"…","entry":"…"}: the string entry holds the very bytes that the hash \
            was made of, so that the chain can be recomputed from the export alone. Bytes that are not UTF-8, as only a \
            damaged store has them, come as entryHex instead. From a collector each line also names its ledger, and an entry of \
            which only number and hash were delivered has no entry. A session's line is its JSON, as list -o jsonl prints it.
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        case jsonl
    }

    enum Content: String, CaseIterable, ExpressibleByArgument {
        case entries, sessions
    }

    @Option(help: ArgumentHelp("How to write it.", valueName: "format"))
    var format: Format = .jsonl

    @Option(help: ArgumentHelp("What to export.", valueName: "content"))
    var content: Content = .entries

    @Option(help: ArgumentHelp("Only entries behind this number.", valueName: "number"))
    var after: Int64?

    @Option(help: ArgumentHelp("Only entries of this ledger.", valueName: "id"))
    var ledger: String?

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if let after, after < 0 { throw ValidationError("--after takes 0 or more.") }
        if after != nil, content == .sessions { throw ValidationError("--after is for entries.") }
        if ledger != nil, content == .sessions { throw ValidationError("--ledger is for entries.") }
    }

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let source = try await global.source(context)
        if after != nil, ledger == nil, source.fleet != nil {
            throw ValidationError("--after counts in one ledger: name it by --ledger.")
        }
        var count = 0
        switch content {
        case .entries:
            try await source.entries(ledger, after ?? 0) { line in
                count += 1
                try context.print(JSONText.line(line.json))
            }
        case .sessions:
            var mark: PageMark?
            repeat {
                let page = try await source.list(SessionSelection(), 500, mark)
                for session in page.sessions { try context.print(JSONText.line(session.json)) }
                count += page.sessions.count
                mark = page.next
            } while mark != nil
        }
        guard count == 0 else { return .success }
        context.note("no \(content.rawValue) found")
        return .nothing
    }
}

extension LedgerLine {
    var json: JSONValue {
        var object = JSONObject()
        object["ledger"] = ledger.map(JSONValue.string)
        object["number"] = .integer(number)
        object["hash"] = .string(hash.description)
        guard let bytes else { return .object(object) }
        if let text = String(validating: bytes, as: UTF8.self) {
            object["entry"] = .string(text)
        } else {
            object["entryHex"] = .string(Hex.encode(bytes))
        }
        return .object(object)
    }
}
