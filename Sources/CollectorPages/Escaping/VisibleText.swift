// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Shows what is not to be seen: control characters by their names, marks that turn the direction of text, and bytes that
/// are no text, so that nothing on a page moves, hides or swaps what stands beside it. Escaping for HTML comes after it.
enum VisibleText {
    /// A stretch of text, or of marks that stand for something else.
    struct Segment: Hashable {
        enum Kind: Hashable {
            case text
            /// What a terminal would do: colours, cursor movements, written out.
            case sequence
            /// A character or byte that cannot be shown as it is.
            case mark
        }

        var kind: Kind
        var text: String
    }

    /// More combining marks in a row than this paint over the lines above and below.
    private static let combiningMarks = 4

    /// A name or value in one line.
    static func line(_ text: String) -> String {
        let bytes = text.utf8
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        return segments(bytes).map(\.text).joined()
    }

    /// One line of output, without its line feed.
    static func segments(_ bytes: some Collection<UInt8>) -> [Segment] {
        var builder = Builder()
        var decoder = LenientUTF8(bytes)
        var marks = 0
        var sequence = ControlSequence()
        while let unit = decoder.next() {
            switch unit {
            case .invalid(let byte):
                sequence.end()
                builder.add(hex(byte), .mark)
            case .scalar(let scalar):
                if sequence.takes(scalar) {
                    builder.add(scalar.value == 0x1B ? named(scalar) : String(scalar), .sequence)
                    continue
                }
                marks = scalar.isCombining ? marks + 1 : 0
                if let shown = substitute(scalar, marks: marks) {
                    builder.add(shown, .mark)
                } else {
                    builder.add(scalar)
                }
            }
        }
        return builder.segments
    }

    /// Nil where the scalar may stand as it is.
    private static func substitute(_ scalar: Unicode.Scalar, marks: Int) -> String? {
        switch scalar.value {
        case 0x09: return "\t"
        case 0..<0x20, 0x7F: return named(scalar)
        case 0x20..<0x7F: return nil
        case 0xFE0E, 0xFE0F: return nil
        default: return scalar.isUnseen || marks > combiningMarks ? named(scalar) : nil
        }
    }

    /// Not the pictures of Unicode's block for them, which few fonts have: `⟨ESC⟩`, `⟨RLO⟩` for those that people know by a name, otherwise `⟨U+2060⟩`.
    private static func named(_ scalar: Unicode.Scalar) -> String {
        "⟨" + (names[scalar.value] ?? "U+" + String(scalar.value, radix: 16, uppercase: true)) + "⟩"
    }

    private static let names: [UInt32: String] = [
        0x00: "NUL", 0x01: "SOH", 0x02: "STX", 0x03: "ETX", 0x04: "EOT", 0x05: "ENQ", 0x06: "ACK", 0x07: "BEL",
        0x08: "BS",
        0x0A: "LF", 0x0B: "VT", 0x0C: "FF", 0x0D: "CR", 0x0E: "SO", 0x0F: "SI", 0x10: "DLE", 0x11: "DC1", 0x12: "DC2",
        0x13: "DC3", 0x14: "DC4", 0x15: "NAK", 0x16: "SYN", 0x17: "ETB", 0x18: "CAN", 0x19: "EM", 0x1A: "SUB",
        0x1B: "ESC",
        0x1C: "FS", 0x1D: "GS", 0x1E: "RS", 0x1F: "US", 0x7F: "DEL",
        0x061C: "ALM", 0x200B: "ZWSP", 0x200C: "ZWNJ", 0x200D: "ZWJ", 0x200E: "LRM", 0x200F: "RLM", 0x202A: "LRE",
        0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO", 0x202E: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI",
        0x2069: "PDI", 0x2028: "LSEP", 0x2029: "PSEP", 0xFEFF: "BOM",
    ]

    private static func hex(_ byte: UInt8) -> String {
        "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
}

extension VisibleText {
    /// Joins what is of one kind.
    private struct Builder {
        var segments: [Segment] = []

        mutating func add(_ text: String, _ kind: Segment.Kind) {
            // A tab is text that only looks like a mark to whoever substitutes.
            let kind = text == "\t" ? .text : kind
            if let last = segments.indices.last, segments[last].kind == kind {
                segments[last].text += text
            } else {
                segments.append(Segment(kind: kind, text: text))
            }
        }

        mutating func add(_ scalar: Unicode.Scalar) {
            if let last = segments.indices.last, segments[last].kind == .text {
                segments[last].text.unicodeScalars.append(scalar)
            } else {
                segments.append(Segment(kind: .text, text: String(scalar)))
            }
        }
    }

    /// Follows ECMA-48's control sequences (`ESC [ 31 m`), of printable ASCII only and at most 32 scalars, so that they can be
    /// told from the text between them.
    private struct ControlSequence {
        private enum State {
            case outside
            case escape
            case parameters(Int)
        }

        private var state = State.outside

        mutating func end() { state = .outside }

        /// Whether the scalar belongs to a sequence.
        mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
            if scalar.value == 0x1B {
                state = .escape
                return true
            }
            switch state {
            case .outside:
                return false
            case .escape:
                state = scalar == "[" ? .parameters(0) : .outside
                return scalar == "["
            case .parameters(let count):
                guard count < 32, (0x20...0x7E).contains(scalar.value) else {
                    state = .outside
                    return false
                }
                // Parameters and intermediates go up to 0x3F; what is above ends the sequence.
                state = scalar.value >= 0x40 ? .outside : .parameters(count + 1)
                return true
            }
        }
    }
}
