// SPDX-License-Identifier: Apache-2.0

/// How much is sent at once.
package struct BatchLimits: Sendable, Hashable {
    package var entries: Int
    package var bytes: Int

    /// At least one of each.
    package init(entries: Int = 512, bytes: Int = 1 << 20) {
        self.entries = max(1, entries)
        self.bytes = max(1, bytes)
    }

    /// Whether one more of `size` bytes goes with what is there. The first always goes: nobody else would take it.
    package func admits(_ size: Int, beside count: Int, of bytes: Int) -> Bool {
        guard count > 0 else { return true }
        let (sum, overflow) = bytes.addingReportingOverflow(size)
        return count < entries && !overflow && sum <= self.bytes
    }

    /// After a receiver found `sent` bytes too many.
    package mutating func shrink(below sent: Int) {
        bytes = max(64 << 10, min(bytes, sent) / 2)
    }
}
