// SPDX-License-Identifier: Apache-2.0
package import SessionRecords

/// Everything that is wrong with a configuration, found in one pass, so that nobody repairs it fault by fault.
///
/// A program that gets one ends with exit code 2.
package struct ConfigurationError: Error, CustomStringConvertible {
    /// Never empty, in the order of the sources: file, environment, flags, then what contradicts itself.
    package let faults: [LastwordError]

    package init(faults: [LastwordError]) {
        self.faults = faults
    }

    package var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}

/// Text of the configuration as it may stand in a message: without control characters, and short.
package enum Quoted {
    package static func text(_ value: String) -> String {
        var clipped = ""
        for scalar in value.unicodeScalars.prefix(80) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                clipped += "\\u{" + String(scalar.value, radix: 16) + "}"
            default:
                clipped.unicodeScalars.append(scalar)
            }
        }
        return "\"" + clipped + (value.unicodeScalars.count > 80 ? "…" : "") + "\""
    }
}
