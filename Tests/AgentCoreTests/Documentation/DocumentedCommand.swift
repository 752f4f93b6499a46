// SPDX-License-Identifier: Apache-2.0

/// A command line in a code block of a page.
///
/// Blocks that begin with ```` ```sh ```` hold one command a line; those without a language are transcripts, whose commands
/// stand behind `$ `; an indented block holds commands of ours, each with its meaning three or more blanks behind it.
/// A block behind a line `<!-- not run: why -->` is left out.
struct DocumentedCommand: Hashable {
    let line: Int
    /// The program's name without its folder, then its arguments as a shell would split them.
    let words: [String]

    static func all(in page: String) -> [DocumentedCommand] {
        var commands: [DocumentedCommand] = []
        var fence: Substring?
        var previous: Substring = ""
        var isMarked = false
        for (index, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                fence = fence == nil ? line.dropFirst(3) : nil
                isMarked = previous.hasPrefix("<!-- not run: ")
            } else if fence == "sh", !isMarked {
                commands += split(line, at: index + 1)
            } else if fence == "", !isMarked, line.hasPrefix("$ ") {
                commands += split(line.dropFirst(2), at: index + 1)
            } else if fence == nil, line.hasPrefix("    ") {
                let text = line.drop { $0 == " " }
                let command = text[..<(text.firstRange(of: "   ")?.lowerBound ?? text.endIndex)]
                commands += split(command, at: index + 1).filter { $0.words[0].hasPrefix("lastword") }
            }
            if !line.isEmpty { previous = line }
        }
        return commands
    }

    /// The parts of a pipe or a list, without redirections, variables, `sudo` and comments.
    private static func split(_ line: Substring, at number: Int) -> [DocumentedCommand] {
        let operators: Set<String> = ["|", "&&", "||", ";", "&"]
        let parts = shellWords(line).split { operators.contains($0) }
        return parts.compactMap { part in
            var words = Array(part.prefix { !$0.hasPrefix(">") && !$0.hasPrefix("2>") })
            while let first = words.first, first == "sudo" || first.contains(/^[A-Z_]+=/) { words.removeFirst() }
            if words.starts(with: ["kubectl", "lastword"]) { words.removeFirst() }
            guard let program = words.first else { return nil }
            words[0] = String(program.split(separator: "/").last ?? "")
            return DocumentedCommand(line: number, words: words)
        }
    }

    /// Quotes and backslashes undone, as far as pages use them; a comment ends the line.
    private static func shellWords(_ line: Substring) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in line {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == " " {
                if let word { words.append(word) }
                word = nil
            } else if character == "#", word == nil {
                return words
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return words
    }
}
