// SPDX-License-Identifier: Apache-2.0

/// A block of a Markdown page: between fences, or indented.
///
/// A block whose fence says `sh` holds one command a line; one without a language is a transcript, whose commands stand behind
/// `$ `; an indented block holds commands of ours, each with its meaning three or more blanks behind it.
package struct PageBlock: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// With the language behind the fence, which may be empty.
        case fenced(String)
        case indented
    }

    /// A line with its number in the page, from 1.
    package struct Line: Hashable, Sendable {
        package let number: Int
        package let text: String
    }

    package let kind: Kind
    package let lines: [Line]
    /// Why nothing runs it: what a line `<!-- not run: why -->` in front of it says.
    package let notRun: String?

    /// Whether commands may stand in it that nobody would see: in a language other than those of files, or behind a fence that
    /// does not begin its line.
    package var isUnclear: Bool {
        switch kind {
        case .fenced(let language): !["sh", "", "yaml", "toml", "json"].contains(language)
        case .indented: lines.contains { $0.text.hasPrefix("```") }
        }
    }

    /// Without the fences.
    package var text: String { lines.map { $0.text + "\n" }.joined() }

    /// Each as a shell would take it.
    package var commands: [Line] {
        switch kind {
        case .fenced("sh"):
            return lines.filter { !$0.text.allSatisfy(\.isWhitespace) }
        case .fenced(""):
            return lines.filter { $0.text.hasPrefix("$ ") }.map { line in
                Line(number: line.number, text: String(line.text.dropFirst(2)))
            }
        case .fenced:
            return []
        case .indented:
            return lines.compactMap { line in
                let end = line.text.firstRange(of: "   ")?.lowerBound ?? line.text.endIndex
                let command = String(line.text[..<end])
                let isOurs = command.hasPrefix("lastword") || command.hasPrefix("export ")
                return isOurs ? Line(number: line.number, text: command) : nil
            }
        }
    }

    package static func all(in page: String) -> [PageBlock] {
        var blocks: [PageBlock] = []
        var open: (kind: Kind, lines: [Line], notRun: String?)?
        var previous = ""
        func close() {
            if let done = open { blocks.append(PageBlock(kind: done.kind, lines: done.lines, notRun: done.notRun)) }
            open = nil
        }
        for (index, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                var isEnd = false
                if case .fenced? = open?.kind { isEnd = true }
                close()
                if !isEnd { open = (.fenced(String(line.dropFirst(3))), [], mark(previous)) }
            } else if case .fenced? = open?.kind {
                open?.lines.append(Line(number: index + 1, text: String(line)))
            } else if line.hasPrefix("    ") {
                if open == nil { open = (.indented, [], nil) }
                open?.lines.append(Line(number: index + 1, text: String(line.drop { $0 == " " })))
            } else {
                close()
            }
            if !line.isEmpty { previous = String(line) }
        }
        close()
        return blocks
    }

    private static func mark(_ line: String) -> String? {
        let (start, end) = ("<!-- not run: ", " -->")
        guard line.hasPrefix(start), line.hasSuffix(end) else { return nil }
        return String(line.dropFirst(start.count).dropLast(end.count))
    }
}
