// SPDX-License-Identifier: Apache-2.0

/// Where a value came from, best first.
package enum ConfigurationSource: Hashable, Sendable, CustomStringConvertible {
    /// The flag's name with its dashes.
    case flag(String)
    /// The variable's name.
    case environment(String)
    case file(path: String, line: Int, column: Int)
    case builtIn

    package var description: String {
        switch self {
        case .flag(let name): "flag \(name)"
        case .environment(let name): "environment \(name)"
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .builtIn: "default"
        }
    }
}

/// A value as it was written, before a key's type has read it.
package struct ConfigurationValue: Sendable {
    package enum Content: Sendable {
        /// `quoted`: a YAML string in quotes, which is text and neither a number nor a truth value.
        case scalar(String, quoted: Bool)
        case list([String])
    }

    package var content: Content
    package var source: ConfigurationSource

    /// As it stands in a message.
    var found: String {
        switch content {
        case .scalar(let text, quoted: false): Quoted.text(text)
        case .scalar(let text, quoted: true): "the quoted text " + Quoted.text(text)
        case .list(let items): "a list of \(items.count)"
        }
    }
}

/// Why a type refuses a value.
package enum ConfigurationRefusal: Error {
    /// The value is not one of the type at all.
    case wrongType
    /// It is one, but too small, too large or too long; the text names the range.
    case outOfRange(String)
    /// It is one, but cannot be used; the text says why.
    case unusable(String)
}
