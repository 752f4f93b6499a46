// SPDX-License-Identifier: Apache-2.0

/// What a person typed into a search, as an FTS5 expression that can be nothing but words.
struct SearchWords: Sendable, Hashable {
    static let maxWords = 32
    static let maxBytes = 1024

    /// Every word quoted: all must occur. Never FTS5's own syntax.
    let expression: String

    /// Nil if there is nothing to look for in the text. What is beyond `maxWords` and `maxBytes` is left out.
    init?(_ text: String) {
        var words: [String] = []
        var size = 0
        for word in text.split(whereSeparator: { $0.isWhitespace }) {
            // SQLite would end the expression at a NUL, inside the quotes; other control characters part words anyway.
            var clean = ""
            for scalar in word.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7F {
                if scalar == "\"" { clean += "\"\"" } else { clean.unicodeScalars.append(scalar) }
            }
            guard
                clean.unicodeScalars.contains(where: { $0.properties.isAlphabetic || $0.properties.numericType != nil })
            else { continue }
            size += clean.utf8.count
            guard words.count < Self.maxWords, size <= Self.maxBytes else { break }
            words.append("\"" + clean + "\"")
        }
        guard !words.isEmpty else { return nil }
        expression = words.joined(separator: " ")
    }
}
