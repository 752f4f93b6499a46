// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// An error as standard error shows it: one line, and a line for the remedy; nothing in either may break out of its
/// line.
enum ErrorText {
    static func render(_ error: any Error) -> String {
        guard error is LastwordError else { return TerminalText.line("\(error)") }
        let mark = "\n  remedy: "
        let text = "\(error)"
        guard let range = text.range(of: mark, fromEnd: true) else { return TerminalText.line(text) }
        return TerminalText.line(String(text[..<range.lowerBound])) + mark
            + TerminalText.line(String(text[range.upperBound...]))
    }
}

extension String {
    /// Where `part` stands last; nil if it does not.
    fileprivate func range(of part: String, fromEnd: Bool) -> Range<Index>? {
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
