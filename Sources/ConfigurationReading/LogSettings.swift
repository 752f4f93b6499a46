// SPDX-License-Identifier: Apache-2.0

/// What a program logs, and how.
package struct LogSettings: Sendable {
    package enum Level: String, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    package enum Format: String, Sendable, CaseIterable {
        case text, json
    }

    package var level: Level
    package var format: Format

    package init(level: Level, format: Format) {
        self.level = level
        self.format = format
    }
}
