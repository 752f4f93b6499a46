// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Makes text from outside safe to show: what could move the cursor, change colours, reorder or hide characters, or
/// pretend to be another column is written out as an escape (`\x1b`, `\u{202e}`).
///
/// The escapes are for eyes: a backslash stays a backslash, so they cannot be turned back. Exact values are in
/// `-o json`, exact output bytes in `logs --raw`.
package enum TerminalText {
    /// Where the text is going to stand; decides how much is allowed.
    package enum Place: Sendable {
        /// One cell of a table: a single line in which no text of another direction may move its neighbours.
        case cell
        /// A value on a line of its own.
        case line
        /// Several lines: line feeds and tabs stay.
        case block
    }

    /// Wider cells end in `…`: one long name must not push a table off the screen.
    package static let cellColumns = 120
    /// More combining marks in a row than this paint over the lines above and below.
    private static let combiningMarks = 4

    package static func cell(_ text: String, columns: Int = cellColumns) -> String {
        // Nearly all cells are short words of ASCII.
        let bytes = text.utf8
        if bytes.count <= columns, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { return text }
        return clip(pieces(text, .cell), columns: columns)
    }

    package static func line(_ text: String) -> String {
        pieces(text, .line).joined()
    }

    package static func block(_ text: String) -> String {
        pieces(text, .block).joined()
    }

    /// A container's output: UTF-8 as far as it is valid, every other byte as `\xNN`; line feeds and tabs stay, a
    /// carriage return before a line feed goes, any other one becomes `\r`.
    package static func output(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var decoder = LenientUTF8(bytes)
        var marks = 0
        while let unit = decoder.next() {
            switch unit {
            case .scalar(let scalar) where scalar.value < 0x7F && scalar.value >= 0x20:
                result.append(UInt8(truncatingIfNeeded: scalar.value))
                marks = 0
            case .scalar(let scalar):
                if scalar == "\r", decoder.peek == 0x0A { continue }
                marks = scalar.isCombining ? marks + 1 : 0
                if let escape = escape(scalar, .block, marks: marks) {
                    result.append(contentsOf: escape.utf8)
                } else {
                    result.append(contentsOf: Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
                }
            case .invalid(let byte):
                result.append(contentsOf: hexByte(byte).utf8)
                marks = 0
            }
        }
        return result
    }

    /// Whether the scalar may stand in JSON or YAML that a terminal may show; those write it as `\u` otherwise.
    static func isSafeInData(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x7F || escape(scalar, .block, marks: 0) == nil
    }

    // MARK: Escaping

    private static func pieces(_ text: String, _ place: Place) -> [String] {
        var pieces: [String] = []
        var marks = 0
        let scalars = text.unicodeScalars
        var index = scalars.startIndex
        while index < scalars.endIndex {
            let scalar = scalars[index]
            let next = scalars.index(after: index)
            marks = scalar.isCombining ? marks + 1 : 0
            if scalar == " ", place == .cell {
                // Two spaces in a row look like the gap between columns, and a space at an end is invisible.
                let edge = index == scalars.startIndex || next == scalars.endIndex
                pieces.append(edge || pieces.last == " " || pieces.last == "\\x20" ? "\\x20" : " ")
            } else {
                pieces.append(escape(scalar, place, marks: marks) ?? String(scalar))
            }
            index = next
        }
        return pieces
    }

    /// Never cuts inside an escape.
    private static func clip(_ pieces: [String], columns: Int) -> String {
        var text = ""
        var width = 0
        var fitting = ""
        for piece in pieces {
            width += DisplayWidth.of(piece)
            if width > columns { return fitting + "…" }
            text += piece
            if width < columns { fitting = text }
        }
        return text
    }

    /// Nil if the scalar can stand as it is. `marks`: how many combining marks there are in a row, with this one.
    private static func escape(_ scalar: Unicode.Scalar, _ place: Place, marks: Int) -> String? {
        switch scalar.value {
        case 0x0A: return place == .block ? nil : "\\n"
        case 0x09: return place == .block ? nil : "\\t"
        case 0x0D: return "\\r"
        case 0..<0x20, 0x7F: return hexByte(UInt8(truncatingIfNeeded: scalar.value))
        case 0x20..<0x7F: return nil
        case 0xFE0E, 0xFE0F:
            // Chooses between the text and the emoji form of the character before it.
            return place == .cell ? named(scalar) : nil
        default: break
        }
        if scalar.isUnseen { return named(scalar) }
        if scalar.properties.generalCategory == .spaceSeparator { return place == .cell ? named(scalar) : nil }
        if marks > combiningMarks { return named(scalar) }
        if place == .cell, isRightToLeft(scalar) { return named(scalar) }
        return nil
    }

    private static func named(_ scalar: Unicode.Scalar) -> String {
        "\\u{" + String(scalar.value, radix: 16) + "}"
    }

    private static func hexByte(_ byte: UInt8) -> String {
        "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// The blocks of right-to-left scripts: inside a row their letters would swap neighbouring cells.
    private static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0590...0x08FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFF, 0x10800...0x10FFF, 0x1E800...0x1EFFF: true
        default: false
        }
    }
}
