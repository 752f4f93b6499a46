// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// The table of `list`: one row a session.
package enum SessionTable {
    /// Hex digits of the id that a row shows; enough to name a session with.
    package static let idDigits = 8

    package static func titles(wide: Bool) -> [String] {
        let narrow = ["NAMESPACE", "POD", "CONTAINER", "TARGET", "STATE", "EXIT", "REASON", "DURATION", "AGE", "ID"]
        guard wide else { return narrow }
        return narrow + ["STARTED", "MODE", "CLASSIFICATION", "NODE", "ENDING", "CAUSE", "OUTPUT", "PROFILE", "IMAGE"]
    }

    package static func render(
        _ sessions: [Session], now: Timestamp, wide: Bool, headers: Bool, palette: Palette = .plain
    ) -> String {
        var table = TextTable(titles: titles(wide: wide), headers: headers, palette: palette)
        return table.whole(sessions.map { row($0, now: now, wide: wide) })
    }

    package static func row(_ session: Session, now: Timestamp, wide: Bool) -> [TextTable.Cell] {
        let narrow = [
            TextTable.Cell(session.namespace), TextTable.Cell(session.pod), TextTable.Cell(session.container),
            TextTable.Cell(session.targetContainer),
            TextTable.Cell(session.state.rawValue, style: style(session.state)),
            exit(session), TextTable.Cell(session.reason),
            TextTable.Cell(session.durationNanoseconds.map(HumanTime.duration)),
            TextTable.Cell(session.beginsAt.map { HumanTime.age(nanoseconds: now.nanoseconds(since: $0)) }),
            TextTable.Cell(String(session.id.rawValue.prefix(idDigits))),
        ]
        guard wide else { return narrow }
        return narrow + [
            TextTable.Cell(session.startedAt.map(HumanTime.wholeSeconds)), TextTable.Cell(session.mode?.rawValue),
            TextTable.Cell(session.classification.rawValue), TextTable.Cell(session.node),
            TextTable.Cell(session.ending?.rawValue), TextTable.Cell(session.cause?.rawValue),
            TextTable.Cell(session.output.map(output)), TextTable.Cell(session.profile?.rawValue),
            TextTable.Cell(session.image),
        ]
    }

    /// The code, with `?` where it is no evidence of how the process ended.
    private static func exit(_ session: Session) -> TextTable.Cell {
        guard let code = session.exitCode else { return TextTable.Cell(nil) }
        if session.isMadeUpEnding { return TextTable.Cell("\(code)?", style: .warning) }
        return TextTable.Cell("\(code)", style: code == 0 ? nil : .bad)
    }

    private static func style(_ state: SessionState) -> Palette.Style? {
        switch state {
        case .running: .good
        case .waiting, .unknown, .neverStarted: .warning
        case .ended: nil
        }
    }

    /// Size of what is kept; `+` where there was more before it, `lost` where there was something and nothing is kept.
    static func output(_ output: OutputSummary) -> String {
        if output.bytes == 0, output.truncated || output.lossy { return "lost" }
        return HumanTime.size(bytes: Int64(output.bytes)) + (output.truncated ? "+" : "")
    }
}
