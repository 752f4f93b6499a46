// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SessionRecords

/// `lastword logs`.
struct SessionLogs: Verb {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what a session printed last.",
        discussion: """
            Control characters, invisible and direction-changing characters and bytes that are not UTF-8 are written as \
            \\x1b or \\u{202e}, whether or not the output goes to a terminal. --raw prints the bytes as they are.
            """)

    @OptionGroup var session: SessionArgument

    @Flag(help: "Begin each line with the time at which the runtime wrote it down.")
    var timestamps = false

    @Option(help: ArgumentHelp("Only this stream.", valueName: "stream"))
    var stream: OutputStream?

    @Option(help: ArgumentHelp("Only the last so many lines.", valueName: "lines"))
    var tail: Int?

    @Flag(help: "The bytes as they are, also what a terminal would obey.")
    var raw = false

    @OptionGroup(title: "Global options") var global: GlobalOptions

    func validate() throws {
        if let tail, tail < 0 { throw ValidationError("--tail takes 0 or more.") }
    }

    func execute(in context: CommandContext) async throws -> ExitStatus {
        let source = try await global.source(context)
        guard let found = try await source.session(named: session.name, in: context) else { return .nothing }
        let output: CapturedTail
        switch try await source.output(found.id) {
        case .kept(let tail): output = tail
        case .absent(let why):
            let reason = why.map { ": " + TerminalText.line($0) } ?? Self.reason(found)
            context.note("no output is kept of session \(found.id)\(reason)")
            return .nothing
        }
        var text = OutputText()
        text.stream = stream
        text.timestamps = timestamps
        text.raw = raw
        text.tail = tail
        try context.standardOutput.write(text.render(output))
        try context.standardOutput.flush()
        let summary = output.summary
        if summary.truncated, summary.bytes > 0 { context.note("earlier output was not kept") }
        if summary.lossy, summary.bytes > 0 { context.note("some of the output could not be read") }
        if let why = summary.note { context.note(TerminalText.line(why)) }
        return summary.bytes == 0 && (summary.truncated || summary.lossy) ? .nothing : .success
    }

    private static func reason(_ session: Session) -> String {
        if let note = session.output?.note { return ": " + TerminalText.line(note) }
        switch session.state {
        case .waiting: return ": its container has not started"
        case .running: return " yet: it is running"
        case .neverStarted: return ": its container never started"
        case .unknown where session.containerID == nil: return ": nobody saw whether its container ran"
        case .ended, .unknown:
            return session.output == nil ? "" : ": retention removed it"
        }
    }
}

extension OutputStream: ExpressibleByArgument {}
