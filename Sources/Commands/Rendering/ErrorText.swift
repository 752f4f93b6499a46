// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// An error as standard error shows it: one line, and a line for the remedy; nothing in either may break out of its
/// line.
enum ErrorText {
    /// Errors of this code list candidates, a line each, made safe by whoever threw them.
    static let ambiguous = "session.ambiguous"

    static func render(_ error: any Error) -> String {
        guard let named = error as? LastwordError else { return TerminalText.line("\(error)") }
        let show = named.code == ambiguous ? TerminalText.block : TerminalText.line
        let mark = "\n  remedy: "
        let text = "\(error)"
        guard let range = text.lastRange(of: mark) else { return show(text) }
        return show(String(text[..<range.lowerBound])) + mark + TerminalText.line(String(text[range.upperBound...]))
    }
}

extension String {
    /// Where `part` stands last; nil if it does not.
    fileprivate func lastRange(of part: String) -> Range<Index>? {
        var found: Range<Index>?
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) {
                found = start..<index(start, offsetBy: part.count)
            }
            start = index(after: start)
        }
        return found
    }
}
