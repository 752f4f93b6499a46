// SPDX-License-Identifier: Apache-2.0

/// Titled sections of `key: value` lines with all values in one column, as `show` and `status` print them.
struct SectionText {
    private struct Section {
        var title: String
        var lines: [Line]
    }

    private enum Line {
        case pair(key: String, value: String, style: Palette.Style?)
        /// Already laid out and made safe.
        case text(String)
    }

    private var sections: [Section] = []

    /// Begins a section; one that stays empty is not printed.
    mutating func section(_ title: String) {
        sections.append(Section(title: title, lines: []))
    }

    /// A line, unless there is no value: what is unknown is left out.
    mutating func add(_ key: String, _ value: String?, style: Palette.Style? = nil) {
        guard let value, !value.isEmpty, !sections.isEmpty else { return }
        let safe = TerminalText.line(value)
        sections[sections.count - 1].lines.append(.pair(key: key, value: safe, style: style))
    }

    /// Several values, each on a line, the key only on the first.
    mutating func add(_ key: String, _ values: [String]) {
        for (index, value) in values.enumerated() {
            add(index == 0 ? key : "", value)
        }
    }

    /// A table below the section's lines.
    mutating func add(table: String) {
        guard !sections.isEmpty else { return }
        for line in table.split(separator: "\n") {
            sections[sections.count - 1].lines.append(.text(String(line)))
        }
    }

    func render(palette: Palette) -> String {
        let filled = sections.filter { !$0.lines.isEmpty }
        var width = 0
        for case .pair(let key, _, _) in filled.flatMap(\.lines) { width = max(width, key.count) }
        return filled.map { section in
            palette.paint(section.title, .bold) + "\n"
                + section.lines.map { line in
                    switch line {
                    case .text(let text): return "  \(text)\n"
                    case .pair(let key, let value, let style):
                        let label = key.isEmpty ? "" : key + ":"
                        let gap = String(repeating: " ", count: width + 3 - label.count)
                        return "  " + label + gap + palette.paint(value, style) + "\n"
                    }
                }.joined()
        }.joined(separator: "\n")
    }
}
