// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// An error as standard error shows it: one line, and a line for the remedy; nothing in either may break out of its
/// line.
enum ErrorText {
    /// Errors of this code list candidates, a line each, made safe by whoever threw them.
    static let ambiguous = "session.ambiguous"

    static func render(_ error: any Error) -> String {
        guard let named = error as? LastwordError else { return TerminalText.line("\(error)") }
        let (message, remedy) = parts(named)
        let shown = named.code == ambiguous ? TerminalText.block(message) : TerminalText.line(message)
        return remedy.map { shown + "\n  remedy: " + TerminalText.line($0) } ?? shown
    }

    /// The chain of messages, and the remedy of the outermost error that has one.
    static func parts(_ error: LastwordError) -> (message: String, remedy: String?) {
        var remedy: String?
        var next: LastwordError? = error
        while let current = next, remedy == nil {
            remedy = current.remedy
            next = current.cause as? LastwordError
        }
        let text = error.description
        guard let remedy else { return (text, nil) }
        let end = "\n  remedy: " + remedy
        return (text.hasSuffix(end) ? String(text.dropLast(end.count)) : text, remedy)
    }
}
