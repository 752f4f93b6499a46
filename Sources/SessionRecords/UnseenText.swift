// SPDX-License-Identifier: Apache-2.0

/// What text from outside may hold that no eye sees; whoever shows it writes it out in his own way.
extension Unicode.Scalar {
    /// Whether it shows nothing by itself: controls, marks that turn the direction of text, separators of lines, what has no
    /// meaning of its own, and fillers, which are letters by category.
    package var isUnseen: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return true
        default: return properties.isDefaultIgnorableCodePoint || value == 0x2800
        }
    }

    /// Whether it is painted onto the character before it.
    package var isCombining: Bool {
        guard value >= 0x300 else { return false }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return true
        default: return false
        }
    }
}
