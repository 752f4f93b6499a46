// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt: exponential with full jitter, so that senders who lost the same receiver do not
/// come back together.
package struct RetrySchedule: Sendable, Hashable {
    package var base: Duration
    package var cap: Duration
    /// Of faults that a person has to end.
    package var lastingBase: Duration
    package var lastingCap: Duration
    /// The longest `Retry-After` that is honoured.
    package var retryAfterCap: Duration
    /// Keeps a lucky draw from spinning.
    package var floor: Duration

    package init(
        base: Duration = .milliseconds(500), cap: Duration = .seconds(60), lastingBase: Duration = .seconds(5),
        lastingCap: Duration = .seconds(300), retryAfterCap: Duration = .seconds(3600),
        floor: Duration = .milliseconds(50)
    ) {
        self.base = base
        self.cap = cap
        self.lastingBase = lastingBase
        self.lastingCap = lastingCap
        self.retryAfterCap = retryAfterCap
        self.floor = floor
    }

    /// - Parameters:
    ///   - failures: in a row, this one included.
    ///   - retryAfter: what the receiver asked for: never earlier, and a little later at random.
    package func delay(
        failures: Int, isLasting: Bool = false, retryAfter: Duration? = nil,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        let (base, cap) = isLasting ? (lastingBase, lastingCap) : (base, cap)
        let ceiling = min(cap, base * (1 << min(max(failures - 1, 0), 16)))
        let drawn = max(floor, Self.random(upTo: ceiling, using: &random))
        guard let retryAfter, retryAfter > .zero else { return drawn }
        return min(retryAfter, retryAfterCap) + min(drawn, base)
    }

    private static func random(upTo ceiling: Duration, using random: inout some RandomNumberGenerator) -> Duration {
        let (seconds, attoseconds) = ceiling.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let nanoseconds = overflow ? Int64.max : max(0, whole &+ attoseconds / 1_000_000_000)
        return .nanoseconds(Int64.random(in: 0...nanoseconds, using: &random))
    }

    /// The value of a `Retry-After` header: seconds, or a date as `secondsUntil` reads it. Nil for anything else.
    package static func retryAfter(_ header: String?, secondsUntil: (String) -> Int64?) -> Duration? {
        guard let header else { return nil }
        let text = header.drop { $0 == " " }
        if let seconds = Int64(text), seconds >= 0 { return .seconds(min(seconds, 1_000_000)) }
        return secondsUntil(header).map { .seconds(min(max(0, $0), 1_000_000)) }
    }
}
