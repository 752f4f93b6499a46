// SPDX-License-Identifier: Apache-2.0
import ServiceLifecycle

/// Runs something that ends by cancellation until the group shuts down. That it was cancelled is its regular end; its own
/// failures are in its log and in the health.
func runUntilStopped(_ body: @Sendable @escaping () async throws -> Void) async {
    do {
        try await cancelWhenGracefulShutdown { try await body() }
    } catch {
        return
    }
}
