// SPDX-License-Identifier: Apache-2.0

/// The rows, as a table and as JSON lines.
struct Report {
    private(set) var rows: [Measurement] = []

    mutating func add(_ more: [Measurement]) {
        rows += more
        for row in more { print("    \(row.name): \(Self.value(row)) \(row.note)") }
    }

    var jsonLines: String { rows.map { $0.json + "\n" }.joined() }

    var table: String {
        let cells = rows.map { row in
            [
                row.name, Self.value(row), row.goal.map(\.description) ?? "",
                row.isMet.map { $0 ? "met" : "NOT MET" } ?? "", row.note,
            ]
        }
        let lines = [["ROW", "VALUE", "GOAL", "", "NOTE"]] + cells
        let widths = (0..<4).map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            var text = ""
            for (column, cell) in line.enumerated() {
                let padding = column < 4 ? String(repeating: " ", count: widths[column] - cell.count + 2) : ""
                // Numbers stand on the right.
                text += column == 1 ? padding.dropLast(2) + cell + "  " : cell + padding
            }
            while text.last == " " { text.removeLast() }
            return text
        }.joined(separator: "\n")
    }

    private static func value(_ row: Measurement) -> String {
        row.value.map { "\(Measurement.text($0)) \(row.unit)" } ?? "-"
    }
}
