// SPDX-License-Identifier: Apache-2.0
import TestSupport

/// A command in a block of a page that is not marked as one that nothing runs.
struct DocumentedCommand: Hashable {
    let line: Int
    /// The program's name without its folder, then its arguments as a shell would split them.
    let words: [String]

    static func all(in page: String) -> [DocumentedCommand] {
        PageBlock.all(in: page).filter { $0.notRun == nil }.flatMap(\.commands).flatMap {
            split($0.text, at: $0.number)
        }
    }

    /// The parts of a pipe or a list, without redirections, variables, `sudo`, `runuser` and comments.
    private static func split(_ line: String, at number: Int) -> [DocumentedCommand] {
        let operators: Set<String> = ["|", "&&", "||", ";", "&"]
        let parts = shellWords(line).split { operators.contains($0) }
        return parts.compactMap { part in
            var words = Array(part.prefix { !$0.hasPrefix(">") && !$0.hasPrefix("2>") })
            while let first = words.first, first == "sudo" || first.contains(/^[A-Z_]+=/) { words.removeFirst() }
            if words.first == "runuser", let end = words.firstIndex(of: "--") { words.removeFirst(end + 1) }
            if words.starts(with: ["kubectl", "lastword"]) { words.removeFirst() }
            guard let program = words.first else { return nil }
            words[0] = String(program.split(separator: "/").last ?? "")
            return DocumentedCommand(line: number, words: words)
        }
    }

    /// Quotes and backslashes undone, as far as pages use them; a comment ends the line.
    private static func shellWords(_ line: String) -> [String] {
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
