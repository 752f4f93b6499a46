// SPDX-License-Identifier: Apache-2.0

/// Colours, or none. Colour only repeats what the words already say.
package struct Palette: Hashable, Sendable {
    package enum Style: Int, Sendable {
        case good = 32
        case warning = 33
        case bad = 31
        case dim = 2
        case bold = 1
    }

    package var isOn: Bool

    package static let plain = Palette(isOn: false)

    package init(isOn: Bool) {
        self.isOn = isOn
    }

    /// The text in the style (SGR), or as it is.
    package func paint(_ text: String, _ style: Style?) -> String {
        guard isOn, let style, !text.isEmpty else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }
}
