// SPDX-License-Identifier: Apache-2.0

/// What came of sending something.
package enum DeliveryOutcome: Sendable, Hashable {
    /// A 2xx. `rejected` of its items the receiver will never take; it does not say which.
    case accepted(rejected: Int64, words: String)
    case refused(status: Int, retryAfter: Duration?, words: String)
    /// No answer, half of one, or one that is not of this protocol.
    case noAnswer(words: String)
    /// It was not sent: what is needed for it (a token, a certificate) cannot be read.
    case notSent(words: String)
}

/// Whose fault a failure is, and so what is to be done about it.
package enum DeliveryFault: Sendable, Hashable {
    /// Nothing moves until it is over. A lasting one needs a person: it is asked after more slowly.
    case endpoint(isLasting: Bool)
    /// Something in what was sent is not wanted: look for it.
    case entry

    package static func of(status: Int) -> DeliveryFault {
        switch status {
        case 400, 413, 422: .entry
        // OTLP says never to repeat a 500; evidence is worth a repetition.
        case 408, 425, 429, 500...599: .endpoint(isLasting: false)
        default: .endpoint(isLasting: true)
        }
    }
}
