// SPDX-License-Identifier: Apache-2.0

/// Exponential backoff with full jitter: agents that lost the same server do not come back together.
struct Backoff: Sendable {
    private let base: Duration
    private let cap: Duration
    /// Failures in a row.
    private(set) var failures = 0

    init(base: Duration, cap: Duration) {
        self.base = base
        self.cap = cap
    }

    mutating func succeeded() {
        failures = 0
    }

    /// Counts a failure; the time to wait after it: at random up to base × 2ⁿ, at most the cap. The floor of 20 ms keeps
    /// a lucky draw from spinning.
    mutating func failed() -> Duration {
        let ceiling = min(cap, base * (1 << min(failures, 16)))
        failures = min(failures + 1, 1_000_000)
        let (seconds, attoseconds) = ceiling.components
        let nanoseconds = max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        return max(.milliseconds(20), .nanoseconds(Int64.random(in: 0...nanoseconds)))
    }
}
