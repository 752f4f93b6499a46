// SPDX-License-Identifier: Apache-2.0

/// What every target throws to a person: what was tried, on what, why it failed, and what to do about it.
///
/// A target wraps it with its own code; one formatter, `description`, prints the chain.
package struct LastwordError: Error, CustomStringConvertible {
    /// Stable, for tests and metrics: `store.locked`, `config.unknown-key`.
    package let code: String
    /// What was tried, on what. Without the cause.
    package let message: String
    /// What the operator can do; nil where there is nothing to do.
    package let remedy: String?
    package let cause: (any Error)?

    package init(code: String, message: String, remedy: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.cause = cause
    }

    /// `message: cause: its cause`, and the remedy (the outermost one) on a line of its own.
    package var description: String {
        var text = message
        var remedy = self.remedy
        var next = cause
        while let error = next {
            if let inner = error as? LastwordError {
                text += ": " + inner.message
                remedy = remedy ?? inner.remedy
                next = inner.cause
            } else {
                text += ": \(error)"
                next = nil
            }
        }
        return remedy.map { text + "\n  remedy: " + $0 } ?? text
    }
}
