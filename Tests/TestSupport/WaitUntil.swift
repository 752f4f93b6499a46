// SPDX-License-Identifier: Apache-2.0
import SessionRecords

/// Waits until `condition` holds; asks every `interval`.
///
/// - Parameters:
///   - limit: how long at most; a state that is already there costs nothing, so limits may be generous.
///   - what: the state waited for, as the error names it: "the record is sealed".
/// - Throws: `rig.timeout` when the limit has passed; what `condition` throws; `CancellationError`.
package func waitUntil(
    limit: Duration = .seconds(30), every interval: Duration = .milliseconds(10), _ what: String,
    _ condition: () async throws -> Bool
) async throws {
    _ = try await waitFor(limit: limit, every: interval, what) { try await condition() ? true : nil }
}

/// Waits until `value` gives something and returns it; otherwise as `waitUntil`.
package func waitFor<Value>(
    limit: Duration = .seconds(30), every interval: Duration = .milliseconds(10), _ what: String,
    _ value: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while true {
        if let found = try await value() { return found }
        guard clock.now < deadline else {
            throw LastwordError(code: "rig.timeout", message: "waited \(limit) in vain until \(what)")
        }
        try await Task.sleep(for: interval)
    }
}
