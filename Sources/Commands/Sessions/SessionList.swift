// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

/// `lastword list`.
struct SessionList: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List debug sessions, newest first.",
        discussion: """
            A table shows the newest \(SessionList.tableRows) sessions unless --limit says otherwise; the data formats give \
            all. EXIT has a ? where the code is no evidence of how the process ended. With --watch each change is \
            printed as a row of its own; data then comes as jsonl.
            """)

    static let tableRows = 500
    private static let pageRows = 500

    @OptionGroup var selection: SelectionOptions

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print them.", valueName: "format"))
    var format: ListFormat = .table

    @Flag(help: "Leave out the table's title line.")
    var noHeaders = false

    @Option(help: ArgumentHelp("At most so many sessions; 0 for all.", valueName: "count"))
    var limit: Int?

    @Flag(name: [.customShort("w"), .long], help: "Go on, and print sessions as they change.")
    var watch = false

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit takes 0 or more.") }
        if watch, format == .json || format == .yaml {
            throw ValidationError(
                "With --watch there is no end to close a \(format.rawValue) document at: use -o jsonl.")
        }
    }

    private var isTable: Bool { format == .table || format == .wide }

    /// Nil for no limit.
    private var rows: Int? {
        switch limit {
        case nil: isTable ? Self.tableRows : nil
        case 0: nil
        case let count?: count
        }
    }

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let source = try await global.source(context)
        let now = context.now()
        let filter = selection.filter(now: now)
        if watch {
            try await SessionWatch(
                source: source, filter: filter, rows: rows, format: format, headers: !noHeaders,
                palette: global.palette(context)
            ).run(in: context)
            return .success
        }
        var output = ListOutput(format: format)
        var table: [Session] = []
        var count = 0
        var after: PageMark?
        repeat {
            // One more than asked for, to know whether there are more.
            let wanted = min(Self.pageRows, rows.map { $0 - count + 1 } ?? Self.pageRows)
            let page = try await source.list(filter, wanted, after)
            let room = rows.map { $0 - count } ?? page.sessions.count
            let shown = page.sessions.prefix(room)
            if isTable { table += shown } else { try context.print(output.add(shown)) }
            count += shown.count
            after = page.next
            if shown.count < page.sessions.count {
                context.note("more sessions match than the \(count) shown; --limit 0 shows all")
                break
            }
        } while after != nil
        if !isTable {
            try context.print(output.end())
        } else if !table.isEmpty {
            try context.print(
                SessionTable.render(
                    table, now: now, wide: format == .wide, headers: !noHeaders, palette: global.palette(context)))
        }
        guard count == 0 else { return .success }
        context.note("no sessions found")
        return .nothing
    }
}

/// The data formats of a list, written piece by piece.
struct ListOutput {
    let format: ListFormat
    private var isEmpty = true

    init(format: ListFormat) {
        self.format = format
    }

    mutating func add(_ sessions: some Sequence<Session>) -> String {
        var text = ""
        for session in sessions {
            switch format {
            case .json:
                text += (isEmpty ? "[\n" : ",\n") + JSONText.element(session.json)
            case .jsonl: text += JSONText.line(session.json)
            case .yaml: text += YAMLText.document(.array([session.json]))
            case .name: text += "session/\(session.id)\n"
            case .table, .wide: break
            }
            isEmpty = false
        }
        return text
    }

    func end() -> String {
        switch format {
        case .json: isEmpty ? "[]\n" : "\n]\n"
        case .yaml: isEmpty ? "[]\n" : ""
        case .jsonl, .name, .table, .wide: ""
        }
    }
}
