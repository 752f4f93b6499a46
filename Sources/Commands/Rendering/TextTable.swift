// SPDX-License-Identifier: Apache-2.0

/// Columns of text in kubectl's manner: upper-case titles, three spaces between columns, the last one not padded.
///
/// It keeps its column widths, so that rows which come later (`--watch`) stand below the first ones.
package struct TextTable: Sendable {
    /// One value from outside, made safe when it is made.
    package struct Cell: Hashable, Sendable {
        package let text: String
        package let style: Palette.Style?

        /// Shows `-` for nil and for empty text.
        package init(_ value: String?, style: Palette.Style? = nil, columns: Int = TerminalText.cellColumns) {
            let safe = TerminalText.cell(value ?? "", columns: columns)
            text = safe.isEmpty ? "-" : safe
            self.style = style
        }
    }

    private let titles: [String]
    private let palette: Palette
    private var widths: [Int]

    package init(titles: [String], headers: Bool = true, palette: Palette = .plain) {
        self.titles = headers ? titles : []
        self.palette = palette
        widths = titles.map { headers ? DisplayWidth.of($0) : 0 }
    }

    /// The title line, or nothing without headers; call after `fit`.
    package var header: String {
        titles.isEmpty ? "" : line(titles.map { ($0, nil) })
    }

    /// Widens the columns for these rows; call before `render` for rows that are to stand together.
    package mutating func fit(_ rows: [[Cell]]) {
        for row in rows {
            for (column, cell) in row.enumerated() where column < widths.count {
                widths[column] = max(widths[column], DisplayWidth.of(cell.text))
            }
        }
    }

    /// One line for each row.
    package func render(_ rows: [[Cell]]) -> String {
        rows.map { line($0.map { ($0.text, $0.style) }) }.joined()
    }

    /// Header and rows at once.
    package mutating func whole(_ rows: [[Cell]]) -> String {
        fit(rows)
        return header + render(rows)
    }

    private func line(_ cells: [(String, Palette.Style?)]) -> String {
        var line = ""
        for (column, (text, style)) in cells.enumerated() {
            line += palette.paint(text, style)
            guard column < cells.count - 1, column < widths.count else { continue }
            line += String(repeating: " ", count: max(0, widths[column] - DisplayWidth.of(text)) + 3)
        }
        return line + "\n"
    }
}
