// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// How many columns text takes on a terminal: 0 for a combining mark, 2 for a wide East Asian character or an emoji, 1
/// for everything else. For text that went through `TerminalText`, so without control characters.
package enum DisplayWidth {
    package static func of(_ text: String) -> Int {
        // Nearly all names are ASCII.
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + of($1) }
    }

    static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        if scalar.isCombining { return 0 }
        return isWide(scalar) ? 2 : 1
    }

    /// Blocks that Unicode's EastAsianWidth.txt marks W or F throughout, roughly.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF,
            0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
