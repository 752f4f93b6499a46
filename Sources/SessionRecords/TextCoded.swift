// SPDX-License-Identifier: Apache-2.0

/// A value that is stored and sent as its text, and read back only where the text is a valid one.
protocol TextCoded: Codable, CustomStringConvertible {
    /// What the text is meant to be, for the error.
    static var meaning: String { get }

    init?(_ text: String)
}

extension TextCoded {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a \(Self.meaning)")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
