// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// `list --watch`: the sessions there are, oldest first, then each change, until it is interrupted.
struct SessionWatch {
    private static let interval = Duration.seconds(1)

    let source: SessionSource
    let filter: SessionSelection
    let rows: Int?
    let format: ListFormat
    let headers: Bool
    let palette: Palette

    func run(in context: CommandContext) async throws {
        // The mark first: what changes while the list is read is then shown by the first poll.
        var mark = try await source.changes(filter, nil).mark
        var shown: [SessionID: Int] = [:]
        var table = TextTable(
            titles: SessionTable.titles(wide: format == .wide), headers: headers, palette: palette)
        var titled = false
        func show(_ sessions: [Session]) throws {
            let new = sessions.filter { session in
                defer { shown[session.id] = session.revision }
                return shown[session.id] != session.revision
            }
            guard !new.isEmpty else { return }
            if format == .table || format == .wide {
                let cells = new.map { SessionTable.row($0, now: context.now(), wide: format == .wide) }
                table.fit(cells)
                if !titled { try context.print(table.header) }
                titled = true
                try context.print(table.render(cells))
            } else {
                var output = ListOutput(format: format)
                try context.print(output.add(new))
            }
            try context.standardOutput.flush()
        }
        try show(try await first().reversed())

        // A session that stops matching because it ended is shown once more: that it ended is the news.
        var lasting = filter
        lasting.running = false
        lasting.exitCode = nil
        var trouble: String?
        while true {
            try await context.pause(Self.interval)
            do {
                let changes = try await source.changes(lasting, mark)
                mark = changes.mark
                if trouble != nil { context.note("the \(source.name) can be read again") }
                trouble = nil
                try show(changes.sessions.filter { filter.matches($0) || shown[$0.id] != nil })
            } catch let error as LastwordError {
                // The agent may be putting a new store in place: say it once, and go on.
                let text = ErrorText.render(error)
                if trouble != text { context.note("warning: " + text) }
                trouble = text
            }
        }
    }

    private func first() async throws -> [Session] {
        var sessions: [Session] = []
        var after: PageMark?
        repeat {
            let wanted = min(500, rows.map { $0 - sessions.count } ?? 500)
            guard wanted > 0 else { break }
            let page = try await source.list(filter, wanted, after)
            sessions += page.sessions
            after = page.next
        } while after != nil
        return sessions
    }
}
