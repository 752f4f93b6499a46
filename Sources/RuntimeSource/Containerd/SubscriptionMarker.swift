// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The value that proves a subscription live when it comes back: containerd sends no word of its own when a subscription
/// takes hold, and an event published before that is lost.
final class SubscriptionMarker: Sendable {
    /// Unlike any other agent's, and any earlier attempt's.
    let value: [UInt8]
    private let seen = Mutex(false)

    init() {
        var generator = SystemRandomNumberGenerator()
        value = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    func receive(_ value: [UInt8]) {
        if value == self.value { seen.withLock { $0 = true } }
    }

    var isSeen: Bool { seen.withLock { $0 } }
}
